#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The program `sluice`, as somebody at a terminal or a CI job uses it. SLUICE_BIN_DIR says where it lies."""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SLUICE = pathlib.Path(os.environ.get("SLUICE_BIN_DIR", ROOT / "build/bin")) / "sluice"
SAMPLES = ROOT / "manifests/samples"


def sluice(*args, stdin="", check=None):
    text = isinstance(stdin, str)
    done = subprocess.run([SLUICE, *args], input=stdin if not text else stdin.encode(), capture_output=True, timeout=60)
    done.stdout, done.stderr = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    if check is not None and done.returncode != check:
        raise AssertionError(f"sluice {args}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def manifest(name="a", spec="image: flink:1.20.1"):
    lines = "".join(f"  {line}\n" for line in spec.splitlines())
    return f"apiVersion: sluice.dev/v1beta1\nkind: FlinkCluster\nmetadata: {{name: {name}}}\nspec:\n{lines}"


def findings(text, code):
    """[(line, field)] of every finding of a stream on stdin."""
    report = json.loads(sluice("check", "--output", "json", "-", stdin=text, check=code).stdout)
    return [(f["line"], f["field"]) for o in report["objects"] for f in o["findings"]]


class Check(unittest.TestCase):
    def in_folder(self, files):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for name, content in files.items():
            path = pathlib.Path(folder.name) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder.name

    def test_exit_status_tells_no_faults_faults_and_unreadable_apart(self):
        sluice("check", SAMPLES / "good", check=0)
        sluice("check", SAMPLES / "bad", check=1)
        sluice("check", SAMPLES / "good", "/nowhere", check=2)
        sluice("check", SAMPLES / "bad", "/nowhere", check=2)

    def test_warnings_are_no_faults(self):
        done = sluice("check", "-", stdin=manifest(spec='{image: flink:1.20.1, flinkVersion: v1_20}'), check=0)
        self.assertIn("warning: spec.flinkVersion", done.stdout)

    def test_policies_are_judged_by_what_a_policy_must_be(self):
        for sample in sorted((SAMPLES / "policies").glob("*.yaml")):
            done = sluice("check", sample, check=0)
            self.assertIn("1 object checked, 0 with faults: 0 errors, 0 warnings", done.stdout)
        bad = """apiVersion: sluice.dev/v1beta1
kind: FlinkPolicy
metadata: {name: Production}
spec:
  imges: {}
  enforcement: deny
  images:
    allowed: ["a.io/[x"]
  parallelism: {default: 9, max: 4}
  exempt:
  - {namespace: a, name: b, reason: r, rules: [images.tag], until: "2020-01-01T00:00:00Z"}
"""
        done = sluice("check", "-", stdin=bad, check=1)
        for line, what in ((3, "error: metadata.name"), (5, "error: spec.imges"), (6, "error: spec.enforcement"),
                           (8, r"error: spec.images.allowed\[0\]"), (9, "error: spec.parallelism.default"),
                           (11, r"warning: spec.exempt\[0\].until"), (11, r"warning: spec.exempt\[0\].rules\[0\]")):
            self.assertRegex(done.stdout, rf"(?m)^-:{line}: {what}: ")
        self.assertIn("5 errors, 2 warnings", done.stdout)

    def test_five_faults_are_named_with_their_lines(self):
        done = sluice("check", SAMPLES / "bad/five-faults.yaml", check=1)
        lines = (SAMPLES / "bad/five-faults.yaml").read_text().splitlines()
        found = re.findall(r"five-faults\.yaml:(\d+): error: (\S+):", done.stdout)
        self.assertEqual(len(found), 5, done.stdout)
        for number, field in found:
            self.assertIn(re.split(r"[.\[]", field.rstrip("]"))[-1], lines[int(number) - 1])
        self.assertIn("1 object checked, 1 with faults: 5 errors", done.stdout)

    def test_every_document_list_and_folder_is_looked_through(self):
        bad = manifest("bad", "image: Bad Image")
        listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}},
            {"apiVersion": "sluice.dev/v1beta1", "kind": "FlinkCluster", "metadata": {"name": "l"}, "spec": {"image": "B B"}}]})
        folder = self.in_folder({"a.yaml": manifest() + "---\n" + bad + "---\n# nothing\n---\nkind: Service\napiVersion: v1\n",
                                 "deep/er/b.yml": bad, "c.json": listed, "notes.txt": bad, ".hidden.yaml": bad})
        report = json.loads(sluice("check", "--output=json", folder, check=1).stdout)
        self.assertEqual([(pathlib.Path(o["file"]).name, o["name"], o["valid"]) for o in report["objects"]],
                         [("a.yaml", "a", True), ("a.yaml", "bad", False), ("c.json", "l", False), ("b.yml", "bad", False)])
        self.assertEqual((report["checked"], report["invalid"], report["unreadable"]), (4, 3, 0))
        # As it is called in a repository, so that an annotation finds its line.
        self.assertEqual(json.loads(sluice("check", "--output=json", f"{folder}/", check=1).stdout), report)

    def test_the_json_report_has_one_shape(self):
        text = manifest("b", "image: Bad Image\nflinkVersion: v1_20").replace("{name: b}", "{name: b, namespace: ns}")
        report = json.loads(sluice("check", "--output", "json", "-", stdin=text, check=1).stdout)
        self.assertEqual(set(report), {"objects", "checked", "invalid", "unreadable"})
        (found,) = report["objects"]
        self.assertEqual({k: found[k] for k in ("file", "line", "namespace", "name", "valid")},
                         {"file": "-", "line": 1, "namespace": "ns", "name": "b", "valid": False})
        for finding in found["findings"]:
            error = finding["severity"] == "error"
            self.assertEqual(set(finding), {"severity", "rule", "field", "line", "message"} | ({"reason"} if error else set()))
            self.assertIn(finding["severity"], ("error", "warning"))
        self.assertEqual({f["severity"] for f in found["findings"]}, {"error", "warning"})
        empty = json.loads(sluice("check", "--output", "json", "-", stdin="", check=0).stdout)
        self.assertEqual(empty, {"objects": [], "checked": 0, "invalid": 0, "unreadable": 0})

    def test_lines_are_right_after_comments_blank_lines_and_documents(self):
        text = "# one\n\n---\n" + manifest("a") + "\n# more\n---\n# and\n\n" + manifest("b", "\n# why\nimage:\n  # far down\n  Bad Image")
        number = next(i for i, line in enumerate(text.splitlines(), 1) if "Bad Image" in line)
        ((line, field),) = findings(text, 1)
        self.assertEqual(field, "spec.image")
        self.assertIn(line, (number, number - 2))  # of the key or of the value

    def test_lines_are_right_in_lists_flows_and_anchors(self):
        text = manifest("a", "image: flink:1.20.1\n"
                             "podTemplate: &pod\n"
                             "  spec:\n"
                             "    containers:\n"
                             "      - name: flink-main-container\n"
                             "        env:\n"
                             "          - {name: A, value: one}\n"
                             "          - {name: B,\n"
                             "             value: 2}\n"
                             "taskManager:\n"
                             "  podTemplate: *pod")
        self.assertEqual(findings(text, 1), [(13, "spec.podTemplate.spec.containers[0].env[1].value"),
                                             (13, "spec.taskManager.podTemplate.spec.containers[0].env[1].value")])

    def test_merge_keys_are_read(self):
        text = ("x: &base {image: Bad Image}\n" + manifest("a", "<<: *base\nparallelism: zero"))
        self.assertEqual([f for _, f in findings(text, 1) if f != "x"], ["spec.parallelism", "spec.image"])

    def test_yaml_is_read_as_kubernetes_reads_it(self):
        for spec, field in (("{image: flink:1.20.1, flinkVersion: 1.20}", "spec.flinkVersion"),
                            ("{image: flink:1.20.1, podTemplate: {metadata: {labels: {a: yes}}}}", "spec.podTemplate.metadata.labels[a]"),
                            ("{image: flink:1.20.1, podTemplate: {metadata: {labels: {a: 0777}}}}", "spec.podTemplate.metadata.labels[a]"),
                            ("{image: flink:1.20.1, logConfiguration: {log4j-console.properties: on}}",
                             "spec.logConfiguration[log4j-console.properties]"),
                            ("{image: flink:1.20.1, parallelism: 1e5}", "spec.parallelism"),
                            ("{image: flink:1.20.1, parallelism: 0x10000}", "spec.parallelism"),
                            ("{image: ~}", "spec.image")):
            self.assertEqual([f for _, f in findings(manifest("a", spec), 1)], [field], spec)
        for spec in ("{image: flink:1.20.1, parallelism: 010}", "{image: flink:1.20.1, parallelism: 1_0}",
                     "{image: flink:1.20.1, restartNonce: 0b11}", '{image: flink:1.20.1, flinkVersion: "1.20"}',
                     "{image: flink:1.20.1, flinkConfiguration: {pipeline.object-reuse: yes}}"):
            self.assertEqual(findings(manifest("a", spec), 0), [], spec)

    def test_what_cannot_be_read_is_said_with_its_place(self):
        huge = manifest("a") + "# " + "x" * (17 << 20)
        for content, words in ((b"\xff\xfe\x00\x01" * 100, "UTF-8"), (b"\x00" * 1000, "line 1"),
                               (manifest() + "---\na: [1\n", "line "), (manifest() + "---\na: 1\na: 2\n", "line 7"),
                               ("&a [*a]", "line 1"), (huge, "larger than 16777216 bytes"), ("[" * 100000, ""),
                               ("a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(f"{c}: &{c} [{','.join(['*' + p] * 9)}]\n"
                                                                       for p, c in zip("abcdefgh", "bcdefghi")), "")):
            done = sluice("check", "-", stdin=content)
            self.assertEqual(done.returncode, 2, content[:80])
            self.assertIn("sluice check: -: " if words else "sluice check: ", done.stderr)
            self.assertIn(words, done.stderr)
        # What stands before the fault is judged all the same.
        done = sluice("check", "-", stdin=manifest("a", "image: Bad Image") + "---\n]\n", check=2)
        self.assertIn("spec.image", done.stdout)

    def test_files_that_are_none_are_named(self):
        folder = self.in_folder({"a.yaml": manifest()})
        os.symlink("nowhere", folder + "/dangling.yaml")
        done = sluice("check", folder, check=2)
        self.assertIn("dangling.yaml: ", done.stderr)
        self.assertIn("a.yaml:1: ok: a", done.stdout)

    def test_another_version_of_the_kind_is_a_fault_and_another_kind_is_none(self):
        done = sluice("check", "-", stdin=manifest().replace("v1beta1", "v1"), check=1)
        self.assertIn('apiVersion: Unsupported value: "sluice.dev/v1"', done.stdout)
        done = sluice("check", "-", stdin="apiVersion: v1\nkind: Pod\n", check=0)
        self.assertIn("no FlinkCluster and no FlinkPolicy found", done.stderr)

    def test_unknown_fields_are_faults_with_the_nearest_name(self):
        done = sluice("check", "-", stdin=manifest("a", "image: flink:1.20.1\nparalelism: 3\njob: {jarUri: local:///a.jar}"), check=1)
        self.assertIn('spec.paralelism: Forbidden: unknown field; did you mean "parallelism"?', done.stdout)
        self.assertIn('"jarURI"', done.stdout)

    def test_quiet_says_nothing_of_what_is_right(self):
        self.assertEqual(sluice("check", "--quiet", SAMPLES / "good/minimal.yaml", check=0).stdout, "")
        self.assertNotIn(": ok", sluice("check", "--quiet", SAMPLES, check=1).stdout)


