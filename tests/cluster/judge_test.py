# SPDX-License-Identifier: Apache-2.0
"""The judge itself, on histories whose faults are known."""
import unittest

from judge import breaches
from lib import highly_available, session


class Judge(unittest.TestCase):
    def setUp(self):
        self.version = 0

    def event(self, change, obj):
        self.version += 1
        return (self.version, obj["kind"], change, obj)

    def cluster(self, change="ADDED", task_managers=1, generation=1, observed=0, deleted=None, **spec):
        obj = session("c", task_managers, **spec)
        obj["metadata"].update(uid="c", generation=generation, **({"deletionTimestamp": deleted} if deleted else {}))
        return self.event(change, {**obj, "status": {"observedGeneration": observed}})

    def owned(self, kind, name, change="ADDED", **more):
        return self.event(change, {"kind": kind, "metadata": {"name": name, "uid": name, "ownerReferences": [{"uid": "c"}]}, **more})

    def record(self, revision="a", run="r1"):
        return self.owned("ControllerRevision", f"c-{revision}", data={"sluice": {"run": run, "revision": revision}})

    def base(self):
        return [self.record(), self.owned("ConfigMap", "c-a")]

    def pod(self, name, change="ADDED", run="r1", phase="Running", **metadata):
        role, revision = {"jm": "jobmanager", "tm": "taskmanager"}[name.split("-")[0]], name.split("-")[1]
        labels = {"sluice.dev/component": role, "sluice.dev/run": run, "sluice.dev/revision": revision}
        return self.event(change, {
            "kind": "Pod", "status": {"phase": phase}, "spec": {"volumes": [{"configMap": {"name": f"c-{revision}"}}]},
            "metadata": {"name": f"c-{name}", "uid": name, "labels": labels, "ownerReferences": [{"uid": "c"}], **metadata}})

    def test_a_good_life_breaks_nothing(self):
        self.assertEqual(breaches([
            self.cluster(), *self.base(), self.pod("jm-a-0-0"), self.pod("tm-a-0-0"),
            self.cluster("MODIFIED", 2, 2), self.pod("tm-a-1-0"),
            self.cluster("MODIFIED", 1, 3), self.cluster("MODIFIED", 1, 3, 3),  # still two: one is about to go
            self.pod("tm-a-1-0", "MODIFIED", deletionTimestamp="now"),
            self.pod("jm-a-0-0", "MODIFIED", phase="Failed"), self.pod("jm-a-0-1"), self.pod("jm-a-0-0", "DELETED"),
            self.pod("jm-a-0-1", "DELETED"), self.pod("tm-a-0-0", "DELETED"), self.pod("tm-a-1-0", "DELETED"),
            self.record("b", "r2"), self.owned("ConfigMap", "c-b"), self.owned("ConfigMap", "c-a", "DELETED"),
            self.pod("jm-b-0-0", run="r2"), self.cluster("MODIFIED", 1, 3, 3, deleted="now"),
            self.owned("ConfigMap", "c-b", "DELETED"), self.pod("jm-b-0-0", "DELETED"), self.cluster("DELETED")]), [])

    def test_what_was_there_before_may_be_more_than_is_planned_now(self):
        history = [self.cluster("LISTED", 1, 2), *self.base(), self.pod("tm-a-0-0", "LISTED"), self.pod("tm-a-1-0", "LISTED"),
                   self.cluster("MODIFIED", 1, 2, 2), self.pod("tm-a-1-0", "DELETED")]
        self.assertEqual(breaches(history), [])
        self.assertIn("2 live taskmanagers where 1 are planned", " ".join(breaches([*history, self.pod("tm-a-1-1")])))

    def test_a_change_that_waits_holds_its_numbers_back(self):
        waits = self.cluster("MODIFIED", 1, 2, 2)
        history = [self.cluster(task_managers=2), *self.base(), self.pod("tm-a-0-0"), self.pod("tm-a-1-0"),
                   waits, self.pod("tm-a-1-0", "DELETED"), self.pod("tm-a-2-0")]
        self.assertIn("2 live taskmanagers where 1 are planned", " ".join(breaches(history)))
        waits[3]["status"]["conditions"] = [{"type": "Reconciling", "reason": "WaitingForUpgradeSupport"}]
        self.assertEqual(breaches(history), [])

    def test_faults_are_found(self):
        ha = highly_available()
        for history, text in (
                ([self.cluster(), *self.base(), self.pod("jm-a-0-0"), self.pod("jm-a-1-0")], "2 live jobmanagers where 1 are planned"),
                ([self.cluster(), *self.base(), self.pod("jm-a-0-0", deletionTimestamp="now"), self.pod("jm-a-0-1")],
                 "run at once without HA"),
                ([self.cluster(**ha), *self.base(), self.pod("jm-a-0-0"), self.pod("jm-a-1-0", run="r2")], "pods of two runs"),
                ([self.cluster(**ha), *self.base(), self.pod("jm-a-0-0"), self.pod("jm-b-1-0")], "pods of two revisions"),
                ([self.cluster(**ha), *self.base(), self.pod("jm-a-0-0"), self.pod("jm-a-0-1")], "two live pods in one place"),
                ([self.cluster(task_managers=2), *self.base(), self.pod("tm-a-0-0"),
                  self.cluster("MODIFIED", 1, 2, 2), self.pod("tm-a-1-0")], "2 live taskmanagers where 1 are planned"),
                ([self.cluster(), self.owned("ConfigMap", "c-a"), self.pod("jm-a-0-0")], "without a record"),
                ([self.cluster(), self.record(), self.owned("ConfigMap", "c-a"), self.pod("jm-a-0-0", run="r2")],
                 "without a record"),
                ([self.cluster(), self.record(), self.pod("jm-a-0-0")], "without its ConfigMap"),
                ([self.cluster(), *self.base(), self.pod("jm-a-0-0"), self.owned("ConfigMap", "c-a", "DELETED")],
                 "ConfigMap c-a is gone under the live pod c-jm-a-0-0")):
            self.assertIn(text, " ".join(breaches(history)))


if __name__ == "__main__":
    unittest.main()
