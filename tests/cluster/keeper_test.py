# SPDX-License-Identifier: Apache-2.0
"""The keeper on a real API server: what a FlinkCluster becomes, that it stays so, and what a change of it does."""
import time
import unittest

from judge import Recorder, breaches
from lib import (ClusterTest, application, audit, highly_available, is_live, session, shell,
                 start_controller, wait_for, writes)

controller = None


def setUpModule():
    global controller
    controller = start_controller("keeper")


def tearDownModule():
    controller.stop()


def revision_of(pod):
    return pod["metadata"]["labels"]["sluice.dev/revision"]


def image_of(pod):
    return pod["spec"]["containers"][0]["image"]


class Children(ClusterTest):
    def test_an_application_with_ha_has_exactly_its_children(self):
        made = self.apply(application("fraud", mode="Savepoint", taskManager={"replicas": 2}, parallelism=2,
                                      **highly_available()))
        pods = self.wait_pods("fraud", 2, 2)
        self.wait_condition("fraud", "Ready", "True")
        uid, rev = made["metadata"]["uid"], revision_of(pods[0])
        self.assertEqual(self.children(uid), sorted([
            "ControllerRevision/fraud-r1", f"ConfigMap/fraud-{rev}", "ServiceAccount/fraud-flink", "RoleBinding/fraud-flink",
            "Service/fraud-rest", "Service/fraud-jobmanager", "PodDisruptionBudget/fraud-jobmanager",
            f"Pod/fraud-jm-{rev}-0-0", f"Pod/fraud-jm-{rev}-1-0", f"Pod/fraud-tm-{rev}-0-0", f"Pod/fraud-tm-{rev}-1-0"]))
        for pod in pods:
            self.check_pod(pod, "fraud", uid)
        self.assertEqual(pods[0]["spec"]["restartPolicy"], "OnFailure")
        self.assertEqual(pods[0]["spec"]["containers"][0]["args"][0], "standalone-job")
        self.assertEqual(pods[2]["spec"]["containers"][0]["args"][0], "taskmanager")
        budget = self.api.get("PodDisruptionBudget", self.ns, "fraud-jobmanager")
        self.assertEqual(budget["spec"]["minAvailable"], 1)
        binding = self.api.get("RoleBinding", self.ns, "fraud-flink")
        self.assertEqual(binding["roleRef"], {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                                              "name": "sluice-flink-ha"})

    def test_a_session_cluster_without_ha_has_exactly_its_children(self):
        made = self.apply(session("play", 2))
        pods = self.wait_pods("play", 1, 2)
        uid, rev = made["metadata"]["uid"], revision_of(pods[0])
        self.assertEqual(self.children(uid), sorted([
            "ControllerRevision/play-r1", f"ConfigMap/play-{rev}", "ServiceAccount/play-flink", "RoleBinding/play-flink",
            "Service/play-rest", "Service/play-jobmanager",
            f"Pod/play-jm-{rev}-0-0", f"Pod/play-tm-{rev}-0-0", f"Pod/play-tm-{rev}-1-0"]))
        for pod in pods:
            self.check_pod(pod, "play", uid)
        self.assertEqual(pods[0]["spec"]["restartPolicy"], "Never")
        self.assertEqual(pods[1]["spec"]["restartPolicy"], "OnFailure")
        self.assertEqual(pods[0]["spec"]["containers"][0]["args"][0], "jobmanager")

    def check_pod(self, pod, name, uid):
        owner = pod["metadata"]["ownerReferences"]
        self.assertEqual([(o["kind"], o["name"], o["uid"], o["controller"], o["blockOwnerDeletion"]) for o in owner],
                         [("FlinkCluster", name, uid, True, True)])
        role = "jobmanager" if "-jm-" in pod["metadata"]["name"] else "taskmanager"
        wanted = {"app.kubernetes.io/name": "flink", "app.kubernetes.io/instance": name,
                  "app.kubernetes.io/component": role, "app.kubernetes.io/managed-by": "sluice",
                  "sluice.dev/cluster": name, "sluice.dev/component": role}
        self.assertEqual({k: pod["metadata"]["labels"].get(k) for k in wanted}, wanted)
        self.assertEqual(pod["spec"]["serviceAccountName"], f"{name}-flink")

    def test_kubectl_waits_for_readiness_and_prints_columns(self):
        self.apply(session("waited"))
        shell(f"sluice_dev_kubectl wait -n {self.ns} --for=condition=Ready flinkcluster/waited --timeout=20s")
        stored = self.stored("waited")
        self.assertEqual([c["type"] for c in stored["status"]["conditions"]],
                         ["Ready", "Reconciling", "Stalled", "Accepted", "Available", "JobRunning", "Degraded"])
        self.assertEqual(stored["status"]["observedGeneration"], stored["metadata"]["generation"])
        line = shell(f"sluice_dev_kubectl get -n {self.ns} flinkcluster waited --no-headers").split()
        self.assertEqual(line[:2] + line[-4:-1], ["waited", "Running", "1.20", "1", "1"])

    def test_everything_goes_with_the_cluster(self):
        made = self.apply(application("gone", taskManager={"replicas": 2}, parallelism=2, **highly_available()))
        self.wait_pods("gone", 2, 2)
        self.wait_condition("gone", "Ready", "True")
        time.sleep(0.5)
        began = time.time()
        self.api.delete("FlinkCluster", self.ns, "gone")
        wait_for(lambda: not self.children(made["metadata"]["uid"]), 30,
                 lambda: f"all children go: {self.children(made['metadata']['uid'])}")
        # Its pods end first, then the finalizer goes; the garbage collector does the rest.
        mine = [w for w in writes(audit(began, controller.credential), leases=False) if "/gone" in w]
        self.assertEqual(sum(" delete " in w and "/pods/gone-" in w for w in mine), 4, mine)
        self.assertEqual([w for w in mine if " delete " in w and "/pods/" not in w], [])
        self.assertIn("/flinkclusters/gone?", mine[-1])