def review(operation, new, old=None, uid="u1"):
    request = {"uid": uid, "kind": {"group": "sluice.dev", "version": "v1beta1", "kind": "FlinkCluster"},
               "resource": {"group": "sluice.dev", "version": "v1beta1", "resource": "flinkclusters"},
               "name": "a", "namespace": "n", "operation": operation, "userInfo": {"username": "me"}, "object": new, "oldObject": old}
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request})


def obj(**spec):
    return {"apiVersion": "sluice.dev/v1beta1", "kind": "FlinkCluster", "metadata": {"name": "a", "namespace": "n"},
            "spec": {"image": "flink:1.20.1", **spec}}


class Review(unittest.TestCase):
    def test_a_review_is_answered_as_the_webhook_answers_it(self):
        answer = json.loads(sluice("review", "mutate", stdin=review("CREATE", obj()), check=0).stdout)["response"]
        self.assertTrue(answer["allowed"])
        self.assertEqual(answer["patchType"], "JSONPatch")
        answer = json.loads(sluice("review", "validate", stdin=review("CREATE", obj(parallelism=0)), check=1).stdout)["response"]
        self.assertEqual(answer["status"]["code"], 422)
        self.assertEqual(answer["status"]["details"]["causes"][0]["field"], "spec.parallelism")

    def test_what_is_no_review_is_exit_two(self):
        for text in ("", "{}", "[]", "nonsense", '{"kind": "AdmissionReview"}'):
            done = sluice("review", "validate", stdin=text, check=2)
            self.assertIn("sluice review:", done.stderr, text)
            self.assertEqual(done.stdout, "", text)

    def test_no_json_under_a_uid_is_a_refusal(self):
        text = review("CREATE", obj()).replace('"image"', '"image": 1, "image"')
        self.assertEqual(json.loads(sluice("review", "validate", stdin=text, check=1).stdout)["response"]["status"]["code"], 400)


