# SPDX-License-Identifier: Apache-2.0
"""The keeper with many clusters at once, held against a plain client (plain_client.c) that does the same requests without
a thought, at the same time on the same control plane, with as many connections. Times are ratios to the plain client's, so
that they mean the same on any machine. The control plane is its own: nodes and pods are played by KWOK for both alike, and
kube-controller-manager sleeps: nothing here waits for it, and its EndpointSlices would take most of a small machine.

SLUICE_SCALE_CLUSTERS (500) says how many; SLUICE_SCALE_REPORT, a file, gets the numbers as JSON; SLUICE_SCALE_STRICT=1
holds the ratios, too: the slowest in a hundred says more of what else a machine does than of Sluice, so that is for a
machine with nothing else to do (make scale)."""
import json
import os
import subprocess
import sys
import threading
import time
import unittest

os.environ.setdefault("SLUICE_TEST_CLUSTER", "scale")
from lib import (FOLDER, NAME, PATHS, ROOT, WRITES, Api, Program, audit,  # noqa: E402
                 condition, highly_available, is_live, received, session, shell, start_controller, wait_for, writes)

CLUSTERS = int(os.environ.get("SLUICE_SCALE_CLUSTERS", "500"))
JOB_MANAGERS, TASK_MANAGERS = 2, 3
PODS = CLUSTERS * (JOB_MANAGERS + TASK_MANAGERS)
WORKERS = 8  # the controller's default
EDITS_A_SECOND, EDIT_SECONDS = 20, 15
BIN = os.environ.get("SLUICE_BIN_DIR", str(ROOT / "build/bin"))
PLAIN = os.environ.get("SLUICE_PLAIN_CLIENT", str(ROOT / "build/tools/plain-client"))
PODS_A_NODE = 1000
PATIENT_LEASE = ("60s", "50s", "5s")  # what is measured drives the API server to its limit
PAUSE = 0.5 + CLUSTERS / 1000  # between looks at all of them, which cost the API server something
PATIENCE = 120 + CLUSTERS  # seconds
STRICT = os.environ.get("SLUICE_SCALE_STRICT") == "1"
# What it must hold.
CREATE_RATIO, EDIT_RATIO, RESTART_RATIO, RSS_MIB = 1.3, 2.0, 1.5, 64
POLICIES, POLICY_COUNT = "/apis/sluice.dev/v1beta1/flinkpolicies", 5
LOAD, SIDE = "scale-load", "scale-plain"


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def manifest(name):
    return session(name, TASK_MANAGERS, flinkVersion="1.20", parallelism=TASK_MANAGERS, **highly_available(JOB_MANAGERS))


def plain(*args):
    """Runs the plain client; its numbers."""
    done = subprocess.run([PLAIN, *map(str, args)], capture_output=True, text=True,
                          env={**os.environ, "SLUICE_TEST_KUBECONFIG": str(FOLDER / "plain.kubeconfig")})
    if done.returncode != 0:
        raise AssertionError(f"plain client {args}: {done.stderr}")
    return json.loads(done.stdout)