class Replacement(ClusterTest):
    def break_pod(self, pod, reason):
        self.api.merge("Pod", self.ns, pod, {"metadata": {"annotations": {"dev.sluice.dev/fail": reason}}})

    def wait_pod(self, name, seconds=20):
        def up():
            pod = self.api.get("Pod", self.ns, name)
            return pod if pod and is_live(pod) else None
        return wait_for(up, seconds, f"pod {name} is there")

    def test_deleted_pods_come_back_as_the_next_attempt(self):
        slow = {"metadata": {"annotations": {"dev.sluice.dev/terminate-after": "1s"}}}
        self.apply(session("del", 1, podTemplate=slow, **highly_available()))
        rev = revision_of(self.wait_pods("del", 2, 1)[0])
        for role in ("tm", "jm"):
            self.api.delete("Pod", self.ns, f"del-{role}-{rev}-0-0")
            self.wait_pod(f"del-{role}-{rev}-0-1", 5)
        self.wait_pods("del", 2, 1)
        self.wait_event("del", "PodDeleted", f"del-tm-{rev}-0-0: deleted")

    def test_a_pod_that_is_gone_at_once_comes_back_too(self):
        self.apply(session("force"))
        old = {p["metadata"]["uid"] for p in self.wait_pods("force", 1, 1)}
        for pod in self.pod_names("force"):
            self.api.delete("Pod", self.ns, pod, {"gracePeriodSeconds": 0})
        wait_for(lambda: old.isdisjoint(p["metadata"]["uid"] for p in self.pods("force")), 10, "the old pods are gone")
        self.wait_pods("force", 1, 1)

    def test_a_lone_job_manager_is_replaced_only_when_it_is_gone(self):
        template = {"metadata": {"annotations": {"dev.sluice.dev/terminate-after": "3s"}}}
        self.apply(session("lone", jobManager={"podTemplate": template}))
        rev = revision_of(self.wait_pods("lone", 1, 1)[0])
        recorder = Recorder(self.api, self.ns)
        before = time.monotonic()
        self.api.delete("Pod", self.ns, f"lone-jm-{rev}-0-0")
        self.wait_pod(f"lone-jm-{rev}-0-1", 10)
        self.assertGreater(time.monotonic() - before, 2.5)
        self.wait_pods("lone", 1, 1)
        self.assertEqual(breaches(recorder.history()), [])

    def test_failed_and_evicted_pods_are_replaced_and_the_reason_is_told(self):
        self.apply(session("fail", 2))
        rev = revision_of(self.wait_pods("fail", 1, 2)[0])
        self.break_pod(f"fail-tm-{rev}-0-0", "OOMKilled")
        self.break_pod(f"fail-tm-{rev}-1-0", "Evicted")
        self.break_pod(f"fail-jm-{rev}-0-0", "Error")
        for name in (f"fail-tm-{rev}-0-1", f"fail-tm-{rev}-1-1", f"fail-jm-{rev}-0-1"):
            self.wait_pod(name, 5)
        self.wait_event("fail", "PodFailed", f"fail-tm-{rev}-0-0: OOMKilled, exit code 137")
        self.wait_event("fail", "PodFailed", f"fail-tm-{rev}-1-0: Evicted: The node was low on resource memory")
        self.wait_event("fail", "PodFailed", f"fail-jm-{rev}-0-0: Error, exit code 1")
        self.wait_pods("fail", 1, 2)
        self.wait_condition("fail", "Ready", "True")

    def test_the_second_failure_in_a_row_waits_also_over_a_restart(self):
        global controller
        self.apply(session("again"))
        rev = revision_of(self.wait_pods("again", 1, 1)[0])
        self.break_pod(f"again-tm-{rev}-0-0", "Error")
        self.wait_pod(f"again-tm-{rev}-0-1")
        self.wait_pods("again", 1, 1)
        self.break_pod(f"again-tm-{rev}-0-1", "Error")
        self.wait_condition("again", "Degraded", "True", reason="PodsFailing")
        controller.stop()
        controller = start_controller("keeper")
        ended = self.api.get("Pod", self.ns, f"again-tm-{rev}-0-1")
        ended = ended["status"]["containerStatuses"][0]["state"]["terminated"]["finishedAt"]
        born = self.wait_pod(f"again-tm-{rev}-0-2", 20)["metadata"]["creationTimestamp"]
        seconds = [time.mktime(time.strptime(t, "%Y-%m-%dT%H:%M:%SZ")) for t in (ended, born)]
        self.assertGreaterEqual(seconds[1] - seconds[0], 10)
        self.assertLessEqual(seconds[1] - seconds[0], 13)
        self.wait_pods("again", 1, 1)

    def test_labels_taken_off_a_pod_or_service_come_back(self):
        slow = {"metadata": {"annotations": {"dev.sluice.dev/terminate-after": "1s"}}}
        self.apply(session("label", 2, podTemplate=slow))
        # Later attempts: a new pod of theirs would not simply meet the old one's name.
        for pod in self.wait_pods("label", 1, 2):
            self.api.delete("Pod", self.ns, pod["metadata"]["name"])
        wait_for(lambda: all(p.endswith("-1") for p in self.pod_names("label")), 15, "all pods are second attempts")
        pods = self.wait_pods("label", 1, 2)
        strip = {"metadata": {"labels": {"app.kubernetes.io/managed-by": None}}}
        recorder = Recorder(self.api, self.ns)
        for pod in pods:
            self.api.merge("Pod", self.ns, pod["metadata"]["name"], strip)
            self.api.merge("Pod", self.ns, pod["metadata"]["name"], {"metadata": {"labels": {"sluice.dev/run": "mine"}}})
        self.api.merge("Service", self.ns, "label-rest", strip)

        def mended():
            all_of = self.api.list("Pod", self.ns, "sluice.dev/cluster=label,app.kubernetes.io/managed-by=sluice")
            service = self.api.get("Service", self.ns, "label-rest")
            return (sorted(p["metadata"]["uid"] for p in all_of) == sorted(p["metadata"]["uid"] for p in pods) and
                    all(p["metadata"]["labels"]["sluice.dev/run"] != "mine" for p in all_of) and
                    service["metadata"]["labels"].get("app.kubernetes.io/managed-by") == "sluice")
        wait_for(mended, 20, lambda: [(p["metadata"]["name"], p["metadata"]["labels"]) for p in self.pods("label")])
        found = [b for b in breaches(recorder.history()) if "two runs" not in b]
        self.assertEqual(found, [])


