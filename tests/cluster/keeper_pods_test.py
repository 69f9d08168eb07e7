# SPDX-License-Identifier: Apache-2.0
"""How pods fail and are kept: each fault as a user meets it, told by condition and Event, and what follows. KWOK plays the
kubelet; what a kubelet would say of containers is written into the pods' status here."""
import datetime
import time
import unittest

from judge import Recorder, breaches
from lib import (LONG_LEASE, ApiError, ClusterTest, condition, highly_available, is_live, session, shell, start_controller,
                 wait_for)

MAIN = "flink-main-container"
CAUSE = ("2026-01-01 ERROR ClusterEntrypoint - Could not start cluster entrypoint\n"
         "org.apache.flink.runtime.entrypoint.ClusterEntrypointException: Failed to initialize\n"
         "\tat org.apache.flink.Main.main(Main.java:1)\n"
         "Caused by: java.lang.ClassNotFoundException: com.example.Nope\n\t... 3 more\n")
controller = None


def setUpModule():
    global controller
    controller = start_controller("keeper-pods", lease=LONG_LEASE)


def tearDownModule():
    controller.stop()


def revision_of(pod):
    return pod["metadata"]["labels"]["sluice.dev/revision"]


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def pending():
    """A pod template under which KWOK never starts a pod: the test says what becomes of it."""
    return {"metadata": {"annotations": {"dev.sluice.dev/pending": "true"}}}


class PodsTest(ClusterTest):
    def say(self, pod, state, phase="Pending", ready="False", **more):
        """The kubelet's word about POD's main container."""
        container = {"name": MAIN, "image": "i", "imageID": "", "ready": ready == "True", "restartCount": 0, "state": state,
                     **more}
        conditions = [{"type": "PodScheduled", "status": "True"},
                      {"type": "Ready", "status": ready, "lastTransitionTime": now()}]
        self.api.merge("Pod", self.ns, pod, {"status": {"phase": phase, "containerStatuses": [container],
                                                        "conditions": conditions}}, "/status")

    def assert_told_once(self, name, text):
        """One Event; it counts twice only where the status that goes with it met a conflict."""
        told = self.events(name, "PodTrouble")
        self.assertEqual([e["message"] for e in told], [text])
        self.assertLessEqual(told[0]["count"], 2)

    def wait_new(self, name, seconds=20):
        def up():
            pod = self.api.get("Pod", self.ns, name)
            return pod if pod and is_live(pod) else None
        return wait_for(up, seconds, f"pod {name} is there")

    def wait_replaced(self, old, seconds=20):
        """Another pod stands in the place of OLD; under the same name when nobody saw the old one terminate."""
        place = old["metadata"]["name"].rpartition("-")[0]
        wait_for(lambda: any(p["metadata"]["name"].rpartition("-")[0] == place and is_live(p) and
                             p["metadata"]["uid"] != old["metadata"]["uid"] for p in self.api.list("Pod", self.ns)),
                 seconds, f"another pod in the place of {old['metadata']['name']}")

    def wait_message(self, name, kind, text, status="True", seconds=20):
        return wait_for(lambda: (lambda c: c if c.get("status") == status and text in c["message"] else None)(
            condition(self.stored(name), kind)), seconds,
            lambda: f"{name}: {kind}={status} with '{text}'; it is {condition(self.stored(name), kind)}")

    def scheduled(self, name, role):
        """The first pod of ROLE, once it has a node."""
        def found():
            pods = self.live(name, role)
            return pods[0] if pods and pods[0]["spec"].get("nodeName") else None
        return wait_for(found, 20, f"{name} has a {role} on a node")["metadata"]["name"]


