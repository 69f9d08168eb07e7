# SPDX-License-Identifier: Apache-2.0
"""The keeper on a real API server: what a FlinkCluster becomes, and that it stays so."""
import time
import unittest

from lib import (ApiError, ClusterTest, application, audit, condition, highly_available, is_live, session, shell,
                 start_controller, wait_for, wait_leader, writes)


class Children(ClusterTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.controller = cls.run_controller("keeper-children")

    def test_application_with_ha_has_exactly_its_children(self):
        made = self.apply(application("fraud", mode="Savepoint", taskManager={"replicas": 2}, parallelism=2,
                                      **highly_available()))
        pods = self.wait_pods("fraud", 2, 2)
        self.wait_condition("fraud", "Ready", "True")
        uid, rev = made["metadata"]["uid"], pods[0]["metadata"]["labels"]["sluice.dev/revision"]
        self.assertEqual(self.children(uid), sorted([
            "ControllerRevision/fraud-r1", f"ConfigMap/fraud-{rev}", "ServiceAccount/fraud-flink", "RoleBinding/fraud-flink",
            "Service/fraud-rest", "Service/fraud-jobmanager", "PodDisruptionBudget/fraud-jobmanager",
            f"Pod/fraud-jm-{rev}-0-0", f"Pod/fraud-jm-{rev}-1-0", f"Pod/fraud-tm-{rev}-0-0", f"Pod/fraud-tm-{rev}-1-0"]))
        for pod in pods:
            self.check_pod(pod, uid)
        job_manager = pods[0]["spec"]["containers"][0]
        self.assertEqual(job_manager["args"][0], "standalone-job")
        self.assertEqual(pods[0]["spec"]["restartPolicy"], "OnFailure")
        self.assertEqual(pods[2]["spec"]["containers"][0]["args"][0], "taskmanager")

    def check_pod(self, pod, uid):
        owner = pod["metadata"]["ownerReferences"]
        self.assertEqual([(o["kind"], o["name"], o["uid"], o["controller"], o["blockOwnerDeletion"]) for o in owner],
                         [("FlinkCluster", "fraud", uid, True, True)])
        labels = pod["metadata"]["labels"]
        role = "jobmanager" if "-jm-" in pod["metadata"]["name"] else "taskmanager"
        self.assertEqual({k: labels.get(k) for k in (
            "app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component",
            "app.kubernetes.io/managed-by", "sluice.dev/cluster", "sluice.dev/component")},
            {"app.kubernetes.io/name": "flink", "app.kubernetes.io/instance": "fraud",
             "app.kubernetes.io/component": role, "app.kubernetes.io/managed-by": "sluice",
             "sluice.dev/cluster": "fraud", "sluice.dev/component": role})
        self.assertEqual(pod["spec"]["serviceAccountName"], "fraud-flink")


if __name__ == "__main__":
    unittest.main(verbosity=2)
