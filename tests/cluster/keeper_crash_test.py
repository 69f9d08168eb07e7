# SPDX-License-Identifier: Apache-2.0
"""The controller dies before and after every write of create, scale, replace, change and delete, and what a separate watch
saw is judged: no state was there at any moment that may not be.

Two ways. Relentless: each process dies right after its first write, the next goes on, until a whole life of a cluster has
passed. Once: the first process dies before (after) its Nth write and the next one lives, for N = 1, 2, … until a life
passes without reaching N; of these, `make test` does each twelfth and `make test-crash` (SLUICE_CRASH_STRIDE=1) all.
The program is sluice-controller-crash (tests/fakes/controller_crash.c)."""
import itertools
import os
import pathlib
import subprocess
import threading
import time
import unittest

from judge import Recorder, breaches
from lib import (CHILD_KINDS, FOLDER, LOGS, Api, ApiError, ClusterTest, application, condition, highly_available, is_live,
                 is_ready, session, wait_for)

PROGRAM = pathlib.Path(os.environ.get("SLUICE_BIN_DIR", "build/bin")).parent / "tests" / "sluice-controller-crash"
STRIDE = int(os.environ.get("SLUICE_CRASH_STRIDE", "12"))
LANES = 4
# Only told crashes count, on however busy a machine.
PATIENT = ["--leader-election-lease-duration=120s", "--leader-election-renew-deadline=100s", "--leader-election-retry-period=5s"]
CRASHED = 77
STILL_SECONDS = 90  # without a death, and without an end
DEATHS_MAX = 150  # of one life: each write is one, and none is made again and again
# Pods end as those of Flink do: not at once.
SLOW = {"podTemplate": {"metadata": {"annotations": {"dev.sluice.dev/terminate-after": "200ms"}}}}
KINDS = {
    "session": lambda name: session(name, 2, **SLOW),
    "session-ha": lambda name: session(name, 2, **SLOW, **highly_available()),
    "job": lambda name: application(name, **SLOW, taskManager={"replicas": 2}),
    "job-ha": lambda name: application(name, "Savepoint", **SLOW, **highly_available(), taskManager={"replicas": 2}),
}
# What a job with state can't be asked for in this release.
STATEFUL = {"job-ha"}


