# SPDX-License-Identifier: Apache-2.0
"""FlinkPolicies on a real API server: for each rule of each block one object that is refused, one that is accepted, one
that is warned of, one that is only noted; and the ways around a rule that only an API server can show."""
import json
import os
import re
import subprocess
import time
import unittest

from lib import GROUP, ROOT, ApiError, ClusterTest, audit, cluster, wait_for

POLICIES = GROUP + "/flinkpolicies"
ACCOUNT = "123456789012"
DIGEST = "@sha256:" + "0" * 64
ENFORCEMENTS = ("Deny", "Warn", "Audit")


def spec_of_all_blocks(ns):
    return {
        "images": {"allowed": ["registry.example.com/flink/**"],
                   "tags": {"required": True, "denied": ["latest"], "pattern": "1.*"},
                   "digest": {"required": True}, "flinkVersions": ["1.19..1.20"]},
        "iamRoles": {"required": True, "allowed": [f"arn:aws:iam::{ACCOUNT}:role/{{namespace}}/*"], "unique": True},
        "parallelism": {"min": 2, "max": 8, "namespaceTotal": 20},
        "jobManager": {"replicas": {"min": 2, "max": 2}},
        "taskManager": {"replicas": {"min": 2, "max": 8}},
        "resources": {"jobManager": {"max": {"cpu": "2", "memory": "4Gi"}}, "taskManager": {"max": {"cpu": "4", "memory": "8Gi"}}},
        "flinkConfiguration": {"required": {"execution.checkpointing.interval": "30s"}, "denied": ["security.*"]},
        "storage": {"required": True, "allowed": ["s3://flink-{namespace}/**"]},
        "pods": {"serviceAccounts": ["{name}-flink"],
                 **{item: "Deny" for item in ("hostPath", "privileged", "hostNetwork", "hostPID", "hostIPC")}},
        "job": {"jarSchemes": ["local", "s3"], "requiredLabels": ["team"]},
        "match": {"namespaces": [ns]},
    }


def good(ns, name="fraud"):
    """What every block accepts."""
    return cluster(name, {
        "image": "registry.example.com/flink/fraud:1.20.1" + DIGEST, "flinkVersion": "1.20", "plugins": ["s3-hadoop"],
        "iamRole": f"arn:aws:iam::{ACCOUNT}:role/{ns}/{name}", "parallelism": 2,
        "storage": {"root": f"s3://flink-{ns}/state"}, "jobManager": {"replicas": 2},
        "taskManager": {"replicas": 2, "slots": 1},
        "flinkConfiguration": {"execution.checkpointing.interval": "30 s"},
        "job": {"jarURI": "local:///opt/flink/usrlib/fraud.jar", "upgradeMode": "Savepoint"}}, labels={"team": "risk"})


def pods(**spec):
    return {"spec": spec}


def container(**fields):
    return pods(containers=[{"name": "flink-main-container", **fields}])


def memory(value):
    return {"requests": {"memory": value}, "limits": {"memory": value}}