class Troubles(PodsTest):
    def test_an_image_that_is_not_pulled_is_told_and_over_when_it_is(self):
        self.apply(session("pull", taskManager={"replicas": 1, "podTemplate": pending()}))
        pod = self.scheduled("pull", "taskmanager")
        self.say(pod, {"waiting": {"reason": "ErrImagePull", "message": "rpc error: not found: flink:1.20.1"}})
        text = f"pod {pod}: container {MAIN}: ImagePullBackOff: rpc error: not found: flink:1.20.1"
        self.wait_message("pull", "Degraded", text)
        self.wait_event("pull", "PodTrouble", text)
        # The same in the words of the next try is no news.
        self.say(pod, {"waiting": {"reason": "ImagePullBackOff",
                                   "message": "Back-off pulling image: ErrImagePull: rpc error: not found: flink:1.20.1"}})
        time.sleep(1)
        self.assert_told_once("pull", text)
        self.say(pod, {"running": {"startedAt": now()}}, "Running", "True", started=True)
        self.wait_condition("pull", "Degraded", "False")
        self.wait_condition("pull", "Ready", "True")

    def test_a_name_that_is_no_image_waits_for_a_person(self):
        self.apply(session("name", taskManager={"replicas": 1, "podTemplate": pending()}))
        pod = self.scheduled("name", "taskmanager")
        self.say(pod, {"waiting": {"reason": "InvalidImageName", "message": "couldn't parse image name"}})
        self.wait_message("name", "Stalled", f"pod {pod}: container {MAIN}: InvalidImageName")

    def test_a_crash_loop_tells_exit_code_and_root_cause(self):
        self.apply(session("crash", taskManager={"replicas": 1, "podTemplate": pending()}))
        pod = self.scheduled("crash", "taskmanager")
        last = {"lastState": {"terminated": {"exitCode": 1, "reason": "Error", "message": CAUSE, "startedAt": now(),
                                             "finishedAt": now()}}, "restartCount": 2}
        self.say(pod, {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 20s"}}, "Running", **last)
        text = f"pod {pod}: container {MAIN}: CrashLoopBackOff, exit code 1: java.lang.ClassNotFoundException: com.example.Nope"
        self.wait_message("crash", "Degraded", text)
        self.wait_event("crash", "PodTrouble", text)
        # Between two tries it runs; that is not yet health.
        self.say(pod, {"running": {"startedAt": now()}}, "Running", "True", **last)
        self.wait_message("crash", "Degraded", text)
        time.sleep(1)
        self.assert_told_once("crash", text)
        self.assertEqual([p["metadata"]["name"] for p in self.live("crash", "taskmanager")], [pod])

    def test_memory_that_does_not_suffice_is_told_though_the_kubelet_restarts_it(self):
        self.apply(session("oom"))
        pod = self.wait_pods("oom", 1, 1)[1]["metadata"]["name"]
        self.say(pod, {"running": {"startedAt": now()}}, "Running", "True", restartCount=1,
                 lastState={"terminated": {"exitCode": 137, "reason": "OOMKilled", "startedAt": now(), "finishedAt": now()}})
        self.wait_message("oom", "Degraded", f"pod {pod}: container {MAIN}: OOMKilled, exit code 137")
        self.wait_event("oom", "PodTrouble", "OOMKilled")

    def test_a_pod_without_a_node_tells_the_scheduler_s_words(self):
        template = {"spec": {"nodeSelector": {"nowhere": "to-be-found"}}}
        self.apply(session("node", taskManager={"replicas": 1, "podTemplate": template}))
        self.wait_message("node", "Reconciling", "Unschedulable: 0/2 nodes are available")
        self.wait_event("node", "PodTrouble", "Unschedulable: 0/2 nodes are available")
        self.assertEqual(condition(self.stored("node"), "Stalled")["status"], "False")

    def test_quota_and_pod_security_are_told_each_and_pass_when_they_allow_it(self):
        quota = f"/api/v1/namespaces/{self.ns}/resourcequotas"
        self.api.request("POST", quota, {"metadata": {"name": "few"}, "spec": {"hard": {"services": "0"}}})
        self.addCleanup(self.quiet_delete, f"{quota}/few")
        wait_for(lambda: self.api.request("GET", f"{quota}/few").get("status", {}).get("hard"), 20, "the quota is in force")
        label = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "baseline"}}}
        self.api.request("PATCH", f"/api/v1/namespaces/{self.ns}", label, "application/merge-patch+json")
        off = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": None}}}
        self.addCleanup(self.api.request, "PATCH", f"/api/v1/namespaces/{self.ns}", off, "application/merge-patch+json")
        self.apply(session("refused", jobManager={"podTemplate": {"spec": {"hostNetwork": True}}}))
        stalled = self.wait_message("refused", "Stalled", "exceeded quota: few")
        self.assertEqual(stalled["reason"], "ChildRefused")
        self.wait_message("refused", "Stalled", "violates PodSecurity")
        self.wait_message("refused", "Stalled", "exceeded quota: few")
        self.wait_event("refused", "ChildRefused", "exceeded quota: few")
        self.quiet_delete(f"{quota}/few")
        self.api.request("PATCH", f"/api/v1/namespaces/{self.ns}", off, "application/merge-patch+json")
        self.wait_condition("refused", "Ready", "True", seconds=60)

    def quiet_delete(self, path):
        try:
            self.api.request("DELETE", path)
        except ApiError as e:
            self.assertEqual(e.code, 404)