class Controller:
    """One process after another, each under the Lease of its lane."""

    def __init__(self, api, ns):
        self.api, self.ns, self.process, self.log = api, ns, None, open(LOGS / f"crash-{ns}.log", "w", encoding="utf-8")

    def start(self, crash_at=None):
        try:
            self.api.delete("Lease", self.ns, "crash")  # the dead one's
        except ApiError as e:
            if e.code != 404:
                raise
        environment = {**os.environ, **({"CRASH_AT": crash_at} if crash_at else {})}
        self.process = subprocess.Popen(
            [PROGRAM, f"--kubeconfig={FOLDER / 'admin.kubeconfig'}", f"--namespaces={self.ns}", "--health-listen=127.0.0.1:0",
             f"--leader-election-namespace={self.ns}", "--leader-election-name=crash", *PATIENT],
            stderr=self.log, env=environment)

    def crashed(self):
        """Whether it died as it was told to; any other end is a fault."""
        code = self.process.poll()
        if code not in (None, CRASHED):
            raise AssertionError(f"the controller ended with {code}; its log: {self.log.name}")
        return code is not None

    def end(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Life:
    """A FlinkCluster from its creation to its end, step by step; each step is done when nothing of it is left to do."""

    def __init__(self, api, ns, kind, name):
        self.api, self.ns, self.kind, self.name, self.replicas = api, ns, kind, name, 2

    def steps(self):
        yield "create", lambda: self.api.create("FlinkCluster", self.ns, KINDS[self.kind](self.name))
        yield "scale up", lambda: self.scale(3)
        yield "scale down", lambda: self.scale(1)
        yield "replace", self.hurt
        if self.kind not in STATEFUL:
            yield "change", lambda: self.patch({"restartNonce": 7})
        yield "delete", lambda: self.api.delete("FlinkCluster", self.ns, self.name)

    def patch(self, spec):
        self.api.merge("FlinkCluster", self.ns, self.name, {"spec": spec})

    def scale(self, replicas):
        # The parallelism of a job stands in its pods; only TaskManagers are added or taken.
        self.replicas = replicas
        self.api.request("PATCH", self.api.path("FlinkCluster", self.ns, self.name) + "/scale",
                         {"spec": {"replicas": replicas}}, "application/merge-patch+json")

    def pods(self):
        return self.api.list("Pod", self.ns, f"sluice.dev/cluster={self.name}")

    def hurt(self):
        """A JobManager fails, a TaskManager is deleted."""
        self.hurt_uids = set()
        for pod in sorted(self.pods(), key=lambda p: p["metadata"]["name"]):
            role = pod["metadata"]["labels"]["sluice.dev/component"]
            if is_live(pod) and role not in self.hurt_uids:
                self.hurt_uids |= {role, pod["metadata"]["uid"]}
                if role == "jobmanager":
                    self.api.merge("Pod", self.ns, pod["metadata"]["name"], {"metadata": {"annotations": {"dev.sluice.dev/fail": "Error"}}})
                else:
                    self.api.delete("Pod", self.ns, pod["metadata"]["name"])

    def done(self, step):
        obj = self.api.get("FlinkCluster", self.ns, self.name)
        pods = self.pods()
        if step == "delete":
            return obj is None and not pods
        status = obj.get("status", {})
        if step == "replace" and self.hurt_uids & {p["metadata"]["uid"] for p in pods if is_live(p)}:
            return False
        roles = [p["metadata"]["labels"]["sluice.dev/component"] for p in pods]
        return (status.get("observedGeneration") == obj["metadata"]["generation"]
                and condition(obj, "Ready").get("status") == "True" and all(is_ready(p) for p in pods)
                and roles.count("jobmanager") == obj["spec"].get("jobManager", {}).get("replicas", 1)
                and roles.count("taskmanager") == self.replicas)

    def live(self, controller, first, then):
        """Lives; the first process is started with CRASH_AT=FIRST, those after it with THEN. How many died."""
        deaths = 0
        controller.start(first)
        for step, do in self.steps():
            do()
            end = time.monotonic() + STILL_SECONDS
            while not self.done(step) or controller.crashed():
                if controller.crashed():
                    deaths += 1
                    controller.start(then)
                    end = time.monotonic() + STILL_SECONDS
                if time.monotonic() > end or deaths > DEATHS_MAX:
                    obj = self.api.get("FlinkCluster", self.ns, self.name)
                    raise AssertionError(f"{self.kind} {self.name}, {first}, then {then}: {step} is not done after {deaths} deaths: "
                                         f"{obj and obj.get('status')}, {[(p['metadata']['name'], is_ready(p)) for p in self.pods()]}; "
                                         f"log: {controller.log.name}")
                time.sleep(0.05)
        controller.end()
        return deaths


class Relentless:
    """One life of each kind; every process dies right after its first write."""

    def __init__(self):
        self.todo, self.deaths = [(kind, "1:after", "1:after") for kind in KINDS], {}

    def next(self):
        return self.todo.pop() if self.todo else None

    def note(self, job, deaths):
        self.deaths[job[0]] = deaths


class Once:
    """Lives in which the Nth write is the first process's last, for growing N until one is not reached."""

    def __init__(self):
        self.at = {(kind, when): 1 + i % STRIDE for i, (kind, when) in enumerate(itertools.product(KINDS, ("before", "after")))}
        self.reached, self.passed = dict.fromkeys(self.at, 0), set()

    def next(self):
        kind, when = min(self.at.keys() - self.passed, key=lambda key: self.at[key], default=(None, None))
        if kind is None:
            return None
        n = self.at[kind, when]
        self.at[kind, when] += STRIDE
        return kind, f"{n}:{when}", None

    def note(self, job, deaths):
        n, when = job[1].split(":")
        if deaths:
            self.reached[job[0], when] = max(self.reached[job[0], when], int(n))
        else:
            self.passed.add((job[0], when))


class Crash(ClusterTest):
    def lane(self, work, lock, errors):
        """Lives its share of the work in a namespace of its own, one life at a time; judges what was seen there."""
        api = Api()
        ns = f"{self.ns}-{os.urandom(2).hex()}"
        api.request("POST", "/api/v1/namespaces", {"metadata": {"name": ns}})
        recorder, controller = Recorder(api, ns), Controller(api, ns)
        try:
            for number in itertools.count():
                with lock:
                    job = work.next() if not errors else None
                if job is None:
                    break
                deaths = Life(api, ns, job[0], f"{job[0]}-{number}").live(controller, *job[1:])
                with lock:
                    work.note(job, deaths)
            wait_for(lambda: not self.left(api, ns), 20, lambda: f"nothing is left: {self.left(api, ns)}")
            wrong = breaches(recorder.history())
            if wrong:
                raise AssertionError(f"{len(wrong)} breaches (log {controller.log.name}), such as:\n" + "\n".join(wrong[:20]))
        except Exception as e:
            errors.append(e)
        finally:
            controller.end()
            api.request("DELETE", f"/api/v1/namespaces/{ns}")

    def left(self, api, ns):
        return [f"{k}/{o['metadata']['name']}" for k in CHILD_KINDS for o in api.list(k, ns) if o["metadata"].get("ownerReferences")]

    def carry_out(self, work):
        errors, lock = [], threading.Lock()
        threads = [threading.Thread(target=self.lane, args=(work, lock, errors), daemon=True) for _ in range(LANES)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        if errors:
            raise errors[0]

    def test_it_dies_after_each_write_and_gets_there_all_the_same(self):
        work = Relentless()
        self.carry_out(work)
        for kind, deaths in sorted(work.deaths.items()):
            print(f"{kind}: {deaths} deaths", flush=True)
            self.assertGreater(deaths, 25)

    def test_it_dies_once_before_or_after_any_write(self):
        work = Once()
        self.carry_out(work)
        for (kind, when), n in sorted(work.reached.items()):
            print(f"{kind}: died once {when} a write, the last time {when} its {n}th", flush=True)
            self.assertGreater(n, 20)


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