def rendered():
    """The objects of a cluster @NAME@ in the words of the controller."""
    source = {**manifest("zqname"), "metadata": {"name": "zqname", "namespace": SIDE}}
    done = subprocess.run([f"{BIN}/sluice", "render", "--output", "json", "-"], input=json.dumps(source), capture_output=True,
                          text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def write_template(path, lines):
    """A template of the plain client: [(method, path, object)]."""
    with open(path, "w", encoding="utf-8") as file:
        for method, target, body in lines:
            text = json.dumps(body, separators=(",", ":"))
            text = text.replace("zqname", "@NAME@").replace("00000000-0000-0000-0000-000000000000", "@UID@")
            file.write(f"{method}\t{target.replace('zqname', '@NAME@')}\t{text}\n")


class Memory(threading.Thread):
    """The most memory that a process had resident."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.now, self.peak = pid, 0, 0
        self.start()

    def run(self):
        while True:
            try:
                with open(f"/proc/{self.pid}/status", encoding="utf-8") as file:
                    values = dict(line.split(":", 1) for line in file if line.startswith(("VmRSS", "VmHWM")))
                self.now = int(values["VmRSS"].split()[0]) / 1024
                self.peak = int(values["VmHWM"].split()[0]) / 1024
            except (OSError, KeyError):
                return
            time.sleep(0.2)


def stat_fields(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()


def cpu_seconds(pid):
    fields = stat_fields(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def age(pid):
    """Seconds since PID started."""
    started = int(stat_fields(pid)[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started / os.sysconf("SC_CLK_TCK")


class Scale(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.numbers = {"clusters": CLUSTERS}
        shell(f"'{ROOT}/dev/cluster' down --name {NAME}; '{ROOT}/dev/cluster' up --name {NAME} >/dev/null")
        cls.addClassCleanup(shell, f"'{ROOT}/dev/cluster' down --name {NAME}")
        shell("""for file in namespace.yaml crd/flinkclusters.yaml crd/flinkpolicies.yaml rbac/flink-ha.yaml rbac/controller.yaml; do
                     sluice_dev_kubectl apply --server-side -f "$REPO_DIR/manifests/$file" >/dev/null
                 done
                 sluice_dev_kubectl wait --for=condition=Established crd/flinkclusters.sluice.dev crd/flinkpolicies.sluice.dev \
                     --timeout=30s >/dev/null
                 sluice_dev_kubectl create serviceaccount plain --namespace=sluice-system >/dev/null
                 sluice_dev_kubectl create clusterrolebinding plain --clusterrole=cluster-admin \
                     --serviceaccount=sluice-system:plain >/dev/null
                 make_sa_kubeconfig sluice-system plain "$CLUSTER_DIR/plain.kubeconfig" """)
        cls.api = Api()
        for ns in (LOAD, SIDE):
            cls.api.request("POST", "/api/v1/namespaces", {"metadata": {"name": ns}})
        for i in range(PODS * 2 // PODS_A_NODE + 2):
            labels = {"kubernetes.io/hostname": f"node-{i}", "kubernetes.io/os": "linux"}
            cls.api.request("POST", "/api/v1/nodes", {
                "metadata": {"name": f"node-{i}", "labels": labels},
                "spec": {"podCIDR": f"10.{100 + i}.0.0/16", "podCIDRs": [f"10.{100 + i}.0.0/16"]}})
        # Nodes are made with a taint, which kube-controller-manager takes away; it makes the namespaces' accounts, too.
        wait_for(lambda: not any(n["spec"].get("taints") for n in cls.api.request("GET", "/api/v1/nodes")["items"]), 60,
                 "all nodes take pods")
        for ns in (LOAD, SIDE):
            wait_for(lambda ns=ns: cls.api.get("ServiceAccount", ns, "default"), 30, f"{ns} has its account")
        shell("process_signal kube-controller-manager STOP")
        cls.addClassCleanup(shell, "process_signal kube-controller-manager CONT")

    @classmethod
    def tearDownClass(cls):
        report = os.environ.get("SLUICE_SCALE_REPORT")
        if report:
            with open(report, "w", encoding="utf-8") as file:
                json.dump(cls.numbers, file, indent=1)
        say(json.dumps(cls.numbers))

    def note(self, **numbers):
        self.numbers.update(numbers)
        say(" ".join(f"{k}={v:.3f}" if isinstance(v, float) else f"{k}={v}" for k, v in numbers.items()))

    def count(self, kind, ns):
        answer = self.api.request("GET", PATHS[kind].format(ns) + "?limit=1")
        return len(answer["items"]) + answer["metadata"].get("remainingItemCount", 0)

    def started(self):
        """A controller of the namespace under load."""
        return start_controller("keeper", f"--namespaces={LOAD}", f"--workers={WORKERS}", lease=PATIENT_LEASE)

    def restarted(self):
        """The same, but nobody waits until it is ready."""
        port = int(shell("free_port"))
        shell(f"""make_sa_kubeconfig sluice-system sluice-controller "$CLUSTER_DIR/keeper.kubeconfig"
                  start_program keeper sluice-controller --kubeconfig="$CLUSTER_DIR/keeper.kubeconfig" \
                      --health-listen=127.0.0.1:{port} --namespaces={LOAD} --workers={WORKERS}""")
        return Program("keeper", port)

    def quiet(self, program):
        """Nothing to do and nothing being done."""
        return program.metric("workqueue_depth") == 0 and program.metric("controller_runtime_active_workers") == 0

    def settled(self):
        objects = self.api.list("FlinkCluster", LOAD)
        return len(objects) == CLUSTERS and all(condition(o, "Ready").get("status") == "True" for o in objects)

    def test_scale(self):
        self.write_templates()
        self.measure_create()
        self.measure_edits()
        self.measure_audits()
        self.measure_restart()
        self.judge()

    def write_templates(self):
        lines = [("POST", PATHS["FlinkCluster"].format(SIDE), manifest("zqname"))]
        status = {"status": {"phase": "Starting", "observedGeneration": 1, "conditions": [
            {"type": t, "status": "False", "reason": "Starting", "message": "0 of 5 pods are ready", "observedGeneration": 1,
             "lastTransitionTime": "2026-01-01T00:00:00Z"} for t in ("Accepted", "Available", "Ready", "Reconciling")]}}
        event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "zqname.1", "namespace": SIDE},
                 "type": "Normal", "reason": "Accepted", "count": 1, "message": "generation 1 is accepted",
                 "involvedObject": {"kind": "FlinkCluster", "namespace": SIDE, "name": "zqname"}}
        made = rendered()
        lines += [("POST", PATHS[o["kind"]].format(SIDE), o) for o in [event, *made]]
        lines += [("PATCH", PATHS["FlinkCluster"].format(SIDE) + "/zqname/status", status)]
        write_template(FOLDER / "plain.template", lines)
        write_template(FOLDER / "load.template", [("POST", PATHS["FlinkCluster"].format(LOAD), manifest("zqname"))])
        self.children = len(made) * CLUSTERS

    def measure_create(self):
        """Both at once, so that whatever else the machine does concerns both alike. What the controller had done when the
        plain client was through tells how long it takes."""
        program = self.started()
        wait_for(program.leads, 20, "the controller leads")
        self.program, self.memory = program, Memory(program.pid)
        since, cpu, made = time.time(), cpu_seconds(program.pid), {}
        side = threading.Thread(target=lambda: made.update(plain("create", FOLDER / "plain.template", CLUSTERS, WORKERS)))
        side.start()
        plain("create", FOLDER / "load.template", CLUSTERS, WORKERS)
        side.join()
        wait_for(lambda: time.sleep(PAUSE) or self.count("Pod", LOAD) >= PODS, PATIENCE,
                 lambda: f"{PODS} pods are made; there are {self.count('Pod', LOAD)}")
        wait_for(lambda: time.sleep(PAUSE) or self.settled(), PATIENCE, "every cluster is ready")
        wait_for(lambda: self.quiet(program), 60, "the controller is quiet")
        mine = [e for e in audit(since, program.credential) if e["verb"] in WRITES and e["objectRef"]["resource"] != "leases"]
        times = [received(e) for e in mine if e["verb"] == "create" and e["objectRef"]["resource"] != "events" and
                 e["responseStatus"]["code"] == 201]
        done = sum(t <= since + made["seconds"] for t in times) / self.children
        took = max(times) - since
        self.note(plain_create_s=made["seconds"], plain_pod_p50_ms=made["pods"]["p50_ms"],
                  plain_pod_p99_ms=made["pods"]["p99_ms"], create_s=took,
                  create_ratio=1 / done if done < 1 else took / made["seconds"],
                  writes=len(mine), cpu_create_s=cpu_seconds(program.pid) - cpu, rss_mib=self.memory.now,
                  rss_peak_mib=self.memory.peak)
        self.assertEqual(self.count("Pod", SIDE), PODS)
        self.assertEqual(len(times), self.children, "each child is made once")
        self.assertEqual([e["requestURI"] for e in mine if e["verb"] == "delete"], [])
        self.check_pods()

    def check_pods(self):
        """Exactly the pods that are wanted, each place once."""
        places = {}
        for pod in self.api.list("Pod", LOAD):
            labels = pod["metadata"]["labels"]
            self.assertTrue(is_live(pod), pod["metadata"]["name"])
            key = (labels["sluice.dev/cluster"], labels["sluice.dev/component"])
            places[key] = places.get(key, 0) + 1
        self.assertEqual(len(places), CLUSTERS * 2)
        self.assertEqual({k: n for k, n in places.items()
                          if n != (JOB_MANAGERS if k[1] == "jobmanager" else TASK_MANAGERS)}, {})

    def measure_edits(self):
        made = plain("edit", LOAD, CLUSTERS, EDITS_A_SECOND, EDIT_SECONDS, TASK_MANAGERS + 1)
        self.note(edits=made["edits"], edits_seen=made["edit_to_pod"]["n"], edit_p99_ms=made["edit"]["p99_ms"],
                  edit_to_pod_p50_ms=made["edit_to_pod"]["p50_ms"], edit_to_pod_p99_ms=made["edit_to_pod"]["p99_ms"],
                  edit_ratio=made["edit_to_pod"]["p99_ms"] / self.numbers["plain_pod_p99_ms"])
        wait_for(lambda: time.sleep(PAUSE) or self.settled(), PATIENCE, "every cluster is ready again")
        wait_for(lambda: self.quiet(self.program), 60, "the controller is quiet")
        self.note(rss_mib=self.memory.now, rss_peak_mib=self.memory.peak)

    def measure_audits(self):
        """The same edits while all clusters are audited again and again, by policies that match and find something."""
        stop, paths = threading.Event(), [f"{POLICIES}/p{i}" for i in range(POLICY_COUNT)]
        for path in paths:
            self.api.request("POST", POLICIES, {
                "apiVersion": "sluice.dev/v1beta1", "kind": "FlinkPolicy", "metadata": {"name": path.rpartition("/")[2]}, "spec": {
                    "enforcement": "Warn", "images": {"allowed": ["registry.example.com/**"]}, "iamRoles": {"required": True},
                    "parallelism": {"max": 1000, "namespaceTotal": 10}, "pods": {"hostPath": "Deny"}}})

        def audited(path):
            return self.api.request("GET", path).get("status", {}).get("audited") == CLUSTERS
        begun, cpu = time.monotonic(), cpu_seconds(self.program.pid)
        wait_for(lambda: all(audited(path) for path in paths), PATIENCE, "every policy is audited")
        self.note(policies=POLICY_COUNT, audit_s=time.monotonic() - begun, audit_cpu_s=cpu_seconds(self.program.pid) - cpu)

        def change():
            for i in range(1000000):
                self.api.request("PATCH", paths[i % len(paths)], {"spec": {"priority": i % 100}}, "application/merge-patch+json")
                if stop.wait(1):
                    return
        changes = threading.Thread(target=change)
        changes.start()
        rounds = -(-EDITS_A_SECOND * EDIT_SECONDS // CLUSTERS)
        made = plain("edit", LOAD, CLUSTERS, EDITS_A_SECOND, EDIT_SECONDS, TASK_MANAGERS + 1 + rounds)
        stop.set()
        changes.join()
        self.note(audited_edits=made["edits"], audited_edits_seen=made["edit_to_pod"]["n"],
                  audited_edit_to_pod_p50_ms=made["edit_to_pod"]["p50_ms"],
                  audited_edit_to_pod_p99_ms=made["edit_to_pod"]["p99_ms"],
                  audited_edit_ratio=made["edit_to_pod"]["p99_ms"] / self.numbers["plain_pod_p99_ms"])
        for path in paths:
            self.api.request("DELETE", path)
        wait_for(lambda: time.sleep(PAUSE) or self.settled(), PATIENCE, "every cluster is ready again")
        wait_for(lambda: self.quiet(self.program), 60, "the controller is quiet")
        self.note(rss_mib=self.memory.now, rss_peak_mib=self.memory.peak)

    def measure_restart(self):
        self.program.stop()
        listed = [plain("list", LOAD)]
        program = self.restarted()
        since, memory = time.time() - age(program.pid), Memory(program.pid)

        def in_sync():
            done = program.metric('controller_runtime_reconcile_total{controller="flinkcluster",result="success"}')
            return done is not None and done >= CLUSTERS and self.quiet(program)
        while not in_sync():
            self.assertLess(age(program.pid), PATIENCE, "the new controller is in sync")
            time.sleep(0.01)
        took = age(program.pid)
        time.sleep(3)
        listed.append(plain("list", LOAD))
        mine = writes(audit(since, program.credential), leases=False)
        listing = sum(x["seconds"] for x in listed) / len(listed)
        self.note(listed=listed[0]["objects"], plain_list_s=listing, restart_s=took, restart_ratio=took / listing,
                  restart_writes=len(mine), restart_rss_mib=memory.now, restart_peak_mib=memory.peak,
                  restart_cpu_s=cpu_seconds(program.pid))
        self.assertEqual(mine, [])
        program.stop()

    def judge(self):
        n = self.numbers
        self.assertEqual(n["edits_seen"], n["edits"])
        self.assertEqual(n["audited_edits_seen"], n["audited_edits"])
        self.assertLessEqual(max(n["rss_peak_mib"], n["restart_peak_mib"]), RSS_MIB)
        if not STRICT:
            return
        self.assertLessEqual(n["create_ratio"], CREATE_RATIO)
        self.assertLessEqual(n["edit_ratio"], EDIT_RATIO)
        self.assertLessEqual(n["audited_edit_ratio"], EDIT_RATIO)
        self.assertLessEqual(n["restart_ratio"], RESTART_RATIO)


if __name__ == "__main__":
    unittest.main(verbosity=2)
