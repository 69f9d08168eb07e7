# SPDX-License-Identifier: Apache-2.0
"""What the tests on the real node share: FlinkClusters with the jobs of dev/images/proof, what their output tells, ways to
kill their pods and Sluice's, and what a person needs when one fails. The node is the one that fixture.sh brought up."""
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time
import traceback
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("SLUICE_TEST_CLUSTER", "test-flink")
sys.path[:0] = [str(ROOT / "tests/cluster"), str(ROOT / "dev/images")]
import check_output  # noqa: E402
from judge import Recorder, breaches  # noqa: E402,F401
from lib import (FOLDER, LOGS, NAME, ApiError, ClusterTest, cluster, condition, is_live, is_ready, shell,  # noqa: E402,F401
                 wait_for)

PROGRAM = pathlib.Path(os.environ.get("SLUICE_BIN_DIR") or ROOT / "build/bin") / "sluice"
MAIN = "flink-main-container"
PROOF = "local:///opt/flink/usrlib/proof.jar"
LEADER_KEY = "org.apache.flink.k8s.leader.dispatcher"
# A JVM costs five seconds of CPU time to start, and there may be eight at once on two cores.
START = 300
# A kubelet whose API server was away more than once within two minutes looks again after up to a minute.
KUBELET_LOOKS = 150


def versions():
    """{"1.20": "1.20.5", "2": "2.3.0"}: of the images."""
    text = (ROOT / "dev/images/flink-versions.txt").read_text()
    pinned = {name: re.search(rf"^apache-flink=={re.escape(name)}\.(\S+)", text, re.M).group(1) for name in ("1.20", "2")}
    wanted = os.environ.get("SLUICE_FLINK_VERSIONS", "1.20 2").split()
    return {name: f"{name}.{pinned[name]}" for name in wanted}


def say(text):
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


def memory(text):
    return {"resources": {"requests": {"cpu": "100m", "memory": text}, "limits": {"memory": text}}}


def manifest(name, version, job_class=None, args=(), *, job_managers=1, conf=None, **more):
    """A FlinkCluster small enough for eight pods on one machine; its state is in the claim that the namespace has."""
    spec = {
        "image": f"localhost/flink:{version}",
        "parallelism": 2,
        "storage": {"root": "file:///flink-data"},
        "jobManager": {"replicas": job_managers, **memory("800Mi")},
        "taskManager": {"slots": 2, **memory("1Gi")},
        "flinkConfiguration": {"execution.checkpointing.interval": "1 s", **(conf or {})},
        "podTemplate": {"spec": {
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "flink-data"}}],
            "containers": [{"name": MAIN, "volumeMounts": [{"name": "data", "mountPath": "/flink-data"}]}]}},
    }
    if job_class is not None:
        spec["job"] = {"jarURI": PROOF, "entryClass": f"dev.sluice.proof.{job_class}", "args": [str(a) for a in args]}
    for key, value in more.items():
        spec[key] = {**spec[key], **value} if isinstance(spec.get(key), dict) else value
    return cluster(name, spec)


class Output:
    """What a job has committed."""

    def __init__(self, folder):
        self.folder, self.counted = folder, {}

    def check(self, **how):
        report = check_output.check(self.folder, **how)
        if report.faults:
            raise AssertionError(f"{self.folder}: {report}: {report.faults[:5]} … {report.faults[-5:]}\n{self.listing()}")
        return report

    def listing(self):
        """When which numbers were committed: for who has to find out how a number was lost or doubled."""
        rows = []
        for path in check_output.committed_files(self.folder):
            numbers = [int(line.split()[1]) for line in path.read_text(encoding="ascii").splitlines()]
            rows.append((path.stat().st_ctime, min(numbers, default=-1), max(numbers, default=-1), len(numbers), path.name))
        return "\n".join(f"{time.strftime('%H:%M:%S', time.localtime(at))} {low}…{high} ({n}) {name}"
                         for at, low, high, n, name in sorted(rows)[-40:])

    def lines(self):
        """A committed file never changes, so each is read once."""
        for path in check_output.committed_files(self.folder):
            if path not in self.counted:
                self.counted[path] = path.read_bytes().count(b"\n")
        return sum(self.counted.values())

    def wait_lines(self, n, seconds):
        def enough():
            time.sleep(0.2)
            return self.lines() >= n
        wait_for(enough, seconds, lambda: f"{self.folder} has {n} lines; it has {self.lines()}")

    def longest_pause(self, since):
        """The longest time after SINCE (Unix seconds) in which nothing was committed. Committing is a rename, which sets
        the file's ctime."""
        moments = sorted(p.stat().st_ctime for p in check_output.committed_files(self.folder))
        before = [m for m in moments if m <= since]
        after = [m for m in moments if m > since]
        steps = [*(before[-1:] or [since]), *after, time.time()]
        return max(b - a for a, b in zip(steps, steps[1:]))