class Change(ClusterTest):
    def scale(self, name, replicas):
        self.api.request("PATCH", self.api.path("FlinkCluster", self.ns, name) + "/scale",
                         {"spec": {"replicas": replicas}}, "application/merge-patch+json")

    def delete_pod(self, pod):
        name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
        self.api.delete("Pod", self.ns, name)
        # When it was gone before the controller saw it go, the next one has its name.
        wait_for(lambda: (self.api.get("Pod", self.ns, name) or pod)["metadata"]["uid"] != uid or
                 not self.api.get("Pod", self.ns, name), 10, f"pod {name} is gone")

    def test_scale_makes_and_takes_exactly_the_task_managers(self):
        self.apply(session("scaled", 1))
        before = {p["metadata"]["uid"] for p in self.wait_pods("scaled", 1, 1)}
        recorder = Recorder(self.api, self.ns)
        shell(f"sluice_dev_kubectl scale -n {self.ns} flinkcluster scaled --replicas=4")
        self.wait_pods("scaled", 1, 4)
        self.scale("scaled", 2)
        pods = self.wait_pods("scaled", 1, 2)
        self.assertLessEqual(before, {p["metadata"]["uid"] for p in pods})
        self.assertRegex(pods[2]["metadata"]["name"], "-tm-[0-9a-f]+-1-0$")
        self.wait_condition("scaled", "Ready", "True")
        self.assertEqual(breaches(recorder.history()), [])

    def test_a_stateless_change_rolls_without_two_runs_at_once(self):
        slow = {"metadata": {"annotations": {"dev.sluice.dev/terminate-after": "1s"}}}
        self.apply(application("roll", podTemplate=slow, taskManager={"replicas": 2}, parallelism=2))
        old = self.wait_pods("roll", 1, 2)
        recorder = Recorder(self.api, self.ns)
        self.api.merge("FlinkCluster", self.ns, "roll", {"spec": {"image": "registry.example.com/flink/job:1.20.2"}})
        wait_for(lambda: all(image_of(p).endswith("1.20.2") for p in self.pods("roll")) and self.pods("roll"), 20,
                 "pods of the new image alone")
        new = self.wait_pods("roll", 1, 2)
        self.assertNotEqual(revision_of(old[0]), revision_of(new[0]))
        for service in ("roll-rest", "roll-jobmanager"):
            def follows():
                selector = self.api.get("Service", self.ns, service)["spec"]["selector"]
                return all(new[0]["metadata"]["labels"].get(k) == v for k, v in selector.items())
            wait_for(follows, 5, f"{service} selects the new JobManager")
        self.wait_condition("roll", "Ready", "True")
        self.assertEqual(breaches(recorder.history()), [])
        names = [o["metadata"]["name"] for o in self.api.list("ConfigMap", self.ns, "sluice.dev/cluster=roll")]
        self.assertEqual(names, [f"roll-{revision_of(new[0])}"])

    def test_a_change_that_must_carry_state_waits(self):
        self.apply(application("state", mode="Savepoint", **highly_available()))
        old = {p["metadata"]["uid"] for p in self.wait_pods("state", 2, 1)}
        self.wait_condition("state", "Ready", "True")
        self.api.merge("FlinkCluster", self.ns, "state", {"spec": {"image": "registry.example.com/flink/job:1.20.2"}})
        self.wait_condition("state", "Reconciling", "True", reason="WaitingForUpgradeSupport")
        self.wait_condition("state", "Ready", "False")
        self.wait_event("state", "ChangeWaits")
        self.assertEqual({p["metadata"]["uid"] for p in self.pods("state")}, old)
        # What runs is kept meanwhile, in full.
        self.delete_pod(self.pods("state", "taskmanager")[0])
        pods = self.wait_pods("state", 2, 1)
        self.assertTrue(all(image_of(p).endswith("1.20.1") for p in pods))
        self.api.merge("FlinkCluster", self.ns, "state", {"spec": {"image": "registry.example.com/flink/job:1.20.1"}})
        self.wait_condition("state", "Ready", "True")

    def test_a_stateless_job_is_suspended_and_resumed(self):
        self.apply(application("pause"))
        run = self.wait_pods("pause", 1, 1)[0]["metadata"]["labels"]["sluice.dev/run"]
        self.api.merge("FlinkCluster", self.ns, "pause", {"spec": {"job": {"state": "Suspended"}}})
        wait_for(lambda: not self.pods("pause"), 15, "the pods go")
        self.wait_condition("pause", "Ready", "True", reason="Suspended")
        self.api.merge("FlinkCluster", self.ns, "pause", {"spec": {"job": {"state": "Running"}}})
        again = self.wait_pods("pause", 1, 1)[0]["metadata"]["labels"]["sluice.dev/run"]
        self.assertNotEqual(run, again)

    def test_what_came_around_the_webhook_is_judged_all_the_same(self):
        self.apply(session("kept"))
        old = {p["metadata"]["uid"] for p in self.wait_pods("kept", 1, 1)}
        self.wait_condition("kept", "Ready", "True")
        with self.without_webhooks():
            bad = application("around", image="Bad Image", parallelism=9, taskManager={"replicas": 1, "slots": 2})
            self.apply(bad)
            self.api.merge("FlinkCluster", self.ns, "kept", {"spec": {"image": "Bad Image"}})
            c = self.wait_condition("around", "Accepted", "False")
            self.assertIn("spec.image", c["message"])
            self.assertIn("spec.parallelism", c["message"])
            self.wait_event("around", "NotAccepted", "spec.image")
            self.assertEqual(self.stored("around")["status"]["phase"], "Rejected")
            self.wait_condition("kept", "Accepted", "False")
            self.wait_condition("kept", "Ready", "False")
        self.assertEqual(self.children(self.stored("around")["metadata"]["uid"]), [])
        # The last accepted generation is kept in full.
        self.assertEqual({p["metadata"]["uid"] for p in self.pods("kept")}, old)
        self.delete_pod(self.pods("kept", "taskmanager")[0])
        self.assertEqual({image_of(p) for p in self.wait_pods("kept", 1, 1)}, {"flink:1.20.1"})
        self.api.merge("FlinkCluster", self.ns, "kept", {"spec": {"image": "flink:1.20.1"}})
        self.wait_condition("kept", "Ready", "True")


    def test_what_is_no_longer_asked_for_goes(self):
        self.apply(session("less", **highly_available()))
        self.wait_pods("less", 2, 1)
        uid = self.stored("less")["metadata"]["uid"]
        gone = [c for c in self.children(uid) if c.startswith(("ConfigMap/", "Pod/"))]
        gone += ["ServiceAccount/less-flink", "PodDisruptionBudget/less-jobmanager"]
        self.assertLessEqual(set(gone), set(self.children(uid)))
        for kind, name in (("Service", "less-rest"), ("RoleBinding", "less-flink")):  # as an older Sluice may have left some
            other = self.api.get(kind, self.ns, name)
            other["metadata"] = {k: other["metadata"][k] for k in ("labels", "ownerReferences")} | {"name": "less-older"}
            other.get("spec", {}).pop("clusterIP", None), other.get("spec", {}).pop("clusterIPs", None)
            self.api.create(kind, self.ns, other)
            gone.append(f"{kind}/less-older")
        self.api.request("POST", f"/api/v1/namespaces/{self.ns}/serviceaccounts", {"metadata": {"name": "mine"}})
        self.api.merge("FlinkCluster", self.ns, "less", {"spec": {"jobManager": {"replicas": 1}, "serviceAccountName": "mine"}})
        wait_for(lambda: not set(gone) & set(self.children(uid)), 30, lambda: set(gone) & set(self.children(uid)))
        self.assertEqual([p["spec"]["serviceAccountName"] for p in self.wait_pods("less", 1, 1)], ["mine", "mine"])
        self.assertEqual([s["name"] for s in self.api.get("RoleBinding", self.ns, "less-flink")["subjects"]], ["mine"])

    def test_records_are_kept_up_to_a_number(self):
        self.apply(application("old"))
        self.wait_pods("old", 1, 1)
        self.api.merge("FlinkCluster", self.ns, "old", {"spec": {"job": {"state": "Suspended"}}})
        for nonce in range(1, 13):
            self.api.merge("FlinkCluster", self.ns, "old", {"spec": {"restartNonce": nonce}})
            self.wait_condition("old", "Accepted", "True")
        uid = self.stored("old")["metadata"]["uid"]

        def numbers():
            return sorted(int(k.rpartition("-r")[2]) for k in self.children(uid) if k.startswith("ControllerRevision/"))
        last = int(self.stored("old")["status"]["accepted"]["revision"].rpartition("-r")[2])
        wait_for(lambda: numbers() == list(range(last - 10, last + 1)), 10, lambda: f"the newest and ten others: {numbers()}")


