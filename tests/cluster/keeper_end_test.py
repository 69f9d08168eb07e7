# SPDX-License-Identifier: Apache-2.0
"""The end of a FlinkCluster on a real API server: in order, in time, and with nothing of it left but its storage."""
import time
import unittest

from lib import (LEASE, LONG_LEASE, NAME, ROOT, ApiError, ClusterTest, application, audit, highly_available, is_live, session,
                 shell, start_controller, wait_for, writes)
from metadata import FINALIZER, make_map, maps, run_of

LONG, SHORT = 90, 8  # seconds that a deletion may take
controller = None


def restart(timeout=LONG):
    global controller
    if controller is not None and controller.runs():
        controller.stop()
    controller = start_controller("end", f"--deletion-timeout={timeout}s", lease=LONG_LEASE)


def setUpModule():
    restart()


def tearDownModule():
    controller.stop()


def slow(seconds):
    return {"metadata": {"annotations": {"dev.sluice.dev/terminate-after": f"{seconds}s"}}}


class EndTest(ClusterTest):
    def start_cluster(self, name, seconds=1, job_managers=2):
        """A cluster whose pods take SECONDS to end, with its HA ConfigMaps; its run."""
        self.apply(session(name, podTemplate=slow(seconds), **highly_available(job_managers)))
        self.wait_pods(name, job_managers, 1)
        run = run_of(self.pods(name))
        make_map(self.api, self.ns, name, run)
        make_map(self.api, self.ns, name, run, job="0123456789abcdef0123456789abcdef")
        return run

    def delete(self, name, **options):
        self.api.delete("FlinkCluster", self.ns, name, options or None)

    def wait_gone(self, name, seconds=10):
        wait_for(lambda: self.stored(name) is None, seconds, lambda: f"{name} is gone; it is {self.stored(name)}")

    def names(self, name):
        return [m["metadata"]["name"] for m in maps(self.api, self.ns, name)]


class Order(EndTest):
    def test_pods_end_then_metadata_go_then_the_cluster(self):
        run = self.start_cluster("order", 3)
        foreign = make_map(self.api, self.ns, "order", "zzzz" if run != "zzzz" else "yyyy")["metadata"]["name"]
        self.assertEqual(self.stored("order")["metadata"]["finalizers"], [FINALIZER])
        self.delete("order")
        wait_for(lambda: not self.live("order"), 5, "all pods are asked to end")
        wait_for(lambda: self.stored("order").get("status", {}).get("phase") == "Deleting", 3, "the status tells it")
        while self.pods("order"):
            self.assertEqual(len(self.names("order")), 3)
            time.sleep(0.2)
        self.wait_gone("order", 5)
        self.assertEqual(self.names("order"), [foreign])
        self.wait_event("order", "Deleted", f"s3://flink-state/{self.ns}/order")

    def test_the_finalizer_is_there_before_the_record(self):
        began = time.time()
        self.apply(session("early"))
        self.wait_pods("early", 1, 1)
        mine = [w for w in writes(audit(began, controller.credential), leases=False) if "early" in w or "revisions" in w]
        self.assertIn(" patch ", mine[0])
        self.assertIn("/flinkclusters/early?", mine[0])

    def test_a_namesake_begins_with_other_metadata(self):
        old = self.start_cluster("again")
        uid = self.stored("again")["metadata"]["uid"]
        self.delete("again")
        self.wait_gone("again")
        made = self.apply(session("again", **highly_available()))
        self.wait_pods("again", 2, 1)
        self.assertNotEqual(made["metadata"]["uid"], uid)
        self.assertNotEqual(run_of(self.pods("again")), old)
        self.assertEqual(self.names("again"), [])

    def test_foreground_takes_everything_too(self):
        self.start_cluster("front")
        self.delete("front", propagationPolicy="Foreground")
        self.wait_gone("front", 15)
        self.assertEqual(self.pods("front"), [])
        wait_for(lambda: not self.names("front"), 5, "its HA ConfigMaps are gone")

    def test_orphans_are_left_as_they_are(self):
        self.start_cluster("orphans")
        uids = {p["metadata"]["uid"] for p in self.pods("orphans")}
        self.delete("orphans", propagationPolicy="Orphan")
        self.wait_gone("orphans")
        self.assertEqual({p["metadata"]["uid"] for p in self.live("orphans")}, uids)
        self.assertEqual(len(self.names("orphans")), 2)
        for pod in self.pods("orphans"):
            self.assertNotIn("ownerReferences", pod["metadata"])


