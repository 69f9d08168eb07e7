# SPDX-License-Identifier: Apache-2.0
"""Flink's HA ConfigMaps on a real API server: who owns them, when they go, and what they tell. And what else a cluster
must find again: children without our label, another's objects under its names."""
import contextlib
import time
import unittest

from lib import (LONG_LEASE, ApiError, ClusterTest, application, audit, condition, highly_available, is_live, session,
                 start_controller, wait_for, writes)
from metadata import LEADER, make_map, map_name, maps, renewal, run_of

JOB = "0123456789abcdef0123456789abcdef"
MANAGED = {"metadata": {"labels": {"app.kubernetes.io/managed-by": None}}}


def slow(seconds):
    return {"metadata": {"annotations": {"dev.sluice.dev/terminate-after": f"{seconds}s"}}}


def owners(obj):
    return [o["uid"] for o in obj["metadata"].get("ownerReferences", [])]


class Kept(ClusterTest):
    """With a controller for its namespace alone: what other tests left doesn't wake it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.start()
        cls.addClassCleanup(lambda: cls.controller.stop())

    @classmethod
    def start(cls):
        cls.controller = start_controller("metadata", f"--namespaces={cls.ns}", lease=LONG_LEASE)


class Metadata(Kept):
    def start_cluster(self, name, make=session, **spec):
        self.apply(make(name, **spec, **highly_available()))
        pods = self.wait_pods(name, 2, 1)
        self.wait_condition(name, "Available", "True")
        return run_of(pods)

    def get(self, name):
        return self.api.get("ConfigMap", self.ns, name)

    def wait_adopted(self, cluster, name):
        uid = self.stored(cluster)["metadata"]["uid"]
        wait_for(lambda: owners(self.get(name)) == [uid], 5, lambda: f"{name} is adopted; it is {self.get(name)}")

    def test_they_are_adopted_and_nothing_else_of_them_is_touched(self):
        run = self.start_cluster("adopt")
        for job in (None, JOB):
            made = make_map(self.api, self.ns, "adopt", run, job=job, host="10.0.0.1")
            name = made["metadata"]["name"]
            self.wait_adopted("adopt", name)
            now = self.get(name)
            self.assertEqual((now["data"], now["metadata"]["labels"], now["metadata"]["annotations"]),
                             (made["data"], made["metadata"]["labels"], made["metadata"]["annotations"]))
            reference = now["metadata"]["ownerReferences"][0]
            self.assertEqual((reference["kind"], reference["controller"]), ("FlinkCluster", True))

    def reconciles(self):
        return self.controller.metric("controller_runtime_reconcile_total{")

    def test_flink_s_own_writes_go_through_and_a_renewal_wakes_nobody(self):
        run = self.start_cluster("renew")
        name = make_map(self.api, self.ns, "renew", run)["metadata"]["name"]
        self.wait_adopted("renew", name)
        time.sleep(1)
        before, began = self.reconciles(), time.time()
        for count in range(30):  # as Flink does: the object that it read, replaced under its version
            seen = self.get(name)
            seen["metadata"]["annotations"][LEADER] = renewal(count)
            self.api.request("PUT", self.api.path("ConfigMap", self.ns, name), seen)
            time.sleep(0.05)
        time.sleep(0.5)
        self.assertEqual(writes(audit(began, self.controller.credential), leases=False), [])
        self.assertLessEqual(self.reconciles() - before, 2)
        self.wait_adopted("renew", name)

    def test_a_leader_is_told_by_its_address(self):
        run = self.start_cluster("lead")
        pods = self.pods("lead", "jobmanager")
        host = wait_for(lambda: self.pods("lead", "jobmanager")[1]["status"].get("podIP"), 5, "the pod has an address")
        make_map(self.api, self.ns, "lead", run, host=host)
        wait_for(lambda: self.stored("lead")["status"]["jobManager"].get("leader") == pods[1]["metadata"]["name"], 5,
                 lambda: f"the second leads: {self.stored('lead')['status']['jobManager']}")

    def test_those_of_a_run_that_is_over_go_after_its_last_pod(self):
        run = self.start_cluster("over", make=application, podTemplate=slow(3))
        foreign = make_map(self.api, self.ns, "over", "zzzz" if run != "zzzz" else "yyyy")["metadata"]["name"]
        for job in (None, JOB):
            self.wait_adopted("over", make_map(self.api, self.ns, "over", run, job=job)["metadata"]["name"])
        self.api.merge("FlinkCluster", self.ns, "over", {"spec": {"image": "registry.example.com/flink/job:1.20.2"}})
        wait_for(lambda: not self.live("over"), 10, "the old pods are asked to end")
        while any(run_of([p]) == run for p in self.pods("over")):
            self.assertEqual(len(maps(self.api, self.ns, "over")), 3)
            time.sleep(0.2)
        wait_for(lambda: [m["metadata"]["name"] for m in maps(self.api, self.ns, "over")] == [foreign], 5,
                 "the old run's ConfigMaps are gone, another's stands")
        self.assertEqual(owners(self.get(foreign)), [])
        self.assertNotEqual(run_of(self.wait_pods("over", 2, 1)), run)

    def test_anothers_under_a_name_of_ours_is_left_alone(self):
        run = self.start_cluster("foreign")
        holder = self.api.create("ConfigMap", self.ns, {"metadata": {"name": "holder"}})
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "holder", "uid": holder["metadata"]["uid"],
                 "controller": True}
        made = make_map(self.api, self.ns, "foreign", run, owner=owner)
        time.sleep(1)
        self.assertEqual(self.get(made["metadata"]["name"])["metadata"]["resourceVersion"],
                         made["metadata"]["resourceVersion"])
        self.api.delete("FlinkCluster", self.ns, "foreign")
        wait_for(lambda: self.stored("foreign") is None, 20, "the cluster is gone")
        self.assertIsNotNone(self.get(map_name("foreign", run)))


class Strays(Kept):
    def test_children_that_lost_their_label_while_nobody_watched_are_found(self):
        self.apply(session("lost", 2))
        # Later attempts: a new pod of theirs would not simply meet the old one's name. One that goes before the
        # controller has seen it end leaves its name to the next.
        self.wait_pods("lost", 1, 2)

        def delete_first_attempts():
            names = self.pod_names("lost")
            for name in names:
                if name.endswith("-0"):
                    with contextlib.suppress(ApiError):  # it may have gone just now
                        self.api.delete("Pod", self.ns, name)
            return len(names) == 3 and all(name.endswith("-1") for name in names)
        wait_for(delete_first_attempts, 15, "all pods are second attempts")
        uids = {p["metadata"]["uid"] for p in self.wait_pods("lost", 1, 2)}
        self.controller.stop()
        for pod in self.pods("lost"):
            self.api.merge("Pod", self.ns, pod["metadata"]["name"], MANAGED)
        self.api.merge("ControllerRevision", self.ns, "lost-r1", MANAGED)
        type(self).start()

        def found():
            selector = "app.kubernetes.io/managed-by=sluice,sluice.dev/cluster=lost"
            return ({p["metadata"]["uid"] for p in self.api.list("Pod", self.ns, selector)} == uids and
                    self.api.list("ControllerRevision", self.ns, selector))
        wait_for(found, 15, lambda: f"all have their label: {self.pod_names('lost')}")
        time.sleep(1)
        self.assertEqual({p["metadata"]["uid"] for p in self.pods("lost")}, uids)
        self.assertIsNone(self.api.get("ControllerRevision", self.ns, "lost-r2"))

    def test_a_record_that_loses_its_label_starts_nothing(self):
        self.apply(application("record"))
        uids = {p["metadata"]["uid"] for p in self.wait_pods("record", 1, 1)}
        self.api.merge("ControllerRevision", self.ns, "record-r1", {"metadata": {"labels": None}})
        wait_for(lambda: self.api.get("ControllerRevision", self.ns, "record-r1")["metadata"].get("labels", {})
                 .get("sluice.dev/cluster") == "record", 10, "its labels are back")
        time.sleep(1)
        self.assertEqual({p["metadata"]["uid"] for p in self.pods("record")}, uids)
        self.assertIsNone(self.api.get("ControllerRevision", self.ns, "record-r2"))

    def test_another_s_object_under_a_name_of_ours_is_reported_and_left(self):
        self.api.create("Service", self.ns, {"metadata": {"name": "taken-rest"}, "spec": {"ports": [{"port": 80}]}})
        before = self.api.get("Service", self.ns, "taken-rest")
        self.apply(session("taken"))
        self.wait_condition("taken", "Stalled", "True", reason="ForeignObject")
        wait_for(lambda: len([p for p in self.pods("taken") if is_live(p)]) == 2, 15, "all else is made")
        self.assertIn("taken-rest", condition(self.stored("taken"), "Stalled")["message"])
        self.assertEqual(self.api.get("Service", self.ns, "taken-rest"), before)
        self.api.delete("FlinkCluster", self.ns, "taken")
        wait_for(lambda: self.stored("taken") is None, 20, "the cluster is gone")
        self.assertEqual(self.api.get("Service", self.ns, "taken-rest"), before)


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
