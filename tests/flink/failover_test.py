# SPDX-License-Identifier: Apache-2.0
"""A job with state goes on without a gap or a double, whoever dies: an application cluster of each Flink version with two
JobManagers, whose leader and TaskManager are killed in every way there is, while Sluice's controllers are killed at random
moments and the API server is restarted. Tells how long the output stood still each time."""
import os
import random
import threading
import time
import unittest

from node import (START, Controllers, NodeTest, Recorder, breaches, is_ready, life, manifest, restart_api_server, say,
                  versions)

RATE = 200
CONTROLLER_DEATHS = int(os.environ.get("SLUICE_CONTROLLER_DEATHS", "20"))
# To compare: SLUICE_FLINK_LEASE="15 s,15 s,5 s" is Flink's own; empty: Sluice's.
LEASE_KEYS = ("lease-duration", "renew-deadline", "retry-period")
LEASE = {f"high-availability.kubernetes.leader-election.{key}": value
         for key, value in zip(LEASE_KEYS, filter(None, os.environ.get("SLUICE_FLINK_LEASE", "").split(",")))}
# The output may stand still for so long. A pod that is deleted ends within its grace period, a new JVM starts on two busy
# cores, and the job restores its state: seconds each.
PATIENCE = 90


class Failover(NodeTest):
    def begin(self, _, version):
        name = name_of(version)
        self.outputs[version] = self.output(name)
        self.apply(manifest(name, version, "StateProof", ["--out", self.out_url(name), "--rate", RATE], job_managers=2,
                            conf=LEASE))
        self.outputs[version].wait_lines(1, START)
        self.wait_pods(name, 2, 1, START)

    # ---- deaths

    def kill_leader(self, name, how):
        pod = self.wait_leader(name)
        how(pod)
        return pod

    def leader_deleted(self, name):
        return self.kill_leader(name, self.delete_pod)

    def leader_deleted_by_force(self, name):
        return self.kill_leader(name, lambda pod: self.delete_pod(pod, grace=0))

    def leader_process_killed(self, name):
        return self.kill_leader(name, self.kill_process)

    def task_manager_deleted(self, name):
        self.delete_pod(self.pods(name, "taskmanager")[0])

    def task_manager_process_killed(self, name):
        self.kill_process(self.pods(name, "taskmanager")[0])

    def both_processes_killed(self, name):
        pod = self.leader_process_killed(name)
        self.task_manager_process_killed(name)
        return pod

    def both_deleted_by_force(self, name):
        pod = self.leader_deleted_by_force(name)
        self.delete_pod(self.pods(name, "taskmanager")[0], grace=0)
        return pod

    def together(self):
        """True in one of the versions' threads, once all have come here."""
        return self.barrier.wait(PATIENCE) == 0

    def api_server_restarted(self, _):
        if self.together():
            restart_api_server()
        self.together()

    def leader_killed_and_api_server_restarted(self, name):
        pod = self.leader_process_killed(name)
        self.api_server_restarted(name)
        return pod

    def survive(self, death):
        """One death; the job must go on, and all pods come back."""
        def check(_, version):
            self.survive_one(version, death)
        check.__name__ = death.__name__
        self.for_versions(check)

    def survive_one(self, version, death):
        name = name_of(version)
        output, began = self.outputs[version], time.time()
        before = output.lines()
        killed = death(name)
        leader = self.wait_leader(name, PATIENCE, other_than=life(killed) if killed else None)
        led = time.time() - began
        # Two checkpoints' worth more than could be under way.
        output.wait_lines(before + 3 * RATE, PATIENCE)
        say(f"{version:7} {death.__name__:40} output stood still {output.longest_pause(began - 1):5.1f} s"
            + (f"; after {led:4.1f} s {leader['metadata']['name']} leads" if killed else ""))
        self.wait_pods(name, 2, 1, PATIENCE)
        output.check()

    # ---- the controllers' end

    def kill_controllers(self, stop):
        """At random moments any of the two, whether it leads or not."""
        controllers = Controllers(self)
        while not stop.is_set() and self.killed < CONTROLLER_DEATHS:
            stop.wait(random.uniform(2, 14))
            try:
                controllers.kill(random.choice([p for p in controllers.pods() if is_ready(p)]))
                self.killed += 1
            except (OSError, AssertionError, IndexError):
                pass  # the API server is away, or the pod ended while we looked, or none is ready
        self.disconnect()

    def settled(self, _, version):
        name = name_of(version)
        self.wait_condition(name, "Ready", "True", PATIENCE)
        self.wait_condition(name, "JobRunning", "True", PATIENCE)
        report = self.output(name).check()
        say(f"{version:7} numbers counted once each: {report.lines}")

    def test_the_job_goes_on_whoever_dies(self):
        recorder = Recorder(self.api, self.ns, gaps=True)
        self.barrier, self.outputs, self.killed = threading.Barrier(len(versions())), {}, 0
        self.for_versions(self.begin)
        say("the jobs run")
        stop = threading.Event()
        killer = threading.Thread(target=self.kill_controllers, args=(stop,))
        killer.start()
        try:
            for death in DEATHS:
                self.survive(death.__get__(self))
            killer.join()
        finally:
            stop.set()
            killer.join()
        say(f"controllers killed: {self.killed}")
        self.assertEqual(self.killed, CONTROLLER_DEATHS)
        Controllers(self).wait_working()
        self.for_versions(self.settled)
        self.assertEqual(breaches(recorder.history()), [])


DEATHS = [Failover.leader_process_killed, Failover.leader_deleted, Failover.leader_deleted_by_force,
          Failover.task_manager_process_killed, Failover.task_manager_deleted, Failover.both_processes_killed,
          Failover.both_deleted_by_force, Failover.api_server_restarted, Failover.leader_killed_and_api_server_restarted]


def name_of(version):
    return "state-" + version.replace(".", "-")


if __name__ == "__main__":
    unittest.main(verbosity=2)
