#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The offline commands with policies, as a platform team's CI uses them. SLUICE_BIN_DIR says where `sluice` lies."""
import json
import pathlib
import tempfile
import unittest

from commands_test import SAMPLES, manifest, sluice

POLICY = """apiVersion: sluice.dev/v1beta1
kind: FlinkPolicy
metadata: {name: production}
spec:
  match: {namespaceSelector: {matchLabels: {tier: prod}}}
  images: {allowed: ["registry.example.com/flink/**"], defaultTag: "{flinkVersion}"}
  iamRoles: {required: true, default: "arn:aws:iam::123456789012:role/{namespace}/{name}", unique: true}
  parallelism: {max: 8, namespaceTotal: 10, enforcement: Warn}
  flinkConfiguration: {defaults: {execution.checkpointing.interval: 1min}, required: {execution.checkpointing.interval: 60s}}
  job: {requiredLabels: [team], enforcement: Audit}
"""
GOOD = 'image: registry.example.com/flink/a\nflinkVersion: "1.20"\nparallelism: 2'


def namespace(name, **labels):
    return json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}) + "\n"


class Policies(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.policy = self.folder / "policy.yaml"
        self.policy.write_text(POLICY)

    def check(self, *args, stdin, code):
        return sluice("check", f"--policy={self.policy}", *args, "-", stdin=stdin, check=code)

    def rules(self, *args, stdin, code):
        report = json.loads(self.check("--output=json", *args, stdin=stdin, code=code).stdout)
        return [[(f["severity"], f["rule"]) for f in o["findings"]] for o in report["objects"]]

    def test_what_policies_fill_in_counts_before_what_they_demand(self):
        found = self.rules("--namespace-labels=default:tier=prod", stdin=manifest(spec=GOOD), code=0)
        self.assertEqual(found, [[("note", "job.requiredLabels")]])

    def test_each_enforcement_has_a_word_of_its_own(self):
        done = self.check("--namespace-labels=default:tier=prod", stdin=manifest(spec="image: evil/a:1.20.1\nparallelism: 9"), code=1)
        self.assertRegex(done.stdout, r"-:5: error: spec.image: .* \(policy production, images.allowed\)")
        self.assertRegex(done.stdout, r"-:6: warning: spec.parallelism: .* \(policy production, parallelism.max\)")
        self.assertRegex(done.stdout, r"note: metadata.labels\[team\]: ")
        self.assertIn("1 object checked, 1 with faults: 1 error, 1 warning, 1 note", done.stdout)

    def test_each_policy_among_the_samples_says_what_becomes_of_each_good_sample(self):
        for policy in sorted((SAMPLES / "policies").glob("*.yaml")):
            cases = (policy.parent / "tests" / policy.name).read_text()
            for sample in sorted((SAMPLES / "good").glob("*.yaml")):
                self.assertIn(f"object: ../../good/{sample.name}\n", cases, policy.name)

    def test_a_policy_is_not_for_other_namespaces(self):
        for labels in ("default:", "default:tier=dev", "default:tier=dev,default:team=x,other:tier=prod"):
            self.assertEqual(self.rules(f"--namespace-labels={labels}", stdin=manifest(spec="image: evil/a:1.20.1"), code=0), [[]])

    def test_labels_that_are_needed_and_not_known_are_asked_for(self):
        done = self.check(stdin=manifest(), code=2)
        self.assertIn("--namespace-labels default:KEY=VALUE", done.stderr)
        self.check(stdin=namespace("default") + "---\n" + manifest(), code=0)
        done = self.check("--namespace=elsewhere", stdin=namespace("default") + "---\n" + manifest(), code=2)
        self.assertIn('namespace "elsewhere"', done.stderr)

    def test_objects_are_judged_as_if_created_one_after_the_other(self):
        text = namespace("default", tier="prod") + "".join("---\n" + manifest(name, spec) for name, spec in (
            ("a", GOOD), ("b", GOOD + "\niamRole: arn:aws:iam::123456789012:role/default/a"),
            ("c", GOOD + "\niamRole: arn:aws:iam::123456789012:role/default/b"), ("a", GOOD)))
        found = self.rules(stdin=text, code=1)
        self.assertEqual([("error", "iamRoles.unique") in o for o in found], [False, True, False, False])

    def test_faults_of_sluice_and_of_policies_come_together(self):
        found = self.rules("--namespace-labels=default:tier=prod", stdin=manifest(spec="image: Bad Image\nparallelism: nine"), code=1)
        self.assertEqual({rule for severity, rule in found[0] if severity == "error"}, {"image_reference", "schema.type"})

    def test_github_annotations_are_escaped(self):
        done = self.check("--namespace-labels=default:tier=prod", "--output=github",
                          stdin=manifest(spec='image: "evil/a%0A::error::x:1.20.1"'), code=1)
        line = next(line for line in done.stdout.splitlines() if line.startswith("::error"))
        self.assertTrue(line.startswith("::error file=-,line=5,title=image_reference::spec.image: "), line)
        self.assertIn("%250A", line)

    def test_sarif_holds_rules_and_places(self):
        file = self.folder / "with space,and#.yaml"
        file.write_text(manifest(spec="image: evil/a:1.20.1"))
        done = sluice("check", f"--policy={self.policy}", "--namespace-labels=default:tier=prod", "--output=sarif", file, check=1)
        report = json.loads(done.stdout)
        run = report["runs"][0]
        self.assertEqual(report["version"], "2.1.0")
        known = {r["id"] for r in run["tool"]["driver"]["rules"]}
        self.assertEqual(len(known), len(run["tool"]["driver"]["rules"]))
        result = next(r for r in run["results"] if r["ruleId"] == "images.allowed")
        self.assertIn("images.allowed", known)
        self.assertEqual(result["level"], "error")
        place = result["locations"][0]["physicalLocation"]
        self.assertTrue(place["artifactLocation"]["uri"].endswith("/with%20space%2Cand%23.yaml"))
        self.assertEqual(place["region"]["startLine"], 5)

    def test_sarif_knows_the_rules_of_policies_themselves(self):
        done = sluice("check", "--output=sarif", "-", stdin=POLICY.replace("max: 8", "min: 9, max: 8"), check=1)
        run = json.loads(done.stdout)["runs"][0]
        self.assertEqual([r["ruleId"] for r in run["results"]], ["policy.bounds"])
        self.assertIn("policy.bounds", {r["id"] for r in run["tool"]["driver"]["rules"]})

    def test_a_policy_that_contradicts_those_of_the_files_is_warned_of(self):
        other = POLICY.replace("production", "other").replace("parallelism: {max: 8,", "parallelism: {min: 9,").replace("Total: 10", "Total: 99")
        done = self.check(stdin=other, code=0)
        self.assertRegex(done.stdout, r"-:\d+: warning: spec.parallelism.min: policy production wants at most 8, other at least this")
        self.assertNotIn("warning: ", self.check(stdin=POLICY, code=0).stdout)

    def test_a_default_that_can_not_be_filled_in_is_explained(self):
        spec = manifest(spec='image: a\nflinkVersion: "1.20"').replace("{name: a}", "{generateName: a-}")
        done = self.check("--namespace-labels=default:tier=prod", stdin=spec, code=1)
        for rule in ("iamRoles.default", "images.default", "storage.defaultRoot"):
            self.assertIn(rule, sluice("explain", rule).stdout)
        self.assertIn("(policy production, iamRoles.default)", done.stdout)

    def test_a_bad_policy_or_label_is_told_and_nothing_is_judged(self):
        for text, what in (("", "has no FlinkPolicy"), (manifest(), "something else than a FlinkPolicy"),
                           (POLICY.replace("1min", "[").replace("tier: prod", "tier: ["), "policy.yaml"),
                           (POLICY.replace("registry.example.com/flink/**", "a.io/[x"), "policy.yaml")):
            self.policy.write_text(text)
            done = self.check("--namespace-labels=default:", stdin=manifest(), code=2)
            self.assertRegex(done.stderr, what)
            self.assertEqual(done.stdout, "")
        self.policy.write_text(POLICY)
        for label in ("x", ":a=b", "x:a", "x:=b"):
            done = self.check(f"--namespace-labels={label}", stdin=manifest(), code=2)
            self.assertIn("NS:KEY=VALUE", done.stderr)
        self.assertIn("nowhere", sluice("check", "--policy=/nowhere", "-", stdin=manifest(), check=2).stderr)


SUITE = """apiVersion: sluice.dev/v1beta1
kind: FlinkPolicyTest
metadata: {name: production}
policies: [../policy.yaml]
namespaces: {pay: {tier: prod}, dev: {}}
stored: [first.yaml]
cases:
- name: another registry is refused
  namespace: pay
  object: {apiVersion: sluice.dev/v1beta1, kind: FlinkCluster, metadata: {name: x}, spec: {image: evil/a:1.20.1}}
  expect: Denied
  rules: [images.allowed]
  audits: [job.requiredLabels]
- name: elsewhere all is allowed
  namespace: dev
  object: {apiVersion: sluice.dev/v1beta1, kind: FlinkCluster, metadata: {name: x}, spec: {image: evil/a:1.20.1}}
  expect: Allowed
- name: a role that is taken is refused
  namespace: pay
  object: taken.yaml
  expect: Denied
  rules: [iamRoles.unique]
- name: what is stored is not held up
  object: first.yaml
  old: first.yaml
  expect: Allowed
  warns: [images.allowed]
"""


class Tests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tests = pathlib.Path(folder.name) / "tests"
        self.tests.mkdir()
        (self.tests / "../policy.yaml").write_text(POLICY)
        role = "iamRole: arn:aws:iam::123456789012:role/pay/first\nflinkConfiguration: {execution.checkpointing.interval: 60s}\n"
        first = manifest("first", f'image: evil/a:1.20.1\nflinkVersion: "1.20"\nparallelism: 1\ntaskManager: {{replicas: 1}}\n{role}')
        (self.tests / "first.yaml").write_text(first.replace("{name: first}", "{name: first, namespace: pay}"))
        (self.tests / "taken.yaml").write_text(manifest("taken", f"{GOOD}\n{role}"))

    def run_suite(self, text, code):
        (self.tests / "suite.yaml").write_text(text)
        return sluice("test", self.tests, check=code)

    def test_cases_that_are_as_expected_pass(self):
        done = self.run_suite(SUITE, 0)
        self.assertIn("suite.yaml:8: another registry is refused", done.stdout)
        self.assertIn("4 cases, 0 failed", done.stdout)

    def test_what_is_not_as_expected_fails_and_is_shown(self):
        for old, new, said in (("expect: Allowed\n- name: a role", "expect: Denied\n  rules: [x]\n- name: a role", "but it is allowed"),
                               ("expect: Denied\n  rules: [iamRoles.unique]", "expect: Allowed", "but it is denied"),
                               ("[images.allowed]\n  audits", "[images.allowed, iamRoles.unique]\n  audits", "which doesn't speak"),
                               ("audits: [job.requiredLabels]", "audits: []", "lacks job.requiredLabels, which speaks"),
                               ("warns: [images.allowed]", "warns: [images.digest.required]", "lacks images.allowed")):
            with self.subTest(new=new):
                self.assertIn(old, SUITE)
                done = self.run_suite(SUITE.replace(old, new), 1)
                self.assertIn(said, done.stdout)
                self.assertIn("4 cases, 1 failed", done.stdout)

    def test_a_test_that_can_not_be_meant_is_told(self):
        for old, new, said in (("expect: Allowed", "expekt: Allowed", 'no member "expekt"'), ("stored:", "storde:", '"storde"'),
                               ("object: taken.yaml", "object: nowhere.yaml", "nowhere.yaml"),
                               ("object: taken.yaml", "object: suite.yaml", "has no FlinkCluster"),
                               ("object: taken.yaml", "object: 5", "name of its file"), ("expect: Denied", "expect: denied", "Allowed or Denied"),
                               ("  rules: [iamRoles.unique]\n", "", "says by which rules"), ("[../policy.yaml]", "[]", "policies"),
                               ("[../policy.yaml]", "[first.yaml]", "something else than a FlinkPolicy"),
                               (", dev: {}", "", 'labels of namespace "dev"'), ("rules: [iamRoles.unique]", "rules: x", "must be a list")):
            with self.subTest(new=new):
                self.assertIn(old, SUITE)
                self.assertIn(said, self.run_suite(SUITE.replace(old, new), 2).stderr)
        self.assertIn("no FlinkPolicyTest", sluice("test", self.tests / "../policy.yaml", check=2).stderr)
        self.assertIn("name the folder", sluice("test", check=2).stderr)


if __name__ == "__main__":
    unittest.main()