class Render(unittest.TestCase):
    def test_every_good_sample_is_rendered_and_always_the_same(self):
        for path in sorted((SAMPLES / "good").glob("*.yaml")):
            one = sluice("render", path, check=0).stdout
            self.assertEqual(one, sluice("render", path, check=0).stdout)
            objects = [json.loads(line) for line in sluice("render", "--output=json", path, check=0).stdout.splitlines()]
            self.assertEqual(one.count("---\n"), len(objects))
            kinds = {o["kind"] for o in objects}
            self.assertLessEqual({"Pod", "ConfigMap", "Service", "ServiceAccount", "RoleBinding"}, kinds)

    def test_a_bad_one_is_not_rendered_and_its_faults_are_named(self):
        done = sluice("render", SAMPLES / "bad/five-faults.yaml", check=1)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(re.findall(r": error: spec\.", done.stderr)), 5)

    def test_without_a_flinkcluster_there_is_nothing_to_render(self):
        self.assertIn("no FlinkCluster", sluice("render", "-", stdin="kind: Pod\n", check=2).stderr)


def crd_fields(kind):
    """The paths of every field, from the reference page."""
    text = (ROOT / f"docs/reference/{kind}.md").read_text()
    return re.findall(r"^\| `((?:spec|status)\.[^`]*)` \|", text, re.M)