class Nodes(PodsTest):
    def test_an_evicted_task_manager_is_replaced_at_once(self):
        self.apply(session("evict"))
        old = self.wait_pods("evict", 1, 1)[1]
        pod = old["metadata"]["name"]
        self.api.request("POST", self.api.path("Pod", self.ns, pod) + "/eviction",
                         {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}})
        self.wait_replaced(old, 10)
        self.wait_pods("evict", 1, 1)

    def test_a_drain_leaves_a_job_manager_at_every_moment(self):
        self.apply(session("drain", 2, **highly_available()))
        self.wait_pods("drain", 2, 2)
        self.wait_condition("drain", "Ready", "True")
        recorder = Recorder(self.api, self.ns)
        for node in ("node-a", "node-b"):
            try:
                shell(f"sluice_dev_kubectl drain {node} --ignore-daemonsets --timeout=60s "
                      f"--pod-selector=sluice.dev/cluster=drain")
                self.assertEqual([p["metadata"]["name"] for p in self.live("drain") if p["spec"].get("nodeName") == node], [])
            finally:
                shell(f"sluice_dev_kubectl uncordon {node}")
            self.wait_pods("drain", 2, 2, 40)
        history = recorder.history()
        self.assertEqual(breaches(history), [])
        ready, least = {}, 2
        for _, kind, change, pod in history:
            if kind == "Pod" and "-jm-" in pod["metadata"]["name"]:
                up = change != "DELETED" and is_live(pod) and any(
                    c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))
                ready[pod["metadata"]["name"]] = up
                if len(ready) >= 2:
                    least = min(least, sum(ready.values()))
        self.assertGreaterEqual(least, 1)

    def test_pods_that_never_end_hold_up_nobody_but_a_lone_job_manager(self):
        # As on a lost node: deleted, never reported gone.
        template = {"metadata": {"annotations": {"dev.sluice.dev/terminate-after": "1h"}},
                    "spec": {"terminationGracePeriodSeconds": 1}}
        self.apply(session("lost", podTemplate=template))
        self.apply(session("lostha", podTemplate=template, **highly_available()))
        lone, worker = [p["metadata"]["name"] for p in self.wait_pods("lost", 1, 1)]
        first = self.wait_pods("lostha", 2, 1)[0]["metadata"]["name"]
        recorder = Recorder(self.api, self.ns)
        for pod in (lone, worker, first):
            self.api.delete("Pod", self.ns, pod)
        self.wait_new(worker[:-1] + "1", 10)
        self.wait_new(first[:-1] + "1", 10)
        self.wait_message("lost", "Stalled", f"pod {lone}: Terminating", seconds=90)
        self.assertIn("kubectl delete pod --force", condition(self.stored("lost"), "Stalled")["message"])
        self.assertIn("node.kubernetes.io/out-of-service", condition(self.stored("lost"), "Stalled")["message"])
        self.wait_event("lost", "PodTrouble", f"pod {lone}: Terminating")
        self.assertEqual([p["metadata"]["name"] for p in self.live("lost", "jobmanager")], [])
        shell(f"sluice_dev_kubectl delete pod {lone} -n {self.ns} --force")
        self.wait_new(lone[:-1] + "1", 10)
        self.wait_condition("lost", "Stalled", "False")
        self.assertEqual(breaches(recorder.history()), [])
        for pod in (worker, first):
            self.api.delete("Pod", self.ns, pod, {"gracePeriodSeconds": 0})