# What makes each rule speak, alone: members of the spec; a label that is None goes.
FAULTS = {
    "images.allowed": {"image": "registry.example.com.evil/flink/fraud:1.20.1" + DIGEST},
    "images.tags.required": {"podTemplate": pods(initContainers=[
        {"name": "i", "image": "registry.example.com/flink/i" + DIGEST}])},
    "images.tags.pattern": {"podTemplate": pods(initContainers=[{"name": "i", "image": "registry.example.com/flink/i:x1.2" + DIGEST}])},
    "images.digest.required": {"podTemplate": pods(initContainers=[{"name": "i", "image": "registry.example.com/flink/i:1.2"}])},
    "images.flinkVersions": {"image": "registry.example.com/flink/fraud:1.18.1" + DIGEST, "flinkVersion": "1.18"},
    "iamRoles.required": {"iamRole": None},
    "iamRoles.allowed": {"iamRole": f"arn:aws:iam::{ACCOUNT}:role/other/fraud"},
    "parallelism.min": {"parallelism": 1},
    "parallelism.max": {"parallelism": 9, "taskManager": {"replicas": 8, "slots": 2}},
    "jobManager.replicas.min": {"jobManager": {"replicas": 1}},
    "jobManager.replicas.max": {"jobManager": {"replicas": 3}},
    "taskManager.replicas.min": {"taskManager": {"replicas": 1, "slots": 2}},
    "taskManager.replicas.max": {"taskManager": {"replicas": 9, "slots": 1}},
    "resources.jobManager.max": {"jobManager": {"replicas": 2, "resources": memory("5Gi")}},
    "resources.taskManager.max": {"taskManager": {"replicas": 2, "slots": 1, "resources": memory("9Gi")}},
    "flinkConfiguration.required": {"flinkConfiguration": {"execution": {"checkpointing.interval": "31s"}}},
    "flinkConfiguration.denied": {"flinkConfiguration": {
        "execution.checkpointing.interval": "30s", "security": {"ssl.rest.enabled": "true"}}},
    "storage.allowed": {"storage": {"root": "s3://flink-other/state"}},
    "pods.hostPath": {"podTemplate": pods(volumes=[{"name": "v", "hostPath": {"path": "/"}}])},
    "pods.privileged": {"taskManager": {"replicas": 2, "slots": 1, "podTemplate":
                        container(securityContext={"privileged": True, "allowPrivilegeEscalation": True})}},
    "pods.hostNetwork": {"podTemplate": pods(hostNetwork=True)},
    "pods.hostPID": {"podTemplate": pods(hostPID=True)},
    "pods.hostIPC": {"podTemplate": pods(hostIPC=True)},
    "job.jarSchemes": {"job": {"jarURI": "https://example.com/a.jar", "upgradeMode": "Savepoint"}},
    "job.requiredLabels": {"labels": {"team": None}},
}
# The same for rules that can't speak alone: those that then speak, too.
TOGETHER = {
    "images.tags.denied": ({"podTemplate": pods(initContainers=[
        {"name": "i", "image": "registry.example.com/flink/i:latest" + DIGEST}])}, {"images.tags.pattern"}),
    "storage.required": ({"storage": None, "plugins": None, "jobManager": {"replicas": 1}, "job": {"jarURI": "local:///a.jar", "upgradeMode": "Stateless"},
                          "flinkConfiguration": {}}, {"flinkConfiguration.required", "jobManager.replicas.min"}),
    "pods.serviceAccounts": ({"iamRole": None, "serviceAccountName": "default"}, {"iamRoles.required", "iamRoles.allowed"}),
}


def with_fault(obj, fault):
    obj = json.loads(json.dumps(obj))
    for key, value in fault.items():
        into = obj["metadata"] if key == "labels" else obj["spec"]
        if value is None:
            into.pop(key)
        else:
            into[key] = value
    for labels in [obj["metadata"].get("labels", {})]:
        for key in [k for k, v in labels.items() if v is None]:
            del labels[key]
    return obj


SHARED = {"iamRoles.unique", "parallelism.namespaceTotal"}


class Answer:
    """What the API server answered to a write: its code, the causes, the warnings."""

    def __init__(self, api, method, path, body, content="application/json"):
        connection = api.connect()
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, data, {"Content-Type": content, "Accept": "application/json"})
        answer = connection.getresponse()
        self.warnings = answer.headers.get_all("Warning") or []
        self.code, self.body = answer.status, json.loads(answer.read())
        self.causes = (self.body.get("details") or {}).get("causes", []) if self.code >= 300 else []
        connection.close()

    def rules(self, policy):
        """The policy's rules that the causes name."""
        mark = f"(policy {policy}, "
        return {c["message"].rpartition(mark)[2].rstrip(")") for c in self.causes if mark in c["message"]}

    def __repr__(self):
        return f"{self.code} {self.causes or self.body.get('message', '')} {self.warnings}"