class Explain(unittest.TestCase):
    def test_every_field_and_every_rule_is_explained(self):
        fields = crd_fields("flinkcluster")
        self.assertGreater(len(fields), 60)
        policy_fields = crd_fields("flinkpolicy")
        self.assertGreater(len(policy_fields), 60)
        rules = re.findall(r"^RULE\((\w+),", (ROOT / "common/flink/rules.def").read_text(), re.M)
        rules += ["schema." + r for r in re.findall(r"^  X\((\w+),", (ROOT / "common/flink/schema_rules.def").read_text(), re.M)]
        for path in [*(ROOT / "common/flink").glob("*.c"), *(ROOT / "common/kind").glob("*.c")]:
            rules += re.findall(r'"(schema\.[a-z_]+)"', path.read_text())
        self.assertGreater(len(rules), 50)
        policy_rules = re.findall(r'^POLICY_RULE\(\w+, "([^"]+)",', (ROOT / "common/policy/rules.def").read_text(), re.M)
        self.assertGreater(len(policy_rules), 25)
        rules += [*policy_rules, "iamRoles.account"]
        own = re.findall(r'^(?:ADMIT_RULE\(\w+, |COMPILE_RULE\()"([^"]+)",', (ROOT / "common/policy/admit.def").read_text(), re.M)
        self.assertGreater(len(own), 10)
        rules += own
        for what in sorted({*fields, *rules}):
            done = sluice("explain", what, check=0)
            self.assertIn(what.split("[")[0], done.stdout)
        for path in policy_fields:
            self.assertIn(path.split("[")[0], sluice("explain", f"flinkpolicy.{path}", check=0).stdout)

    def test_a_kind_may_be_named_as_kubectl_names_it(self):
        page = sluice("explain", "flinkpolicy.spec.images.allowed", check=0).stdout
        for same in ("fp.spec.images.allowed", "flinkpolicies.spec.images.allowed", "FlinkPolicy.spec.images.allowed"):
            self.assertEqual(sluice("explain", same, check=0).stdout, page)
        self.assertIn("list of strings, at most 256 items", page)
        self.assertIn("images: object", sluice("explain", "flinkpolicy", check=0).stdout)
        self.assertEqual(sluice("explain", "fc.parallelism", check=0).stdout, sluice("explain", "spec.parallelism", check=0).stdout)

    def test_what_was_mistyped_is_guessed(self):
        for wrong, right in (("spec.paralelism", "spec.parallelism"), ("job.upgradMode", "spec.job.upgradeMode"),
                             ("paralelism", "spec.parallelism"), ("fp.spec.imges.allowed", "fp.spec.images"),
                             ("flinkpolicy.imges", "flinkpolicy.spec.images"), ("memory_start", "memory_starts"), ("schema.typ", "schema.type"), ("images.tags.denid", "images.tags.denied")):
            self.assertIn(f"did you mean {right}?", sluice("explain", wrong, check=2).stderr)
        self.assertIn("`sluice explain` lists them", sluice("explain", "zzz", check=2).stderr)

    def test_without_a_name_fields_and_rules_are_listed(self):
        done = sluice("explain", check=0)
        self.assertIn("parallelism: integer", done.stdout)
        self.assertIn("\nRULES\n", done.stdout)