class NeverEnding(EndTest):
    def test_the_time_out_ends_the_waiting(self):
        restart(SHORT)
        self.addCleanup(restart)
        self.start_cluster("stuck", 600)
        before = time.monotonic()
        self.delete("stuck")
        time.sleep(SHORT - 3)
        self.assertIsNotNone(self.stored("stuck"))
        self.wait_gone("stuck", 15)
        self.assertGreaterEqual(time.monotonic() - before, SHORT - 1)  # deletionTimestamp has whole seconds
        self.wait_event("stuck", "DeletionCutShort", "stuck-jm-")

    def test_the_annotation_ends_it_at_once(self):
        self.start_cluster("force", 600)
        self.delete("force")
        wait_for(lambda: not self.live("force"), 5, "all pods are asked to end")
        self.api.merge("FlinkCluster", self.ns, "force", {"metadata": {"annotations": {"sluice.dev/force-delete": "true"}}})
        self.wait_gone("force", 3)
        self.wait_event("force", "DeletionCutShort", "sluice.dev/force-delete")

    def test_a_pod_without_labels_is_waited_for(self):
        self.start_cluster("hidden")
        victim = self.pods("hidden", "jobmanager")[0]["metadata"]["name"]
        controller.stop()
        self.api.merge("Pod", self.ns, victim, {"metadata": {"labels": {"app.kubernetes.io/managed-by": None}}})
        self.delete("hidden")
        restart()
        self.wait_gone("hidden")
        self.assertIsNone(self.api.get("Pod", self.ns, victim))
        self.assertEqual(self.names("hidden"), [])


class Outages(EndTest):
    def test_another_controller_goes_on_with_it(self):
        self.start_cluster("killed", 3)
        self.delete("killed")
        wait_for(lambda: not self.live("killed"), 5, "all pods are asked to end")
        controller.kill()
        # The Lease of the killed one would stand for all its time.
        self.api.request("DELETE", LEASE)
        restart()
        self.wait_gone("killed")
        self.assertEqual(self.names("killed"), [])

    def test_without_a_controller_it_waits_and_a_person_can_end_it(self):
        self.start_cluster("alone")
        controller.stop()
        self.delete("alone")
        time.sleep(2)
        self.assertEqual(len(self.live("alone")), 3)
        self.api.merge("FlinkCluster", self.ns, "alone", {"metadata": {"finalizers": None}})
        self.wait_gone("alone", 2)
        wait_for(lambda: not self.pods("alone"), 30, "the garbage collector takes its pods")
        restart()

    def test_the_api_server_may_be_away_meanwhile(self):
        self.start_cluster("outage", 3)
        self.delete("outage")
        shell(f"'{ROOT}/dev/cluster' restart-apiserver --name {NAME}")
        self.wait_gone("outage", 40)
        self.assertEqual(self.names("outage"), [])

    def test_a_namespace_that_ends_takes_it_along(self):
        ns = self.ns + "-2"
        self.api.request("POST", "/api/v1/namespaces", {"metadata": {"name": ns}})
        self.api.create("FlinkCluster", ns, application("inner", podTemplate=slow(2), **highly_available()))
        wait_for(lambda: sum(map(is_live, self.api.list("Pod", ns))) == 3, 15, "the pods are there")
        make_map(self.api, ns, "inner", run_of(self.api.list("Pod", ns)))
        self.api.request("DELETE", f"/api/v1/namespaces/{ns}")

        def gone():
            try:
                self.api.request("GET", f"/api/v1/namespaces/{ns}")
                return False
            except ApiError as e:
                return e.code == 404
        wait_for(gone, 60, "the namespace is gone")


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