class Drift(ClusterTest):
    def test_a_label_taken_off_any_child_comes_back(self):
        self.apply(session("bare", **highly_available()))
        self.wait_pods("bare", 2, 1)
        self.wait_condition("bare", "Ready", "True")
        uid = self.stored("bare")["metadata"]["uid"]
        strip = {"metadata": {"labels": {"app.kubernetes.io/managed-by": None}}}
        children = self.children(uid)
        for child in children:
            kind, name = child.split("/")
            before = self.api.merge(kind, self.ns, name, strip)

            def mended():
                now = self.api.get(kind, self.ns, name)
                return (now["metadata"]["uid"] == before["metadata"]["uid"]
                        and now["metadata"]["labels"].get("app.kubernetes.io/managed-by") == "sluice")
            wait_for(mended, 15, f"{child} has its label again")
        self.assertEqual(self.children(uid), children)

    def test_deleted_children_come_back(self):
        self.apply(application("lost", mode="Savepoint", **highly_available()))
        rev = revision_of(self.wait_pods("lost", 2, 1)[0])
        pods = {p["metadata"]["uid"] for p in self.pods("lost")}
        for kind, name in (("ConfigMap", f"lost-{rev}"), ("ServiceAccount", "lost-flink"), ("RoleBinding", "lost-flink"),
                           ("Service", "lost-rest"), ("Service", "lost-jobmanager"),
                           ("PodDisruptionBudget", "lost-jobmanager")):
            old = self.api.get(kind, self.ns, name)
            self.api.delete(kind, self.ns, name)
            again = wait_for(lambda: (lambda o: o if o and o["metadata"]["uid"] != old["metadata"]["uid"] else None)(
                self.api.get(kind, self.ns, name)), 10, f"{kind} {name} comes back")
            for part in ("data", "spec", "roleRef", "subjects"):
                old.get("spec", {}).pop("clusterIP", None), again.get("spec", {}).pop("clusterIP", None)
                old.get("spec", {}).pop("clusterIPs", None), again.get("spec", {}).pop("clusterIPs", None)
                self.assertEqual(old.get(part), again.get(part))
        self.assertEqual({p["metadata"]["uid"] for p in self.pods("lost")}, pods)

    def test_edited_fields_are_set_right_and_additions_stay(self):
        self.apply(application("edit", mode="Savepoint", **highly_available()))
        self.wait_pods("edit", 2, 1)
        edits = (
            ("Service", "edit-rest", {"spec": {"selector": {"sluice.dev/cluster": "other"}}},
             lambda o: o["spec"]["selector"]["sluice.dev/cluster"] == "edit"),
            ("PodDisruptionBudget", "edit-jobmanager", {"spec": {"minAvailable": 2}},
             lambda o: o["spec"]["minAvailable"] == 1),
            ("RoleBinding", "edit-flink", {"subjects": []}, lambda o: len(o.get("subjects", [])) == 1),
            ("ServiceAccount", "edit-flink", {"metadata": {"labels": {"sluice.dev/cluster": "other"}}},
             lambda o: o["metadata"]["labels"]["sluice.dev/cluster"] == "edit"),
        )
        for kind, name, patch, right in edits:
            patch = {**patch, "metadata": {**patch.get("metadata", {}), "annotations": {"example.com/mine": "stays"}}}
            self.api.merge(kind, self.ns, name, patch)
            wait_for(lambda: right(self.api.get(kind, self.ns, name)), 10, f"{kind} {name} is set right")
            self.assertEqual(self.api.get(kind, self.ns, name)["metadata"]["annotations"]["example.com/mine"], "stays")

    def test_a_foreign_object_is_left_alone_and_told(self):
        foreign = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "taken-rest"},
                   "spec": {"ports": [{"port": 80}]}}
        before = self.api.create("Service", self.ns, foreign)
        self.apply(session("taken"))
        c = self.wait_condition("taken", "Stalled", "True", reason="ForeignObject")
        self.assertIn("taken-rest", c["message"])
        self.wait_event("taken", "ChildRefused", "taken-rest")
        self.wait_pods("taken", 1, 1)  # it holds nothing else back
        self.wait_condition("taken", "Ready", "False")
        now = self.api.get("Service", self.ns, "taken-rest")
        self.assertEqual(now["metadata"]["resourceVersion"], before["metadata"]["resourceVersion"])
        self.api.delete("Service", self.ns, "taken-rest")
        wait_for(lambda: (self.api.get("Service", self.ns, "taken-rest") or {}).get("metadata", {}).get("ownerReferences"),
                 30, "the Service is made once the name is free")
        self.wait_condition("taken", "Ready", "True")

    def test_no_pod_runs_as_an_account_that_was_there_before(self):
        role = {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/admin"}
        self.api.create("ServiceAccount", self.ns, {
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "team-flink", "annotations": role}})
        self.apply(session("team"))
        self.wait_condition("team", "Stalled", "True", reason="ForeignObject")
        self.wait_event("team", "ChildRefused", "team-flink")
        time.sleep(3)
        self.assertEqual(self.pods("team"), [])
        self.api.delete("ServiceAccount", self.ns, "team-flink")
        self.wait_pods("team", 1, 1)
        self.assertNotIn("annotations", self.api.get("ServiceAccount", self.ns, "team-flink")["metadata"])


class Silence(ClusterTest):
    def test_the_same_state_needs_no_write_also_over_a_restart(self):
        global controller
        self.apply(application("ha", mode="Savepoint", **highly_available()))
        self.apply(session("plain", 2))
        self.apply(application("bare"))
        for name, job_managers, task_managers in (("ha", 2, 1), ("plain", 1, 2), ("bare", 1, 1)):
            self.wait_pods(name, job_managers, task_managers)
            self.wait_condition(name, "Ready", "True")
        time.sleep(1)
        began = time.time()
        time.sleep(2)
        controller.stop()
        controller = start_controller("keeper", "--resync=10s")
        time.sleep(11.5)  # a resync is among it
        ours = [w for w in writes(audit(began), leases=False) if f"/namespaces/{self.ns}/" in w]
        self.assertEqual(ours, [])


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