class Hands(PodsTest):
    """What people do to pods."""

    def test_an_image_that_was_set_on_a_pod_is_set_back_by_replacement(self):
        self.apply(session("image"))
        pods = self.wait_pods("image", 1, 1)
        recorder = Recorder(self.api, self.ns)
        for old in pods:
            pod = old["metadata"]["name"]
            shell(f"sluice_dev_kubectl set image -n {self.ns} pod/{pod} {MAIN}=flink:1.19")
            self.wait_replaced(old)
            self.wait_event("image", "PodChanged", f"{pod}: container {MAIN}: image flink:1.19 is not flink:1.20.1")
        self.wait_pods("image", 1, 1)
        self.assertEqual(breaches(recorder.history()), [])

    def test_a_pod_that_was_resized_in_place_is_replaced(self):
        self.apply(session("resize"))
        old = self.wait_pods("resize", 1, 1)[1]
        pod = old["metadata"]["name"]
        resources = {"limits": {"memory": "3Gi"}, "requests": {"memory": "3Gi"}}
        # Only where the kubelet tells what it has given a container does the API server take a resize.
        self.say(pod, {"running": {"startedAt": now()}}, "Running", "True", resources={"limits": {"memory": "1728Mi"}})
        self.api.request("PATCH", self.api.path("Pod", self.ns, pod) + "/resize",
                         {"spec": {"containers": [{"name": MAIN, "resources": resources}]}},
                         "application/strategic-merge-patch+json")
        self.wait_replaced(old)
        self.wait_event("resize", "PodChanged", "limits.memory 3Gi is not 1728Mi")
        self.wait_pods("resize", 1, 1)

    def test_a_foreign_pod_under_a_name_of_ours_is_told_and_left_alone(self):
        self.apply(session("foreign"))
        pod = self.wait_pods("foreign", 1, 1)[1]
        name = f"foreign-tm-{revision_of(pod)}-1-0"
        theirs = self.api.create("Pod", self.ns, {"metadata": {"name": name}, "spec": {
            "containers": [{"name": "x", "image": "x"}]}})
        self.api.request("PATCH", self.api.path("FlinkCluster", self.ns, "foreign") + "/scale", {"spec": {"replicas": 2}},
                         "application/merge-patch+json")
        stalled = self.wait_message("foreign", "Stalled", f"Pod {name}: another object has this name")
        self.assertEqual(stalled["reason"], "ForeignObject")
        after = self.api.get("Pod", self.ns, name)
        self.assertEqual(after["metadata"]["uid"], theirs["metadata"]["uid"])
        self.assertNotIn("ownerReferences", after["metadata"])
        self.api.delete("Pod", self.ns, name, {"gracePeriodSeconds": 0})
        self.wait_pods("foreign", 1, 2, 40)
        self.wait_condition("foreign", "Stalled", "False")

    def test_scaling_down_and_up_again_brings_nobody_back_that_was_sent(self):
        self.apply(session("scale", 4))
        pods = {p["metadata"]["uid"]: p["metadata"]["name"] for p in self.wait_pods("scale", 1, 4)}
        recorder = Recorder(self.api, self.ns)
        for replicas in (2, 5, 1):
            self.api.request("PATCH", self.api.path("FlinkCluster", self.ns, "scale") + "/scale",
                             {"spec": {"replicas": replicas}}, "application/merge-patch+json")
            self.wait_pods("scale", 1, replicas)
        time.sleep(1)
        self.assertEqual(len(self.pods("scale", "taskmanager")), 1)
        kept = self.pods("scale", "taskmanager")[0]["metadata"]
        self.assertEqual(pods.get(kept["uid"]), kept["name"])
        self.assertEqual(breaches(recorder.history()), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