class Commands(unittest.TestCase):
    def test_without_a_command_the_commands_are_listed(self):
        done = sluice(check=2)
        self.assertEqual(done.stdout, "")
        for command in ("check", "review", "render", "explain", "status"):
            self.assertRegex(done.stderr, rf"(?m)^  {command} ")
        self.assertEqual(sluice("--help", check=0).stdout, done.stderr)

    def test_an_unknown_command_is_guessed(self):
        self.assertIn('no command "chek"; did you mean "check"?', sluice("chek", check=2).stderr)
        self.assertNotIn("did you mean", sluice("zzzzzzz", check=2).stderr)

    def test_every_command_has_help_and_refuses_unknown_options(self):
        for command in ("check", "review", "render", "explain", "status"):
            text = sluice(command, "--help", check=0).stdout
            self.assertTrue(text.startswith(f"Usage: sluice {command} "), text[:80])
            self.assertIn("Exit status:", text)
            self.assertIn("no option --nonsense", sluice(command, "--nonsense", check=2).stderr)
        self.assertRegex(sluice("--version", check=0).stdout, r"^sluice \d+\.\d+\.\d+\n$")
        self.assertRegex(sluice("check", "--version", check=0).stdout, r"\d+\.\d+\.\d+")

    def test_wrong_operands_are_exit_two_with_a_word_of_what_is_wanted(self):
        for args in (["check"], ["render"], ["render", "a", "b"], ["review"], ["review", "judge"], ["review", "validate", "a", "b"],
                     ["explain", "a", "b"], ["check", "--output=xml", "-"], ["status", "a", "b"], ["status", "-A", "a"],
                     ["status", "-o", "yaml"], ["status", "--kubeconfig=/nowhere"]):
            done = sluice(*args, check=2)
            self.assertIn(f"sluice {args[0]}: ", done.stderr)
            self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main()
