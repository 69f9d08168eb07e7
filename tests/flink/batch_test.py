# SPDX-License-Identifier: Apache-2.0
"""A finished batch job is not run again, whoever dies: its JobManager, the controllers, the API server."""
import unittest

from node import KUBELET_LOOKS, START, Controllers, NodeTest, Recorder, breaches, manifest, restart_api_server, say, wait_for

NUMBERS = 2000
NAME = "batch"


def name_of(short):
    return f"{NAME}-{short.replace('.', '-')}"


class Batch(NodeTest):
    def finish(self, short, version):
        name = name_of(short)
        self.apply(manifest(name, version, "Batch", ["--out", self.out_url(name), "--max", NUMBERS, "--rate", 1000]))
        obj = self.wait_status(name, lambda o: job_state(o) == "FINISHED", START, "its job is FINISHED")
        say(f"{version} finished")
        wait_for(lambda: not self.pods(name, "taskmanager"), 60, "its TaskManagers are gone")
        obj = self.wait_status(name, lambda o: o["status"]["phase"] == "Finished", 20, "its phase is Finished")
        self.assertEqual(len(self.live(name, "jobmanager")), 1)
        self.assertTrue(obj["status"]["job"]["endTime"])
        self.wait_condition(name, "Ready", "True", reason="Finished")
        self.stays(short, version)

    def stays(self, short, version):
        name = name_of(short)
        self.assertEqual(job_state(self.stored(name)), "FINISHED", version)
        self.output(name).check(complete=NUMBERS, batch=True)
        self.assertEqual(self.pods(name, "taskmanager"), [])

    def job_manager_process_killed(self, short, version):
        name = name_of(short)
        pod = self.pods(name, "jobmanager")[0]
        self.kill_process(pod)

        def back():
            now = self.pods(name, "jobmanager")
            # Flink ends by itself, or stands again; in no case is there a second pod.
            return [p["metadata"]["uid"] for p in now] == [pod["metadata"]["uid"]] and restarted(now[0])
        wait_for(back, START, "its JobManager's process is there again, or has ended")
        self.stays(short, version)

    def job_manager_deleted(self, short, version):
        name = name_of(short)
        self.delete_pod(self.pods(name, "jobmanager")[0])
        wait_for(lambda: not self.pods(name), KUBELET_LOOKS, "its JobManager is gone")
        self.stays(short, version)

    def nothing_comes(self, short, version):
        self.assertEqual(self.pods(name_of(short)), [], version)
        self.stays(short, version)

    def test_a_finished_job_is_not_run_again(self):
        recorder, controllers = Recorder(self.api, self.ns, gaps=True), Controllers(self)
        self.for_versions(self.finish)
        self.for_versions(self.job_manager_process_killed)
        controllers.wait_working()
        controllers.kill(controllers.leader())
        restart_api_server()
        controllers.wait_working()
        self.for_versions(self.stays)
        self.for_versions(self.job_manager_deleted)
        controllers.wait_working()
        # Those that begin anew judge everything anew.
        for pod in controllers.pods():
            controllers.kill(pod)
        controllers.wait_working()
        self.for_versions(self.nothing_comes)
        history = recorder.history()
        self.assertEqual(breaches(history), [])
        made = [o["metadata"]["name"] for _, kind, change, o in history if kind == "Pod" and change == "ADDED"]
        self.assertEqual(sorted(set(made)), sorted(made))
        self.assertEqual(len(made), 4, f"one JobManager and one TaskManager of each version: {made}")


def job_state(obj):
    return obj.get("status", {}).get("job", {}).get("state")


def restarted(pod):
    """Whether its process ran again and is ready, or has ended for good."""
    status = next(iter(pod["status"].get("containerStatuses", [])), {})
    return status.get("restartCount", 0) > 0 and status.get("ready") or pod["status"]["phase"] in ("Succeeded", "Failed")


if __name__ == "__main__":
    unittest.main(verbosity=2)