class PolicyTest(ClusterTest):
    @classmethod
    def setUpClass(cls):
        """An API server closes the watches of a kind whose CRD is new: no second is measured before policies are heard of."""
        super().setUpClass()
        path = cls.api.path("FlinkCluster", cls.ns) + "?dryRun=All"
        policy = {"apiVersion": "sluice.dev/v1beta1", "kind": "FlinkPolicy", "metadata": {"name": f"{cls.ns}-heard"},
                  "spec": {"match": {"namespaces": [cls.ns]}, "job": {"requiredLabels": ["heard"]}}}
        cls.api.request("POST", POLICIES, policy)
        wait_for(lambda: Answer(cls.api, "POST", path, good(cls.ns)).code == 422, 15, "the webhook hears of policies")
        cls.api.request("DELETE", f"{POLICIES}/{cls.ns}-heard")
        wait_for(lambda: Answer(cls.api, "POST", path, good(cls.ns)).code == 201, 15, "the webhook hears of their end")

    def setUp(self):
        self.made = []
        self.addCleanup(lambda: [self.api.request("DELETE", f"{POLICIES}/{name}") for name in self.made])

    def policy(self, name, spec):
        """Makes or replaces the policy, and waits until the webhook has it."""
        body = {"apiVersion": "sluice.dev/v1beta1", "kind": "FlinkPolicy", "metadata": {"name": name}, "spec": spec}
        try:
            obj = self.api.request("POST", POLICIES, body)
            self.made.append(name)
        except ApiError as e:
            if e.code != 409:
                raise
            obj = self.api.request("PATCH", f"{POLICIES}/{name}", [{"op": "replace", "path": "/spec", "value": spec}],
                                   "application/json-patch+json")
        time.sleep(1)
        return obj

    def path(self, name="", sub="", dry=True, **query):
        more = "".join(f"&{k}={v}" for k, v in query.items())
        return self.api.path("FlinkCluster", self.ns, name) + sub + ("?dryRun=All" if dry else "?") + more

    def create(self, obj, dry=True, **query):
        return Answer(self.api, "POST", self.path(dry=dry, **query), obj)

    def accepted(self, answer):
        self.assertLess(answer.code, 300, answer)
        return answer

    def refused(self, answer, *texts):
        self.assertEqual(answer.code, 422, answer)
        for text in texts:
            self.assertIn(text, json.dumps(answer.body))
        return answer


