# SPDX-License-Identifier: Apache-2.0
"""A newer Sluice takes over: what runs is left as it is, to the last field; a pod that is replaced is rendered as its
revision was; only what is started anew is made the new way. And an older one that comes back touches nothing that it can't
know. The newer one is sluice-controller-next (tests/fakes/controller_next.c): this build with another render format."""
import os
import pathlib
import time
import unittest

from judge import Recorder, breaches
from lib import (CHILD_KINDS, LONG_LEASE, ClusterTest, application, audit, highly_available, session, start_controller, wait_for,
                 wait_leader, writes)

NEXT = pathlib.Path(os.environ.get("SLUICE_BIN_DIR", "build/bin")).parent / "tests" / "sluice-controller-next"
CLUSTERS = {
    "plain": session("plain", 2),
    "plain-ha": session("plain-ha", **highly_available()),
    "job": application("job"),
    "job-ha": application("job-ha", "Savepoint", **highly_available()),
}
PODS = {"plain": (1, 2), "plain-ha": (2, 1), "job": (1, 1), "job-ha": (2, 1)}


def is_next(pod):
    return "activeDeadlineSeconds" in pod["spec"]


class Upgrade(ClusterTest):
    def start(self, name, **more):
        controller = start_controller(name, f"--namespaces={self.ns}", "--resync=10s", lease=LONG_LEASE, **more)
        self.addCleanup(controller.stop)
        wait_leader([controller])
        return controller

    def everything(self):
        """{kind/name: (uid, version)} of all clusters and what belongs to them."""
        return {f"{kind}/{o['metadata']['name']}": (o["metadata"]["uid"], o["metadata"]["resourceVersion"])
                for kind in ["FlinkCluster", *CHILD_KINDS] for o in self.api.list(kind, self.ns)}

    def record_format(self, name):
        record = self.api.get("ControllerRevision", self.ns, self.stored(name)["status"]["accepted"]["revision"])
        return record["data"]["sluice"]["renderFormat"]

    def untouched(self, controller, began):
        """Through two looks at everything."""
        before = self.everything()
        time.sleep(max(0, began + 12 - time.time()))
        self.assertEqual([w for w in writes(audit(began, controller.credential), leases=False)], [])
        self.assertEqual(self.everything(), before)

    def test_a_newer_sluice_takes_over_and_an_older_one_keeps_off(self):
        this = self.start("this")
        for manifest in CLUSTERS.values():
            self.apply(manifest)
        for name, (job_managers, task_managers) in PODS.items():
            self.wait_pods(name, job_managers, task_managers, 60)
            self.wait_condition(name, "Ready", "True")
        time.sleep(1)
        recorder = Recorder(self.api, self.ns)
        this.stop()
        before = self.everything()

        began = time.time()
        newer = self.start("newer", program=NEXT)
        self.untouched(newer, began)
        self.assertEqual(self.everything(), before)

        # A replacement and one more TaskManager: of the old revision, so of the old format.
        for name in PODS:
            for pod in self.pods(name):
                self.api.delete("Pod", self.ns, pod["metadata"]["name"])
        self.api.request("PATCH", self.api.path("FlinkCluster", self.ns, "plain") + "/scale", {"spec": {"replicas": 3}},
                         "application/merge-patch+json")
        for name, (job_managers, task_managers) in {**PODS, "plain": (1, 3)}.items():
            self.assertFalse(any(is_next(p) for p in self.wait_pods(name, job_managers, task_managers, 60)), name)
        self.assertEqual(self.record_format("plain"), self.record_format("job"))
        self.assertNotIn("example.com/next", self.api.get("Service", self.ns, "plain-rest")["metadata"]["labels"])

        # What is started anew.
        old = self.record_format("plain")
        self.api.merge("FlinkCluster", self.ns, "plain", {"spec": {"restartNonce": 1}})
        wait_for(lambda: (pods := self.pods("plain")) and len(pods) == 4 and all(is_next(p) for p in pods), 60,
                 "the new run's pods are of the new format")
        self.wait_condition("plain", "Ready", "True")
        self.assertEqual(self.record_format("plain"), old + 1)
        self.assertIn("example.com/next", self.api.get("Service", self.ns, "plain-rest")["metadata"]["labels"])
        self.assertEqual(breaches(recorder.history()), [])
        newer.stop()

        # An older one leaves alone what it can't render, and keeps the rest.
        older = self.start("older")
        victims = [self.pods(name)[0]["metadata"]["name"] for name in ("plain", "job")]
        for victim in victims:
            self.api.delete("Pod", self.ns, victim)
        self.wait_pods("job", 1, 1, 60)
        self.assertEqual([w for w in writes(audit(0, older.credential), leases=False) if "/plain" in w and "plain-ha" not in w], [])
        self.assertEqual(len(self.pods("plain")), 3)


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