def dev_node(*command):
    done = subprocess.run([ROOT / "dev/node", *command, "--name", NAME], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"dev/node {' '.join(command)}: {done.stdout}{done.stderr}")


def restart_api_server():
    dev_node("restart-apiserver")


class NodeTest(ClusterTest):
    """A test case with a namespace under PodSecurity "restricted" and a claim for state, on the real node."""

    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(cls.disconnect)
        super().setUpClass()
        shell(f"flink_namespace {cls.ns}")
        cls.addClassCleanup(cls.api.request, "DELETE", f"/api/v1/persistentvolumes/flink-data-{cls.ns}")
        cls.addClassCleanup(cls.delete_clusters)

    @classmethod
    def delete_cluster(cls, name):
        """Without the grace of its pods, and without waiting."""
        cls.api.delete("FlinkCluster", cls.ns, name)
        for pod in cls.api.list("Pod", cls.ns, f"sluice.dev/cluster={name}"):
            with contextlib.suppress(ApiError):
                cls.api.delete("Pod", cls.ns, pod["metadata"]["name"], {"gracePeriodSeconds": 1})

    @classmethod
    def delete_clusters(cls):
        """All at once, and waits: the next test wants the memory."""
        for obj in cls.api.list("FlinkCluster", cls.ns):
            cls.delete_cluster(obj["metadata"]["name"])
        wait_for(lambda: not cls.api.list("FlinkCluster", cls.ns) and not cls.api.list("Pod", cls.ns), 120,
                 f"the FlinkClusters of {cls.ns} are gone")

    # ---- both versions at once

    def for_versions(self, *checks):
        """Each check(short, version) for each version, all side by side; what a person needs when one fails."""
        failed = []

        def run(check, short, version):
            try:
                check(short, version)
            except Exception:
                failed.append(f"{check.__name__} with Flink {version}: {traceback.format_exc()}")
                say(f"FAILED: {failed[-1]}")
            finally:
                self.disconnect()
        threads = [threading.Thread(target=run, args=(check, *pair), daemon=True)
                   for check in checks for pair in versions().items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            self.explain()
            self.fail("\n".join(failed))

    @classmethod
    def disconnect(cls):
        """Of this thread, which ends."""
        if getattr(cls.api.local, "connection", None):
            cls.api.local.connection.close()

    def explain(self):
        """Everything that one looks at first."""
        with contextlib.suppress(Exception):
            for obj in self.api.list("FlinkCluster", self.ns):
                print(self.status_text(obj["metadata"]["name"]))
                print(json.dumps(obj.get("status", {}), indent=1))
            print(shell(f"sluice_dev_kubectl get pods,configmaps --namespace={self.ns} -o wide"))
            print(shell(f"sluice_dev_kubectl get events --namespace={self.ns} --sort-by=.metadata.creationTimestamp | "
                        "tail -n 60"))
            for folder in sorted((LOGS / "pods").glob(f"{self.ns}_*")):
                for log in sorted(folder.glob("*/*.log"))[-2:]:
                    print(f"--- {folder.name.split('_')[1]} {log.parent.name}/{log.name}")
                    print("\n".join(log.read_text(errors="replace").splitlines()[-25:]))
            print(shell("sluice_dev_kubectl get pods --namespace=sluice-system -o wide"))
            print(shell("sluice_dev_kubectl logs --namespace=sluice-system --tail=40 --prefix "
                        "--selector=app.kubernetes.io/name=sluice-controller"))
        sys.stdout.flush()

    def status_text(self, name):
        """What `sluice status` shows."""
        done = subprocess.run([PROGRAM, "status", name, f"--namespace={self.ns}", f"--kubeconfig={FOLDER}/admin.kubeconfig"],
                              capture_output=True, text=True)
        return done.stdout + done.stderr

    def columns(self, name):
        return shell(f"sluice_dev_kubectl get flinkcluster {name} --namespace={self.ns} --no-headers").split()

    # ---- what Flink does

    def output(self, name):
        return Output(FOLDER / "flink-data" / self.ns / name)

    def out_url(self, name):
        return f"file:///flink-data/{name}"

    def run_of(self, name):
        """The cluster-id of the run, which Flink's HA ConfigMaps begin with."""
        pods = self.pods(name)
        return f"{name}-{pods[0]['metadata']['labels']['sluice.dev/run']}" if pods else None

    def ha_maps(self, name):
        """Flink's HA ConfigMaps of any run of NAME."""
        return [m for m in self.api.list("ConfigMap", self.ns)
                if m["metadata"]["name"].startswith(f"{name}-") and m["metadata"]["name"].endswith("-config-map")]

    def leader(self, name):
        """The live pod whose address stands in Flink's HA ConfigMap, or None."""
        for m in self.ha_maps(name):
            address = re.search(r"@([0-9.]+):", m.get("data", {}).get(LEADER_KEY, ""))
            for pod in self.live(name, "jobmanager"):
                if address and pod["status"].get("podIP") == address.group(1):
                    return pod
        return None

    def wait_leader(self, name, seconds=START, other_than=None):
        """The pod that leads; OTHER_THAN: (pod's uid, restarts of its container) of the one that was killed."""
        def right():
            time.sleep(0.1)
            pod = self.leader(name)
            return pod if pod and is_ready(pod) and life(pod) != other_than else None
        return wait_for(right, seconds, f"{name} has a leader that is ready")

    def flink(self, name, path, data=None, content="application/json"):
        """Flink's REST API, through the Service."""
        address = self.api.get("Service", self.ns, f"{name}-rest")["spec"]["clusterIP"]
        request = urllib.request.Request(f"http://{address}:8081{path}", data, {"Content-Type": content} if data else {})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def wait_status(self, name, right, seconds, what):
        """Waits until right(object); the object."""
        def look():
            obj = self.stored(name)
            return obj if right(obj) else None
        return wait_for(look, seconds, lambda: f"{name}: {what}; it has {json.dumps(self.stored(name).get('status'), indent=1)}")

    # ---- deaths

    def delete_pod(self, pod, grace=None):
        self.api.delete("Pod", self.ns, pod["metadata"]["name"],
                        None if grace is None else {"gracePeriodSeconds": grace,
                                                    "preconditions": {"uid": pod["metadata"]["uid"]}})

    def kill_process(self, pod, container=MAIN, ns=None):
        """From the machine, kill -9."""
        dev_node("kill-container", f"{ns or self.ns}/{pod['metadata']['name']}", container)


def life(pod):
    """What changes when a pod's process does."""
    restarts = [c.get("restartCount", 0) for c in pod["status"].get("containerStatuses", []) if c["name"] == MAIN]
    return pod["metadata"]["uid"], (restarts or [0])[0]


class Controllers:
    """Sluice's own pods, to be killed."""

    NS = "sluice-system"
    SELECTOR = "app.kubernetes.io/name=sluice-controller"

    def __init__(self, test):
        self.test, self.api = test, test.api

    def pods(self):
        return [p for p in self.api.list("Pod", self.NS, self.SELECTOR) if is_live(p)]

    def leader(self):
        """The pod that holds the Lease, or None; another may be about to."""
        lease = self.api.get("Lease", self.NS, "sluice-controller")
        holder = ((lease or {}).get("spec") or {}).get("holderIdentity") or ""
        return next((p for p in self.pods() if p["metadata"]["name"] in holder), None)

    def kill(self, pod):
        """kill -9 from the machine. A second death of the same pod would meet the kubelet's back-off of minutes: then the
        pod goes, too, and its Deployment makes another."""
        again = any(c["restartCount"] > 0 for c in pod["status"]["containerStatuses"])
        self.test.kill_process(pod, "controller", self.NS)
        if again:
            self.api.delete("Pod", self.NS, pod["metadata"]["name"], {"gracePeriodSeconds": 0})

    def wait_working(self, seconds=KUBELET_LOOKS):
        """Both are ready, and one of them leads."""
        wait_for(lambda: len([p for p in self.pods() if is_ready(p)]) >= 2 and self.leader(), seconds,
                 "two controllers are ready and one leads")