class Blocks(PolicyTest):
    """One policy with every block, three times: what each enforcement does with the same faults."""

    def test_each_rule_is_here(self):
        rules = re.findall(r'^POLICY_RULE\(\w+, "([\w.]+)"', (ROOT / "common/policy/rules.def").read_text(), re.M)
        self.assertEqual(sorted(rules), sorted([*FAULTS, *TOGETHER, *SHARED]))

    def judged(self, enforcement):
        spec = spec_of_all_blocks(self.ns)
        for item in ("hostPath", "privileged", "hostNetwork", "hostPID", "hostIPC"):
            spec["pods"][item] = enforcement
        name = f"{self.ns}-{enforcement.lower()}"
        self.policy(name, {**spec, "enforcement": enforcement})
        self.accepted(self.create(good(self.ns)))
        for rule, fault in FAULTS.items():
            yield name, rule, set(), self.create(with_fault(good(self.ns), fault))
        for rule, (fault, others) in TOGETHER.items():
            yield name, rule, others, self.create(with_fault(good(self.ns), fault))

    def test_deny_refuses_and_names_rule_and_policy(self):
        for policy, rule, others, answer in self.judged("Deny"):
            with self.subTest(rule=rule):
                self.refused(answer)
                self.assertEqual(answer.rules(policy), {rule, *others}, answer)

    def test_warn_lets_in_with_a_warning(self):
        for policy, rule, others, answer in self.judged("Warn"):
            with self.subTest(rule=rule):
                self.accepted(answer)
                for one in {rule, *others}:
                    self.assertTrue(any(policy in w and one in w for w in answer.warnings), (one, answer))

    def notes(self, started):
        """All annotations of the API server's audit log since then that are about this test's namespace."""
        return " ".join(json.dumps(e.get("annotations", {})) for e in audit(started)
                        if e.get("objectRef", {}).get("namespace") == self.ns)

    def test_audit_lets_in_and_notes(self):
        started = time.time()
        found = {}
        for policy, rule, others, answer in self.judged("Audit"):
            with self.subTest(rule=rule):
                self.accepted(answer)
                self.assertFalse([w for w in answer.warnings if policy in w], answer)
                found[rule] = {rule, *others}
        notes = self.notes(started)
        for rule in found:
            self.assertIn(f"{self.ns}-audit/{rule}", notes)

    def test_all_faults_come_at_once_with_those_of_sluice_itself(self):
        name = f"{self.ns}-all"
        spec = spec_of_all_blocks(self.ns)
        spec["images"]["enforcement"] = "Warn"
        spec["pods"]["hostPID"] = "Audit"
        self.policy(name, spec)
        answer = self.refused(self.create(with_fault(good(self.ns), {
            "image": "elsewhere/flink:1.20.1", "parallelism": 1, "iamRole": "arn:aws:iam::1:role/x", "labels": {},
            "podTemplate": pods(hostPID=True, hostNetwork=True)})))
        self.assertEqual(answer.rules(name) - {"iamRoles.allowed"}, {"parallelism.min", "pods.hostNetwork", "job.requiredLabels"})
        self.assertTrue(any("12 digits" in c["message"] for c in answer.causes), answer)
        self.assertTrue(any("images.allowed" in w for w in answer.warnings), answer)

    def test_what_several_clusters_share(self):
        name = f"{self.ns}-shared"
        self.policy(name, {"match": {"namespaces": [self.ns]}, "iamRoles": {"unique": True},
                           "parallelism": {"namespaceTotal": 5}})
        self.accepted(self.create(good(self.ns), dry=False))
        self.addCleanup(self.api.delete, "FlinkCluster", self.ns, "fraud")
        wait_for(lambda: self.create(with_fault(good(self.ns, "second"), {"iamRole": good(self.ns)["spec"]["iamRole"]})).code == 422,
                 2, "the first cluster's role is taken")
        answer = self.create(with_fault(good(self.ns, "second"), {"iamRole": good(self.ns)["spec"]["iamRole"]}))
        self.assertEqual(answer.rules(name), {"iamRoles.unique"}, answer)
        self.assertIn("fraud", answer.causes[0]["message"])
        big = {"parallelism": 4, "taskManager": {"replicas": 4, "slots": 1}}
        self.assertEqual(self.create(with_fault(good(self.ns, "second"), big)).rules(name), {"parallelism.namespaceTotal"})
        # Its own parallelism is not counted twice, and less is always right.
        self.accepted(Answer(self.api, "PATCH", self.path("fraud"), {"spec": {"parallelism": 1}}, "application/merge-patch+json"))
        self.policy(name, {"match": {"namespaces": [self.ns]}, "parallelism": {"namespaceTotal": 1}})
        self.accepted(Answer(self.api, "PATCH", self.path("fraud"), {"metadata": {"labels": {"a": "b"}}}, "application/merge-patch+json"))

    def test_what_several_clusters_share_may_be_warned_of_or_noted(self):
        second = with_fault(good(self.ns, "second"), {"iamRole": good(self.ns)["spec"]["iamRole"]})
        self.accepted(self.create(good(self.ns), dry=False))
        self.addCleanup(self.api.delete, "FlinkCluster", self.ns, "fraud")
        rules = sorted(SHARED)
        started = time.time()
        for enforcement in ("Warn", "Audit"):
            self.policy(f"{self.ns}-{enforcement.lower()}", {
                "match": {"namespaces": [self.ns]}, "enforcement": enforcement, "iamRoles": {"unique": True},
                "parallelism": {"namespaceTotal": 3}})
        answer = self.accepted(self.create(second))
        self.assertEqual(sorted(w.partition("(policy ")[2].split(")")[0] for w in answer.warnings if "(policy " in w),
                         [f"{self.ns}-warn, {rule}" for rule in rules], answer)
        notes = self.notes(started)
        for rule in rules:
            self.assertIn(f"{self.ns}-audit/{rule}", notes)

    def test_defaults_are_filled_in_once(self):
        name = f"{self.ns}-defaults"
        match = {"namespaces": [self.ns]}
        self.policy(name, {
            "match": match, "images": {"default": "registry.example.com/flink/base:1.20.1", "defaultTag": "1.20.2"},
            "iamRoles": {"default": f"arn:aws:iam::{ACCOUNT}:role/{{namespace}}/{{name}}"}, "parallelism": {"default": 3},
            "storage": {"defaultRoot": "s3://flink-{namespace}"},
            "flinkConfiguration": {"defaults": {"execution.checkpointing.interval": "1min"}}})
        stored = self.accepted(self.create(cluster("empty", {}), dry=False)).body
        self.addCleanup(self.api.delete, "FlinkCluster", self.ns, "empty")
        spec = stored["spec"]
        self.assertEqual((spec["image"], spec["parallelism"], spec["storage"]["root"]),
                         ("registry.example.com/flink/base:1.20.1", 3, f"s3://flink-{self.ns}"))
        self.assertEqual(spec["iamRole"], f"arn:aws:iam::{ACCOUNT}:role/{self.ns}/empty")
        self.assertEqual(spec["flinkConfiguration"], {"execution.checkpointing.interval": "1min"})
        self.policy(name, {"match": match, "images": {"default": "registry.example.com/flink/base:1.19.1"}, "parallelism": {"default": 5}})
        again = self.accepted(Answer(self.api, "PUT", self.path("empty", dry=False), {
            **cluster("empty", {}), "metadata": {"name": "empty", "resourceVersion": stored["metadata"]["resourceVersion"]}})).body
        self.assertEqual(again["spec"], spec)


