# SPDX-License-Identifier: Apache-2.0
"""Policies in the controller: a policy over stored FlinkClusters is audited at once, and its status agrees with a recount
by hand; what came around the webhook is judged when it is accepted, and never again; of two that want what only one may
have the one that was accepted first has it, until it goes."""
import calendar
import json
import os
import subprocess
import time
import unittest

from lib import FOLDER, GROUP, ROOT, ApiError, ClusterTest, application, session, shell, start_controller, wait_for, wait_leader

POLICIES = GROUP + "/flinkpolicies"
ROLE = "arn:aws:iam::123456789012:role/"
SLUICE = os.path.join(os.environ.get("SLUICE_BIN_DIR", str(ROOT / "build/bin")), "sluice")
MERGE = "application/merge-patch+json"
EXAMPLES_MAX = 20


def setUpModule():
    controller = start_controller("policykeeper", "--audit-interval=10s")
    unittest.addModuleCleanup(controller.stop)
    wait_leader([controller])
    Policies.controller = controller


def when(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


class Policies(ClusterTest):
    controller = None

    def setUp(self):
        self.policies = []

    def tearDown(self):
        for name in self.policies:
            try:
                self.api.request("DELETE", f"{POLICIES}/{name}")
            except ApiError as e:
                self.assertEqual(e.code, 404)
        for c in self.api.list("FlinkCluster", self.ns):
            self.api.delete("FlinkCluster", self.ns, c["metadata"]["name"])
        wait_for(lambda: not self.api.list("FlinkCluster", self.ns), 30, "the FlinkClusters are gone")

    def policy(self, name, spec):
        self.policies.append(name)
        body = {"apiVersion": "sluice.dev/v1beta1", "kind": "FlinkPolicy", "metadata": {"name": name},
                "spec": {"match": {"namespaces": [self.ns]}, **spec}}
        return self.api.request("POST", POLICIES, body)

    def edit(self, name, spec):
        return self.api.request("PATCH", f"{POLICIES}/{name}", {"spec": spec}, MERGE)

    def policy_status(self, name):
        """The status, when it is about the present generation."""
        obj = self.api.request("GET", f"{POLICIES}/{name}")
        status = obj.get("status", {})
        return status if status.get("observedGeneration") == obj["metadata"]["generation"] else {}

    def wait_status(self, name, seconds=10, **want):
        """Waits for these members of the status; all of it."""
        def right():
            status = self.policy_status(name)
            return status if status and all(status.get(k) == v for k, v in want.items()) else None
        return wait_for(right, seconds, lambda: f"{name}: {want}; it is {self.policy_status(name)}")

    def recount(self, fault):
        """How many stored FlinkClusters of the namespace have the fault."""
        return sum(fault(c["spec"]) for c in self.api.list("FlinkCluster", self.ns))

    def apply_all(self, n, bad_ones):
        for i in range(n):
            self.apply(session(f"c{i:02d}", image=f"{'evil' if i in bad_ones else 'good'}.example.com/flink:1.20.1",
                               flinkVersion="1.20"))

    def policy_events(self, name, reason):
        events = self.api.request("GET", "/api/v1/namespaces/default/events")["items"]
        return [e for e in events if e["involvedObject"]["kind"] == "FlinkPolicy" and e["involvedObject"]["name"] == name and
                e["reason"] == reason]

    def test_a_policy_over_stored_clusters_is_counted_within_two_seconds(self):
        name = f"audited-{self.ns}"
        self.apply_all(30, range(25))
        wait_for(lambda: self.controller.metric("sluice_controller_clusters") >= 30, 10, "the controller has them all")
        self.policy(name, {"images": {"allowed": ["good.example.com/**"]},
                           "iamRoles": {"enforcement": "Warn", "required": True}})
        status = self.wait_status(name, seconds=2, audited=30, violating=30)
        bad = self.recount(lambda spec: spec["image"].startswith("evil"))
        without_role = self.recount(lambda spec: "iamRole" not in spec)
        self.assertEqual((bad, without_role), (25, 30))
        self.assertEqual((status["denied"], status["warned"], status["violations"], status["exempted"]),
                         (bad, without_role, bad + without_role, 0))
        self.assertEqual([(c["type"], c["status"]) for c in status["conditions"]], [("Ready", "True")])
        # Some of the findings: those that would be refused first, by name.
        self.assertEqual([(e["namespace"], e["name"], e["rule"], e["enforcement"]) for e in status["examples"]],
                         [(self.ns, f"c{i:02d}", "images.allowed", "Deny") for i in range(EXAMPLES_MAX)])
        self.assertEqual(status["examples"][0]["field"], "spec.image")
        self.assertIn("evil.example.com", status["examples"][0]["message"])
        self.assertEqual(self.controller.metric(
            f'sluice_policy_violations{{policy="{name}",rule="images.allowed",enforcement="Deny"}}'), 25)
        self.assertEqual(self.controller.metric(
            f'sluice_policy_violations{{policy="{name}",rule="iamRoles.required",enforcement="Warn"}}'), 30)
        self.assertLess(abs(self.controller.metric("sluice_policy_last_audit_timestamp_seconds") - time.time()), 5)
        event = wait_for(lambda: self.policy_events(name, "PolicyViolations"), 5, "one Event tells of it")
        self.assertEqual(len(event), 1)
        self.assertIn("30 of 30 FlinkClusters break rules: ", event[0]["message"])
        columns = shell(f"sluice_dev_kubectl get fp {name} --no-headers").split()
        self.assertTrue({"30", "55"} <= set(columns), columns)

        # What is exempted doesn't count.
        self.edit(name, {"exempt": [{"namespace": self.ns, "name": "c0*", "rules": ["images.allowed"], "reason": "test"}]})
        status = self.wait_status(name, denied=15, exempted=10, warned=30)
        self.assertEqual(status["examples"][0]["name"], "c10")

        # Less is asked for: all is well.
        self.edit(name, {"images": {"allowed": ["*.example.com/**"]}, "iamRoles": None, "exempt": None})
        status = self.wait_status(name, violating=0, violations=0, denied=0, warned=0)
        self.assertEqual(status["examples"], [])
        wait_for(lambda: self.policy_events(name, "PolicyKept"), 5, "an Event tells that all is well")
        self.api.request("DELETE", f"{POLICIES}/{name}")
        wait_for(lambda: self.controller.metric(f'sluice_policy_violations{{policy="{name}"') is None, 10,
                 "its series are gone")

    def test_it_is_counted_again_each_interval_and_written_only_then(self):
        name = f"again-{self.ns}"
        self.apply_all(2, [])
        self.policy(name, {"images": {"allowed": ["good.example.com/**"]}})
        first = self.wait_status(name, audited=2, violating=0)
        version = self.api.request("GET", f"{POLICIES}/{name}")["metadata"]["resourceVersion"]
        # Another policy changes: this one is judged by again, but nothing in its status is other.
        self.policy(f"other-{self.ns}", {})
        self.wait_status(f"other-{self.ns}", audited=2)
        self.assertEqual(self.api.request("GET", f"{POLICIES}/{name}")["metadata"]["resourceVersion"], version)
        # One that is stored in the meantime is found by the next audit.
        with self.without_webhooks():
            self.apply(session("late", image="evil.example.com/flink:1.20.1", flinkVersion="1.20"))
            later = self.wait_status(name, seconds=30, audited=3, violating=1)
        self.assertGreaterEqual(when(later["lastAudit"]) - when(first["lastAudit"]), 5)

    def test_namespaces_that_are_selected_by_label_are_counted_when_the_label_changes(self):
        name = f"label-{self.ns}"
        path = f"/api/v1/namespaces/{self.ns}"
        self.apply_all(3, [0])
        self.policy(name, {"match": {"namespaceSelector": {"matchLabels": {"audit-tier": self.ns}}},
                           "images": {"allowed": ["good.example.com/**"]}})
        self.edit(name, {"match": {"namespaces": None}})
        self.wait_status(name, audited=0)
        self.api.request("PATCH", path, {"metadata": {"labels": {"audit-tier": self.ns}}}, MERGE)
        self.wait_status(name, seconds=15, audited=3, violating=1)
        self.api.request("PATCH", path, {"metadata": {"labels": {"audit-tier": None}}}, MERGE)
        self.wait_status(name, seconds=15, audited=0, violating=0)

    def test_a_part_that_can_not_be_used_is_named(self):
        name = f"broken-{self.ns}"
        with self.without_webhooks():
            self.policy(name, {"images": {"allowed": ["good.example.com/**", "[z-a"]}})
        status = self.wait_status(name)
        ready = status["conditions"][0]
        self.assertEqual((ready["status"], ready["reason"]), ("False", "PartsUnusable"))
        self.assertIn("spec.images.allowed[1]", ready["message"])

    def test_what_came_around_the_webhook_is_refused_with_the_policys_cause(self):
        name = f"late-{self.ns}"
        self.policy(name, {"images": {"allowed": ["good.example.com/**"]}})
        self.wait_status(name)
        with self.without_webhooks():
            self.apply(application("around", image="evil.example.com/flink:1.20.1", flinkVersion="1.20",
                                   taskManager={"replicas": 1}))
            c = self.wait_condition("around", "Accepted", "False", reason="Invalid")
            self.assertIn("spec.image: ", c["message"])
            self.assertIn(f"(policy {name}, images.allowed)", c["message"])
            self.wait_event("around", "NotAccepted", f"(policy {name}, images.allowed)")
        self.assertEqual(self.children(self.stored("around")["metadata"]["uid"]), [])
        # It is looked at again when the policy lets it in.
        self.edit(name, {"images": {"allowed": ["*.example.com/**"]}})
        self.wait_condition("around", "Accepted", "True")
        self.wait_pods("around", 1, 1)

    def test_a_policys_edit_changes_no_pod_of_a_running_cluster(self):
        name = f"edit-{self.ns}"
        self.policy(name, {"images": {"allowed": ["good.example.com/**"]}})
        self.wait_status(name)
        self.apply_all(1, [])
        before = [p["metadata"]["uid"] for p in self.wait_pods("c00", 1, 1)]
        self.wait_condition("c00", "Ready", "True")
        generation = self.stored("c00")["metadata"]["resourceVersion"]
        self.edit(name, {"images": {"allowed": ["other.example.com/**"], "tags": {"denied": ["1.20.1"]}},
                         "iamRoles": {"required": True}})
        self.wait_status(name, violating=1, denied=3)
        self.assertEqual([p["metadata"]["uid"] for p in self.pods("c00")], before)
        self.assertEqual(self.stored("c00")["metadata"]["resourceVersion"], generation)
        # A pod that is lost comes back as it was.
        self.api.delete("Pod", self.ns, self.pods("c00", "taskmanager")[0]["metadata"]["name"])
        pods = self.wait_pods("c00", 1, 1)
        self.assertEqual({c["image"] for p in pods for c in p["spec"]["containers"]}, {"good.example.com/flink:1.20.1"})
        self.wait_condition("c00", "Accepted", "True")

    def wait_verdicts(self, names):
        def verdicts():
            found = {n: next((c["status"] for c in self.stored(n).get("status", {}).get("conditions", [])
                              if c["type"] == "Accepted"), None) for n in names}
            return found if None not in found.values() else None
        return wait_for(verdicts, 20, lambda: f"{names} are judged; {[self.stored(n).get('status') for n in names]}")

    def race(self, names, spec):
        """All are stored before the controller sees any, and no webhook was there."""
        with self.without_webhooks():
            for n in names:
                self.apply(session(n, flinkVersion="1.20", **spec))
            found = self.wait_verdicts(names)
        time.sleep(1)  # and stays so
        self.assertEqual(self.wait_verdicts(names), found)
        return [n for n in names if found[n] == "True"], [n for n in names if found[n] == "False"]

    def test_of_many_with_one_unique_role_exactly_one_is_accepted(self):
        name = f"unique-{self.ns}"
        self.policy(name, {"iamRoles": {"unique": True}})
        self.wait_status(name)
        won, lost = self.race([f"r{i}" for i in range(8)], {"iamRole": ROLE + "one", "parallelism": 1})
        self.assertEqual(len(won), 1, (won, lost))
        self.wait_pods(won[0], 1, 1)
        for n in lost:
            c = self.wait_condition(n, "Accepted", "False")
            self.assertIn(f"{self.ns}/{won[0]}", c["message"])
            self.assertEqual(self.pods(n), [])
        # All that share it break the rule, accepted or not.
        self.edit(name, {"priority": 1})
        self.wait_status(name, audited=8, violating=8)
        # Even after a new start of the controller the running one has it.
        self.controller.kill()
        Policies.controller = start_controller("policykeeper", "--audit-interval=10s")
        wait_leader([self.controller])
        time.sleep(1)
        self.assertEqual(self.wait_verdicts(won), {won[0]: "True"})
        # The winner goes: one of the others has it, no two.
        self.api.delete("FlinkCluster", self.ns, won[0])
        wait_for(lambda: sum(v == "True" for v in self.wait_verdicts(lost).values()) == 1, 10, "one of the losers is accepted")
        time.sleep(1)
        self.assertEqual(sum(v == "True" for v in self.wait_verdicts(lost).values()), 1)

    def test_a_namespaces_total_is_not_passed_by_many_at_once(self):
        name = f"total-{self.ns}"
        self.policy(name, {"parallelism": {"namespaceTotal": 5}})
        self.wait_status(name)
        won, lost = self.race([f"p{i}" for i in range(6)], {"parallelism": 2, "task_managers": 2})
        self.assertEqual(len(won), 2, (won, lost))
        # Room for one: one of them takes it.
        self.api.delete("FlinkCluster", self.ns, won[0])
        wait_for(lambda: sum(v == "True" for v in self.wait_verdicts(lost).values()) == 1, 10, "one of the losers is accepted")
        # A running one is never refused for what others ask for.
        self.assertEqual(self.wait_verdicts([won[1]]), {won[1]: "True"})

    def test_the_offline_audit_counts_the_same(self):
        name = f"offline-{self.ns}"
        self.apply_all(6, [1, 3])
        self.policy(name, {"images": {"allowed": ["good.example.com/**"]}, "iamRoles": {"required": True}})
        status = self.wait_status(name, audited=6, violating=6)
        done = subprocess.run([SLUICE, "audit", f"--kubeconfig={FOLDER / 'admin.kubeconfig'}", "-n", self.ns, "-o", "json"],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        found = [f for o in json.loads(done.stdout)["objects"] for f in o["findings"] if f["policy"] == name]
        self.assertEqual(len(found), status["violations"])
        self.assertEqual(sum(f["rule"] == "images.allowed" for f in found), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
