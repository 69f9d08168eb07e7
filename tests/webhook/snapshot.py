#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the webhook knows of the rest of the cluster: when it is ready, how fast a change counts, what holds while the API
server is away, and what it costs in memory.

snapshot.py PROGRAM
"""
import json
import sys
import tempfile
import time
import unittest

from apiserver import CLUSTERS, NAMESPACES, POLICIES, ApiServer, compact
from process import GOOD, SANITIZED, Webhook, review

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else None
RSS_MAX_MIB = 24


def policy(name, generation, **spec):
    return compact({"apiVersion": "sluice.dev/v1beta1", "kind": "FlinkPolicy",
                    "metadata": {"name": name, "uid": "u-" + name, "generation": generation}, "spec": spec})


def namespace(name, **labels):
    return compact({"apiVersion": "v1", "kind": "Namespace", "metadata": {
        "name": name, "uid": "11111111-2222-3333-4444-555555555555",
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "labels": {"kubernetes.io/metadata.name": name, "pod-security.kubernetes.io/enforce": "restricted", **labels},
        "managedFields": [{"manager": "kubectl", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
                           "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:kubernetes.io/metadata.name": {}}}}}]},
        "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}})


def cluster(ns, name, **spec):
    return compact({"apiVersion": "sluice.dev/v1beta1", "kind": "FlinkCluster",
                    "metadata": {"name": name, "namespace": ns, "uid": "u", "generation": 1}, "spec": spec})


def wait_for(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)


class Snapshot(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.api = ApiServer(self.folder)
        self.addCleanup(self.api.stop)
        self.api.put(NAMESPACES, "payments", namespace("payments"))

    def start(self, *options, ready=True):
        self.webhook = Webhook(PROGRAM, self.folder + "/certs", "--kubeconfig", self.api.kubeconfig(), *options)
        self.addCleanup(self.end)
        self.connection = self.webhook.connect()
        self.addCleanup(self.connection.close)
        if ready:
            wait_for(self.is_ready, 60, "it is ready")

    def end(self):
        self.assertEqual(self.webhook.stop(), 0)
        self.assertEqual(self.webhook.odd_lines, [])

    def is_ready(self):
        return self.webhook.get_health("/readyz")[0] == 200

    def ask(self, **request):
        return self.connection.post(json.dumps(review(**request)).encode())

    def allowed(self, **request):
        answer = self.ask(**request)
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["response"]["allowed"]

    def objects(self, resource):
        return self.webhook.metric(f'sluice_webhook_snapshot_objects{{resource="{resource}"}}')

    # ---- when it is ready

    def test_it_is_unready_and_gives_no_verdict_before_everything_was_listed(self):
        for path in (POLICIES, NAMESPACES, CLUSTERS):
            self.api.held.add(path)
        self.start(ready=False)
        for path in (NAMESPACES, CLUSTERS, POLICIES):
            self.assertFalse(self.is_ready())
            self.assertIn("[-]policies failed", self.webhook.get_health("/readyz")[1])
            answer = self.ask()
            self.assertEqual((answer.status, answer.headers.get("retry-after")), (429, "1"))
            self.api.held.discard(path)
            # Each watch backs off for itself.
            wait_for(lambda path=path: self.api.lists.get(path), 30, path + " is listed")
        wait_for(self.is_ready, 5, "it is ready")
        self.assertTrue(self.allowed())
        self.assertEqual(self.webhook.metric('sluice_webhook_rejected_requests_total{reason="unready"}'), 3)

    def test_only_what_is_judged_is_watched(self):
        scope = "/apis/sluice.dev/v1beta1/namespaces/{}/flinkclusters"
        for ns in ("payments", "shop"):
            self.api.objects[scope.format(ns)] = {}
        self.start("--namespaces", "payments,shop,payments")
        asked = sorted({r for r in self.api.requests if "watch=" not in r})
        self.assertEqual(asked, sorted([
            POLICIES + "?limit=500", scope.format("payments") + "?limit=500", scope.format("shop") + "?limit=500",
            NAMESPACES + "?fieldSelector=metadata.name%3Dpayments&limit=500",
            NAMESPACES + "?fieldSelector=metadata.name%3Dshop&limit=500"]))

    # ---- how fast a change counts

    def test_a_policy_counts_for_the_next_review_after_its_event(self):
        self.start()
        slowest = 0.0
        for generation in range(1, 21):
            limit = 1 if generation % 2 else 100
            self.api.put(POLICIES, "p", policy("p", generation, parallelism={"max": limit}))
            at = time.monotonic()
            wait_for(lambda limit=limit: self.allowed() == (limit == 100), 1, f"edit {generation} counts")
            slowest = max(slowest, time.monotonic() - at)
        self.api.drop(POLICIES, "p")
        self.api.put(POLICIES, "q", policy("q", 1, parallelism={"max": 1}, match={"namespaces": ["other"]}))
        wait_for(lambda: self.objects("flinkpolicies") == 1 and self.allowed(), 1, "a policy that is gone counts no more")
        print(f"\nslowest of 20 policy edits: {slowest * 1000:.1f} ms", file=sys.stderr)

    def test_a_namespace_that_is_not_known_yet_is_asked_for_again(self):
        self.api.put(POLICIES, "p", policy("p", 1, parallelism={"max": 1}, match={"namespaceSelector": {"matchLabels": {"tier": "prod"}}}))
        self.api.drop(NAMESPACES, "payments")
        self.start()
        answer = self.ask()
        self.assertEqual((answer.status, answer.headers.get("retry-after")), (429, "1"))
        self.api.put(NAMESPACES, "payments", namespace("payments", tier="prod"), "ADDED")
        wait_for(lambda: self.ask().status == 200, 1, "the namespace is known")
        self.assertFalse(self.allowed())
        self.api.put(NAMESPACES, "payments", namespace("payments", tier="test"))
        wait_for(self.allowed, 1, "the label counts")

    def test_policies_of_files_hold_beside_the_watched_ones(self):
        path = self.folder + "/policies.yaml"
        with open(path, "w", encoding="utf-8") as file:
            file.write("kind: List\napiVersion: v1\nitems:\n- " + policy("p", 1, parallelism={"max": 1}) + "\n")
        self.api.put(POLICIES, "p", policy("p", 1))
        self.api.put(POLICIES, "q", policy("q", 1))
        self.start("--policy", path)
        self.assertFalse(self.allowed())
        self.assertEqual(self.objects("flinkpolicies"), 2)

    # ---- while the API server is away

    def test_it_goes_on_with_what_it_knows_while_the_api_server_is_away(self):
        self.api.put(POLICIES, "p", policy("p", 1, parallelism={"max": 1}))
        self.start()
        self.assertFalse(self.allowed())
        self.assertLess(self.webhook.metric("sluice_webhook_snapshot_age_seconds"), 5)
        self.api.stop()
        time.sleep(2)
        for _ in range(20):
            self.assertFalse(self.allowed())
        self.assertTrue(self.is_ready())
        self.assertGreater(self.webhook.metric("sluice_webhook_snapshot_age_seconds"), 1)
        # It comes back with another policy, and nobody told of the change.
        self.api.objects[POLICIES]["p"] = policy("p", 2, parallelism={"max": 100})
        self.api.start()
        self.api.put(CLUSTERS, "x", cluster("payments", "x"))
        wait_for(lambda: self.api.watches.get(POLICIES), 30, "it is watched again")
        self.api.end_watches(POLICIES)
        wait_for(self.allowed, 10, "the policy counts")
        wait_for(lambda: all(self.api.watches.get(path) for path in self.api.objects), 30, "all are watched again")
        self.api.bookmark()
        wait_for(lambda: self.webhook.metric("sluice_webhook_snapshot_age_seconds") < 1, 5, "the age falls")

    def test_a_part_of_a_policy_that_cannot_be_used_is_told_and_the_rest_counts(self):
        self.api.put(POLICIES, "bad", policy("bad", 1, parallelism={"max": 1}, images={"allowed": ["{oh"]}))
        self.start()
        self.assertEqual(self.webhook.metric("sluice_webhook_faulty_policies"), 1)
        told = self.webhook.wait_line(lambda line: line.get("msg") == "a part of a policy can't be used", 5)
        self.assertIn("spec.images.allowed[0]", told["first"])
        answer = self.ask().json()["response"]["status"]["message"]
        self.assertIn("(policy bad, parallelism.max)", answer)

    # ---- what it costs

    def test_ten_thousand_clusters_take_little_memory(self):
        big = json.loads(GOOD)["request"]["object"]
        big["metadata"].update(name="@name", namespace="@ns", uid="705ab4f5-6393-11e8-b7cc-42010a800002", generation=3,
                               annotations={"sluice.dev/defaulted": compact({
                                   "parallelism": {"value": 8, "replicas": 4, "slots": 2}, "flinkVersion": {
                                       "value": "1.20", "tag": "1.20.1-r42"}})})
        big["spec"]["iamRole"] = "arn:aws:iam::123456789012:role/@ns/@name"
        big["status"] = {"phase": "Running", "conditions": [{"type": t, "status": "True", "reason": "AsExpected", "message": "x" * 60}
                                                            for t in ("Ready", "Accepted", "Available", "JobRunning")]}
        text = compact(big)
        for i in range(2000):
            self.api.objects[NAMESPACES][i] = namespace(f"team-{i}-production", tier="prod", team=f"team-{i}", cost="4711")
        for i in range(10000):
            self.api.objects[CLUSTERS][i] = text.replace("@name", f"fraud-detection-{i}").replace("@ns", f"team-{i % 2000}-production")
        for i in range(100):
            self.api.objects[POLICIES][i] = self.full_policy(i, 1)
        self.start()
        self.assertEqual(self.objects("flinkclusters"), 10000)
        self.assertEqual(self.objects("namespaces"), 2001)
        self.assertEqual(self.objects("flinkpolicies"), 100)
        listed = self.webhook.rss_mib()
        for _ in range(200):
            self.ask()
        reviewed = self.webhook.rss_mib()
        # All of it again, then a third of it changed.
        self.api.end_watches(CLUSTERS)
        wait_for(lambda: self.api.lists[CLUSTERS] == 2 and self.api.watches[CLUSTERS], 60, "clusters are listed again")
        for i in range(3000):
            self.api.put(CLUSTERS, i, self.api.objects[CLUSTERS][i].replace('"parallelism":8', '"parallelism":4'))
        for i in range(100):
            self.api.put(POLICIES, i, self.full_policy(i, 2))
        self.api.put(NAMESPACES, "payments", namespace("last", tier="prod"))
        wait_for(lambda: self.objects("namespaces") == 2002, 60, "the last change counts")
        cpu = self.webhook.cpu_seconds()
        changed = self.webhook.rss_mib()
        print(f"\nresident: {listed:.1f} MiB listed, {reviewed:.1f} after reviews, {changed:.1f} after changes; "
              f"peak {self.webhook.peak_mib():.1f}; CPU {cpu:.2f} s", file=sys.stderr)
        if not SANITIZED:
            self.assertLessEqual(max(listed, reviewed, changed), RSS_MAX_MIB)

    def full_policy(self, i, generation):
        return policy(
            f"policy-{i}", generation, enforcement="Warn" if i % 2 else "Deny", priority=i,
            match={"namespaceSelector": {"matchLabels": {"team": f"team-{i}"}}, "excludeNamespaces": ["sandbox-*"]},
            images={"allowed": ["registry.example.com/flink/**", f"registry.example.com/team-{i}/*"], "defaultTag": "{flinkVersion}",
                    "tags": {"required": True, "denied": ["latest"], "pattern": "[0-9]*.[0-9]*.[0-9]*-r*"},
                    "flinkVersions": ["1.18..1.20", "2.x"]},
            iamRoles={"required": True, "default": "arn:aws:iam::123456789012:role/{namespace}/{name}",
                      "allowed": ["arn:aws:iam::123456789012:role/{namespace}/*"], "unique": True},
            parallelism={"default": 4, "max": 256, "namespaceTotal": 2000}, jobManager={"replicas": {"default": 2, "min": 2}},
            resources={"taskManager": {"max": {"cpu": "8", "memory": "32Gi"}}},
            flinkConfiguration={"defaults": {"execution.checkpointing.interval": "30s"}, "denied": ["security.*"]},
            storage={"defaultRoot": "s3://flink-{namespace}", "allowed": ["s3://flink-{namespace}/**"]},
            pods={"hostPath": "Deny", "privileged": "Deny", "hostNetwork": "Deny", "serviceAccounts": ["*-flink"]},
            job={"jarSchemes": ["local", "s3"], "requiredLabels": ["team"]},
            exempt=[{"namespace": "payments", "name": "legacy-*", "rules": ["images.tags"], "until": "2027-01-01T00:00:00Z",
                     "reason": "migration"}])


if __name__ == "__main__":
    unittest.main(verbosity=2)
