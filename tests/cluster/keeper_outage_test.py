# SPDX-License-Identifier: Apache-2.0
"""The keeper when something else is away: the API server, its watches' past, or the keeper itself."""
import signal
import unittest

from judge import Recorder, breaches
from lib import (LONG_LEASE, NAME, ROOT, ClusterTest, application, highly_available, session, shell,
                 start_controller, wait_for)

controller = None


def setUpModule():
    global controller
    controller = start_controller("outage", lease=LONG_LEASE)


def tearDownModule():
    controller.stop()


def api_server(command):
    shell(f"'{ROOT}/dev/cluster' {command}-apiserver --name {NAME}")


class Outage(ClusterTest):
    def wait_gone(self, uids, seconds=20):
        wait_for(lambda: not any(p["metadata"]["uid"] in uids for p in self.api.list("Pod", self.ns)), seconds,
                 "the old pods are gone")

    def test_it_goes_on_when_the_api_server_comes_back(self):
        self.apply(session("before", 2))
        self.apply(application("state", mode="Savepoint", **highly_available()))
        old = {p["metadata"]["uid"] for p in self.wait_pods("before", 1, 2) + self.wait_pods("state", 2, 1)}
        self.wait_condition("before", "Ready", "True")
        api_server("restart")
        self.assertEqual({p["metadata"]["uid"] for p in self.pods("before") + self.pods("state")}, old)
        victim = self.pods("before", "taskmanager")[0]["metadata"]
        self.api.delete("Pod", self.ns, victim["name"])
        self.wait_gone({victim["uid"]})
        self.apply(session("after"))
        self.wait_pods("before", 1, 2, 30)
        self.wait_pods("after", 1, 1, 30)
        self.wait_condition("after", "Ready", "True")
        self.assertTrue(controller.runs())

    def test_what_it_missed_is_found_when_its_watches_are_too_old(self):
        self.apply(session("missed", 2))
        self.apply(session("deleted"))
        old = self.wait_pods("missed", 1, 2)
        self.wait_pods("deleted", 1, 1)
        controller.signal(signal.SIGSTOP)
        self.apply(session("made"))
        for pod in old:
            self.api.delete("Pod", self.ns, pod["metadata"]["name"], {"gracePeriodSeconds": 0})
        self.api.delete("FlinkCluster", self.ns, "deleted")
        self.api.delete("Service", self.ns, "missed-rest")
        self.wait_gone({p["metadata"]["uid"] for p in old})
        api_server("restart")  # its memory of what happened begins anew
        recorder = Recorder(self.api, self.ns)
        controller.signal(signal.SIGCONT)
        self.wait_pods("missed", 1, 2, 30)
        self.wait_pods("made", 1, 1, 30)
        wait_for(lambda: self.api.get("Service", self.ns, "missed-rest"), 10, "the Service is back")
        wait_for(lambda: not self.pods("deleted"), 75, "the garbage collector, back as well, takes the deleted cluster's pods")
        self.assertEqual(breaches(recorder.history()), [])
        self.assertTrue(controller.runs())

    def test_what_happened_while_no_controller_ran_is_made_up_for(self):
        global controller
        for name, task_managers in (("hurt", 2), ("scaled", 3)):
            self.apply(session(name, task_managers))
        self.wait_pods("hurt", 1, 2)
        self.wait_pods("scaled", 1, 3)
        controller.stop()
        for pod in self.pods("hurt"):
            self.api.delete("Pod", self.ns, pod["metadata"]["name"], {"gracePeriodSeconds": 0})
        self.api.merge("FlinkCluster", self.ns, "scaled", {"spec": {"taskManager": {"replicas": 1}}})
        self.apply(application("fresh", **highly_available()))
        recorder = Recorder(self.api, self.ns)
        controller = start_controller("outage", lease=LONG_LEASE)
        self.wait_pods("hurt", 1, 2)
        self.wait_pods("scaled", 1, 1)
        self.wait_pods("fresh", 2, 1)
        self.wait_condition("fresh", "Ready", "True")
        self.assertEqual(breaches(recorder.history()), [])


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
