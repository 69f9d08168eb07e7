# SPDX-License-Identifier: Apache-2.0
"""The keeper under fire: its leader is killed again and again, and once stopped for a minute and let go, while fifty
FlinkClusters are made, scaled, changed, hurt and deleted. What happened is judged from the API server's own sequence of
events, not from what a controller says. SLUICE_TEST_SEED repeats a run's choices (not its timing)."""
import os
import random
import signal
import sys
import threading
import time
import unittest

from judge import Recorder, breaches
from lib import (ApiError, ClusterTest, application, audit, highly_available, is_live, is_ready, session, start_controller,
                 wait_for, writes)

KILLS = int(os.environ.get("SLUICE_TEST_KILLS", "20"))
CLUSTERS = 50
STOPPED_SECONDS = 60
SEED = int(os.environ.get("SLUICE_TEST_SEED") or random.SystemRandom().randrange(10 ** 6))


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


class Users(threading.Thread):
    """Fifty clusters of all kinds in the hands of people who don't care what the controller goes through."""

    def __init__(self, test, seed):
        super().__init__(daemon=True)
        self.test, self.api, self.ns, self.random = test, test.api, test.ns, random.Random(seed)
        self.plans, self.error, self.done, self.counts = {}, None, threading.Event(), {}

    def make(self, i):
        """A cluster of the kind of number I; terminating takes a moment."""
        task_managers = self.random.randint(1, 3)
        slow = {"metadata": {"annotations": {"dev.sluice.dev/terminate-after": f"{self.random.randint(0, 1500)}ms"}}}
        more = {"podTemplate": slow, "taskManager": {"replicas": task_managers}}
        name = f"c{i}"
        made = [lambda: session(name, **more), lambda: session(name, **more, **highly_available()),
                lambda: application(name, **more), lambda: application(name, **more, **highly_available()),
                lambda: application(name, mode="Savepoint", **more, **highly_available(1))][i % 5]()
        made["spec"].pop("parallelism", None)
        self.plans[name] = made
        self.test.apply(made)

    def scale(self, name):
        self.api.request("PATCH", self.api.path("FlinkCluster", self.ns, name) + "/scale",
                         {"spec": {"replicas": self.random.randint(1, 3)}}, "application/merge-patch+json")

    def change(self, name):
        self.api.merge("FlinkCluster", self.ns, name, {"spec": {"restartNonce": self.random.randint(1, 10 ** 6)}})

    def delete(self, name):
        self.api.delete("FlinkCluster", self.ns, name)
        del self.plans[name]

    def hurt(self, name):
        pods = [p for p in self.test.pods(name) if is_live(p)]
        if pods:
            victim = self.random.choice(pods)["metadata"]["name"]
            if self.random.random() < 0.5:
                self.api.delete("Pod", self.ns, victim)
            else:
                self.api.merge("Pod", self.ns, victim, {"metadata": {"annotations": {"dev.sluice.dev/fail": "Error"}}})

    def step(self, number):
        if number < CLUSTERS:
            self.make(number)
        if self.plans and (number % 2 or number > CLUSTERS):
            name = self.random.choice(sorted(self.plans))
            # Few are deleted, so that most live to be judged at the end.
            deed = self.random.choices([self.scale, self.change, self.hurt, self.delete], [10, 4, 6, 1])[0]
            self.counts[deed.__name__] = self.counts.get(deed.__name__, 0) + 1
            deed(name)

    def run(self):
        number = 0
        try:
            while not self.done.is_set():
                try:
                    self.step(number)
                except ApiError as e:
                    if e.code not in (404, 409):  # the pod was gone already
                        raise
                number += 1
                self.done.wait(self.random.uniform(0.05, 0.8))
            for rest in range(number, CLUSTERS):
                self.make(rest)
        except Exception as e:
            self.error = e