class Scale(PolicyTest):
    def kubectl_scale(self, replicas):
        env = {**os.environ, "SCALE_NS": self.ns}
        done = subprocess.run(["bash", "-c", "source ../../dev/lib.sh; use_cluster \"${SLUICE_TEST_CLUSTER:-test}\"; "
                               f"sluice_dev_kubectl scale flinkcluster fraud --replicas={replicas} -n $SCALE_NS"],
                              capture_output=True, text=True, env=env, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_scale_is_judged_by_the_law_and_by_policies(self):
        self.policy(f"{self.ns}-scale", {"match": {"namespaces": [self.ns]}, "taskManager": {"replicas": {"max": 4}}})
        self.accepted(self.create(good(self.ns), dry=False))
        code, said = self.kubectl_scale(1)
        self.assertNotEqual(code, 0, said)
        self.assertIn("spec.replicas", said)
        code, said = self.kubectl_scale(5)
        self.assertNotEqual(code, 0, said)
        self.assertIn(f"(policy {self.ns}-scale, taskManager.replicas.max)", said)
        code, said = self.kubectl_scale(4)
        self.assertEqual(code, 0, said)
        self.assertEqual(self.stored("fraud")["spec"]["taskManager"]["replicas"], 4)
        self.api.delete("FlinkCluster", self.ns, "fraud")


class WaysAround(PolicyTest):
    """What only an API server can show; the rest of the list is tests/unit/test_policy_bypass.c."""

    def setUp(self):
        super().setUp()
        self.name = f"{self.ns}-{self._testMethodName[5:15].replace('_', '-')}x"
        self.policy(self.name, {"match": {"namespaces": [self.ns]}, "images": {"allowed": ["registry.example.com/flink/**"]},
                                "job": {"requiredLabels": ["team"]}})
        self.addCleanup(self.forget)

    def forget(self):
        if self.stored("fraud"):
            self.api.delete("FlinkCluster", self.ns, "fraud")

    def test_escaped_and_duplicate_keys(self):
        text = json.dumps(good(self.ns))
        evil = with_fault(good(self.ns), {"image": "evil.example.com/flink:1.20.1"})
        escaped = json.dumps(evil).replace('"image"', '"\\u0069mage"').encode()
        self.refused(Answer(self.api, "POST", self.path(), escaped), "images.allowed")
        twice = text.replace('"image":', '"image": "evil.example.com/flink:1.20.1", "image":').encode()
        self.accepted(Answer(self.api, "POST", self.path(), twice))  # the API server keeps the last
        twice = text.replace('"flinkVersion":', '"image": "evil.example.com/flink:1.20.1", "flinkVersion":').encode()
        self.refused(Answer(self.api, "POST", self.path(), twice), "images.allowed")

    def test_look_alikes(self):
        for image in ("registry.еxample.com/flink/a:1.20.1", "registry.example.com/flink/а:1.20.1",
                      "registry.example.com\u2024evil/flink/a:1.20.1", "REGISTRY.example.com/other/a:1.20.1",
                      "registry.example.com:443/flink/a:1.20.1", "flink:1.20.1"):
            with self.subTest(image=image):
                self.refused(self.create(with_fault(good(self.ns), {"image": image})), "spec.image")

    def test_generate_name_and_status_and_labels(self):
        evil = with_fault(good(self.ns), {"image": "evil.example.com/flink:1.20.1"})
        evil["metadata"] = {"generateName": "fraud-", "labels": {"team": "risk"}}
        self.refused(self.create(evil), "images.allowed")
        self.accepted(self.create(good(self.ns), dry=False))
        # A status update carries a spec, which the API server throws away.
        stored = self.stored("fraud")
        stored["spec"]["image"] = "evil.example.com/flink:1.20.1"
        self.accepted(Answer(self.api, "PUT", self.path("fraud", "/status", dry=False), stored))
        self.assertEqual(self.stored("fraud")["spec"]["image"], good(self.ns)["spec"]["image"])
        # Labels of the cluster have no say in what policies are for it.
        self.refused(Answer(self.api, "PATCH", self.path("fraud"), {
            "metadata": {"labels": {"tier": "dev", "sluice.dev/exempt": "true"}}, "spec": {"image": "evil.example.com/flink:1.20.1"}},
            "application/merge-patch+json"), "images.allowed")
        self.refused(Answer(self.api, "PATCH", self.path("fraud"), {"metadata": {"labels": {"team": None}}},
                            "application/merge-patch+json"), "job.requiredLabels")

    def test_server_side_apply_by_two_managers(self):
        apply = "application/apply-patch+yaml"
        self.accepted(Answer(self.api, "PATCH", self.path("fraud", dry=False, fieldManager="one", force="true"), good(self.ns), apply))
        part = {"apiVersion": "sluice.dev/v1beta1", "kind": "FlinkCluster", "metadata": {"name": "fraud"},
                "spec": {"podTemplate": pods(initContainers=[{"name": "i", "image": "evil.example.com/i:1"}])}}
        self.refused(Answer(self.api, "PATCH", self.path("fraud", fieldManager="two"), part, apply), "images.allowed")
        part["spec"] = {"image": "evil.example.com/flink:1.20.1"}
        self.refused(Answer(self.api, "PATCH", self.path("fraud", fieldManager="two", force="true"), part, apply), "images.allowed")

    def test_a_policy_edit_counts_for_the_next_request_within_a_second(self):
        obj = good(self.ns)
        for _ in range(5):
            for allowed, code in ((["elsewhere.example.com/**"], 422), (["registry.example.com/**"], 201)):
                self.api.request("PATCH", f"{POLICIES}/{self.name}", {"spec": {"images": {"allowed": allowed}}},
                                 "application/merge-patch+json")
                changed = time.monotonic()
                while self.create(obj).code != code:
                    self.assertLess(time.monotonic() - changed, 1, "the verdict of before")

    def test_what_was_stored_before_the_policy_is_not_held_up(self):
        self.accepted(self.create(good(self.ns), dry=False))
        self.policy(self.name, {"match": {"namespaces": [self.ns]}, "images": {"allowed": ["elsewhere.example.com/**"]}})
        answer = self.accepted(Answer(self.api, "PATCH", self.path("fraud"), {"spec": {"restartNonce": 1}}, "application/merge-patch+json"))
        self.assertTrue(any("images.allowed" in w for w in answer.warnings), answer)
        self.refused(Answer(self.api, "PATCH", self.path("fraud"), {"spec": {"image": "registry.example.com/flink/new:1.20.1"}},
                            "application/merge-patch+json"), "images.allowed")


class PoliciesThemselves(PolicyTest):
    def answer(self, spec, name="t-self"):
        return Answer(self.api, "POST", POLICIES + "?dryRun=All", {
            "apiVersion": "sluice.dev/v1beta1", "kind": "FlinkPolicy", "metadata": {"name": name}, "spec": spec})

    def test_what_can_not_be_meant_is_refused_all_at_once(self):
        answer = self.refused(self.answer({
            "images": {"allowed": ["registry.example.com/["], "default": "evil/flink:1.20.1", "flinkVersions": ["3..2"]},
            "parallelism": {"min": 5, "max": 4}, "exempt": [{"namespace": "a", "name": "*", "reason": "r", "until": "tomorrow"}]}))
        fields = {c["field"] for c in answer.causes}
        self.assertLessEqual({"spec.images.allowed[0]", "spec.images.flinkVersions[0]", "spec.exempt[0].until"}, fields, answer)
        self.assertTrue(any(f.startswith("spec.parallelism") for f in fields), answer)

    def test_a_default_that_its_own_rules_deny_is_refused(self):
        answer = self.refused(self.answer({"images": {"allowed": ["registry.example.com/**"], "default": "other.example.com/a:1.20.1"}}))
        self.assertEqual([c["field"] for c in answer.causes], ["spec.images.default"], answer)

    def test_two_that_contradict_each_other_are_warned_of(self):
        self.policy("t-first", {"match": {"namespaces": [self.ns]}, "parallelism": {"min": 10}})
        answer = self.accepted(self.answer({"match": {"namespaces": [self.ns]}, "parallelism": {"max": 5}}, "t-second"))
        self.assertTrue(any("t-first" in w for w in answer.warnings), answer)


if __name__ == "__main__":
    unittest.main(verbosity=2)