class Chaos(ClusterTest):
    def test_no_kill_and_no_pause_of_the_leader_makes_one_pod_too_many(self):
        say(f"SLUICE_TEST_SEED={SEED}")
        self.random = random.Random(SEED)
        self.programs, self.born, self.ends = [], 0, 0
        self.addCleanup(lambda: [p.stop() for p in self.programs])
        recorder = Recorder(self.api, self.ns)
        self.start_one()
        users = Users(self, SEED + 1)
        users.start()
        self.fight()
        users.done.set()
        users.join(60)
        self.assertIsNone(users.error)
        say(f"{KILLS} kills, one pause, {self.ends} that ended by themselves; deeds: {users.counts}")
        self.settle(users)
        for name in users.plans:
            self.api.delete("FlinkCluster", self.ns, name)
        self.nothing_is_left()
        history = recorder.history()
        say(f"{len(history)} events of {len({h[3]['metadata']['uid'] for h in history if h[1] == 'Pod'})} pods")
        self.assertEqual(breaches(history), [])

    def start_one(self):
        self.born += 1
        self.programs.append(start_controller(f"chaos-{self.born}", lease=("3s", "2s", "400ms")))

    def leader(self):
        """The leader; processes that ended by themselves (a renewal came too late) are replaced."""
        def look():
            for p in [p for p in self.programs if not p.runs()]:
                self.programs.remove(p)
                self.ends += 1
                say(f"{p.name} ended by itself")
            while len(self.programs) < 2:
                self.start_one()
            return next((p for p in self.programs if p.leads()), None)
        return wait_for(look, 40, "one of two controllers leads")

    def fight(self):
        stopped, since, kills = None, 0, 0
        while kills < KILLS:
            leader = self.leader()
            time.sleep(self.random.uniform(0, 1.5))
            if stopped is None and kills == KILLS // 8:
                stopped, since = leader, time.time()
                leader.signal(signal.SIGSTOP)
                self.programs.remove(leader)
                say(f"{leader.name} is stopped")
                leader = self.leader()
                time.sleep(self.random.uniform(0, 2))
            if leader.runs():
                leader.kill()
                self.programs.remove(leader)
                kills += 1
        time.sleep(max(0, since + STOPPED_SECONDS - time.time()))
        self.let_go(stopped, since)

    def let_go(self, stopped, since):
        log = stopped.log.stat().st_size
        self.leader()  # another leads
        say(f"{stopped.name} goes on after {time.time() - since:.0f} s")
        stopped.signal(signal.SIGCONT)
        stopped.wait_end(10)
        time.sleep(1)
        # What it had sent in its last moment may be received a little later.
        self.assertEqual(writes(audit(since + 2, stopped.credential)), [])
        said = stopped.log.read_bytes()[log:].decode()
        self.assertIn("the lease is lost", said)

    def settle(self, users):
        """Exactly the pods of what is asked for, all ready."""
        def wrong():
            pods, found = {}, []
            for p in self.api.list("Pod", self.ns):
                pods.setdefault(p["metadata"]["labels"]["sluice.dev/cluster"], []).append(p)
            stored = {o["metadata"]["name"]: o for o in self.api.list("FlinkCluster", self.ns)}
            if set(stored) != set(users.plans):
                return [f"{set(stored) ^ set(users.plans)}"]
            for name, obj in stored.items():
                waits = any(c["reason"] == "WaitingForUpgradeSupport" for c in obj["status"].get("conditions", []))
                want = (obj["spec"].get("jobManager", {}).get("replicas", 1), obj["spec"]["taskManager"]["replicas"])
                mine = pods.pop(name, [])
                roles = [p["metadata"]["labels"]["sluice.dev/component"] for p in mine]
                have = (roles.count("jobmanager"), roles.count("taskmanager"))
                good = have == want or (waits and have[0] == want[0])
                if not good or not all(is_ready(p) for p in mine):
                    pods_now = [(p["metadata"]["name"], p["status"]["phase"], is_ready(p)) for p in mine]
                    found.append(f"{name}: {have} for {want}, {obj['status'].get('phase')}, {pods_now}")
            return found + [f"pods of {name}, which is deleted" for name in pods]
        self.leader()
        began = time.monotonic()
        wait_for(lambda: not wrong(), 90, lambda: f"exactly the right pods: {wrong()}")
        say(f"settled within {time.monotonic() - began:.1f} s")

    def nothing_is_left(self):
        def left():
            return [f"{kind}/{o['metadata']['name']}" for kind in ("FlinkCluster", "Pod", "Service", "PodDisruptionBudget",
                                                                   "ControllerRevision", "RoleBinding")
                    for o in self.api.list(kind, self.ns)] + [
                f"ServiceAccount/{o['metadata']['name']}" for o in self.api.list("ServiceAccount", self.ns)
                if o["metadata"]["name"] != "default"] + [
                f"ConfigMap/{o['metadata']['name']}" for o in self.api.list("ConfigMap", self.ns)
                if o["metadata"]["name"] != "kube-root-ca.crt"]
        wait_for(lambda: not left(), 60, lambda: f"nothing is left: {left()[:20]}")


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
