# SPDX-License-Identifier: Apache-2.0
"""Two webhook replicas behind a Service, under a steady load of dry-run writes, while replicas are replaced, killed, and
their certificates rotated: no write may fail because of the webhook. The API server picks an endpoint of the Service
itself (--enable-aggregator-routing); the replicas are processes of this machine, and what a kubelet and the EndpointSlice
controller do for pods is done here: a replica joins when it is ready and leaves when it is told to end.

SLUICE_REPLICAS_RATE (100): writes a second at the least; SLUICE_REPLICAS_REPORT, a file, gets the numbers as JSON."""
import collections
import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
import unittest

os.environ.setdefault("SLUICE_TEST_CLUSTER", "replicas")
from lib import FOLDER, GROUP, NAME, ROOT, Api, Program, session, shell, wait_for  # noqa: E402

RATE = float(os.environ.get("SLUICE_REPLICAS_RATE", "100"))
WRITERS = 6
ROLLOUTS, LEAVES, CAS = 10, 10, 3
DRAIN = 3  # seconds; what a rollout of the shipped Deployment has is 10
SYSTEM = "sluice-system"
SLICES = f"/apis/discovery.k8s.io/v1/namespaces/{SYSTEM}/endpointslices"
WRITES = GROUP + "/namespaces/default/flinkclusters?dryRun=All"
CERTS = os.environ.get("SLUICE_BIN_DIR", str(ROOT / "build/bin")) + "/sluice-certs"


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def machine_address():
    """An address of this machine that an EndpointSlice may hold: no loopback."""
    addresses = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=True).stdout.split()
    found = [a for a in addresses if re.fullmatch(r"\d+\.\d+\.\d+\.\d+", a) and not a.startswith(("127.", "169.254."))]
    if not found:
        raise AssertionError("this machine has no IPv4 address but loopback, and an EndpointSlice may not hold that")
    return found[0]


class Load:
    """WRITERS connections that write without a pause. What failed is kept with its time."""

    def __init__(self, api):
        self.api, self.stopping = api, threading.Event()
        self.counts, self.failures, self.refused, self.lock = collections.Counter(), [], [], threading.Lock()
        self.slowest = 0.0
        self.threads = [threading.Thread(target=self.write, args=(i,), daemon=True) for i in range(WRITERS)]
        self.started = time.monotonic()
        for thread in self.threads:
            thread.start()

    def write(self, number):
        body = json.dumps(session(f"load-{number}")).encode()
        connection = self.api.connect(timeout=20)
        while not self.stopping.is_set():
            at = time.monotonic()
            try:
                connection.request("POST", WRITES, body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                text = answer.read().decode(errors="replace")
                self.note(at, answer.status, text)
            except (http.client.HTTPException, OSError) as e:
                self.note(at, 0, repr(e))
                connection.close()
                time.sleep(0.1)
                connection = self.api.connect(timeout=20)
        connection.close()

    def note(self, at, status, text):
        now = time.monotonic()
        with self.lock:
            self.counts[status] += 1
            self.slowest = max(self.slowest, now - at)
            if status == 201:
                return
            # What names a webhook is ours; all else the API server itself refused, or was not there to.
            kept = self.failures if "webhook" in text else self.refused
            kept.append((now, f"{status} {text[:300]}"))

    def mark(self):
        """How many failures there were until now."""
        with self.lock:
            return len(self.failures)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        self.seconds = time.monotonic() - self.started


class Replica:
    """A webhook as a process, and its place in the Service."""
    made = 0

    def __init__(self, api, address):
        Replica.made += 1
        self.api, self.address, self.name = api, address, f"replica-{Replica.made}"
        port, health = shell("a=$(free_port); echo $a $(free_port $a)").split()
        self.port = int(port)
        shell(f"""make_sa_kubeconfig {SYSTEM} sluice-webhook "$CLUSTER_DIR/{self.name}.kubeconfig"
                  start_program {self.name} sluice-webhook --kubeconfig="$CLUSTER_DIR/{self.name}.kubeconfig" \
                      --listen={address}:{port} --health-listen=127.0.0.1:{health} --drain-delay={DRAIN}s --ca-pause=2s --cert-poll=500ms""")
        self.program = Program(self.name, int(health))
        shell(f"wait_for 'curl -fsS -o /dev/null http://127.0.0.1:{health}/readyz' 20 || die '{self.name} is not ready'")

    def join(self):
        self.api.request("POST", SLICES, {
            "metadata": {"name": self.name, "labels": {"kubernetes.io/service-name": "sluice-webhook"}},
            "addressType": "IPv4", "ports": [{"name": "https", "port": self.port, "protocol": "TCP"}],
            "endpoints": [{"addresses": [self.address], "conditions": {"ready": True, "serving": True}}]})

    def leave(self):
        self.api.request("DELETE", f"{SLICES}/{self.name}")

    def answered(self):
        return self.program.metric('sluice_webhook_reviews_total{webhook="validate",operation="CREATE",verdict="allowed"') or 0

    def end(self):
        """As a pod ends: the signal first, the endpoint a moment later, and nobody waits for the drain."""
        self.program.signal(15)
        time.sleep(0.1)
        self.leave()


class Replicas(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.numbers, cls.address = {}, machine_address()
        shell(f"'{ROOT}/dev/cluster' down --name {NAME}; '{ROOT}/dev/cluster' up --name {NAME} >/dev/null; install_sluice")
        cls.addClassCleanup(shell, f"'{ROOT}/dev/cluster' down --name {NAME}")
        # As shipped: through the Service, which here has no selector, since there are no pods.
        shell('file=$REPO_DIR/manifests/webhook/configurations.yaml; sluice_dev_kubectl delete -f "$file"; '
              'sluice_dev_kubectl create -f "$file"')
        shell("""sluice_dev_kubectl create -f <(sed '/selector:/d' "$REPO_DIR/manifests/webhook/service.yaml")""")
        cls.api = Api()
        cls.replicas = [Replica(cls.api, cls.address) for _ in range(2)]
        for replica in cls.replicas:
            replica.join()
        wait_for(cls.takes_writes, 20, "the webhook is asked through the Service")

    @classmethod
    def takes_writes(cls):
        connection = cls.api.connect()
        connection.request("POST", WRITES, json.dumps(session("first")), {"Content-Type": "application/json"})
        status = connection.getresponse().status
        connection.close()
        return status == 201

    @classmethod
    def tearDownClass(cls):
        report = os.environ.get("SLUICE_REPLICAS_REPORT")
        if report:
            with open(report, "w", encoding="utf-8") as file:
                json.dump(cls.numbers, file, indent=1)
        say(json.dumps(cls.numbers))

    def setUp(self):
        self.load = Load(self.api)
        self.addCleanup(self.load.stopping.set)
        time.sleep(1)

    def judge(self, what, until=None, least=RATE):
        """Ends the load: no write failed because of the webhook (but before UNTIL), and there were enough: LEAST a second."""
        self.load.stop()
        rate = self.load.counts[201] / self.load.seconds
        late = [text for at, text in self.load.failures if until is None or at > until]
        self.numbers[what] = {"writes": self.load.counts[201], "a second": round(rate), "failed": len(self.load.failures),
                              "refused by the API server": len(self.load.refused), "slowest s": round(self.load.slowest, 2)}
        say(f"{what}: {self.numbers[what]}")
        self.assertEqual(late, [], f"{len(late)} writes failed because of the webhook")
        self.assertGreaterEqual(rate, least, "writes a second")
        return self.load.refused

    def replace_one(self):
        new = Replica(self.api, self.address)
        new.join()
        old = self.replicas.pop(0)
        self.replicas.append(new)
        time.sleep(0.3)  # the API server learns of endpoints by a watch
        old.end()
        return old

    def test_rolling_restarts(self):
        for _ in range(ROLLOUTS):
            gone = [self.replace_one() for _ in range(2)]
            for old in gone:
                old.program.wait_end(DRAIN + 12)
        # The API server keeps its connections; that they end now and then is what lets both replicas work.
        for replica in self.replicas:
            wait_for(lambda replica=replica: replica.answered() > 0, 60, f"the API server asks {replica.name}, too")
        self.assertEqual(self.judge(f"{ROLLOUTS} rolling restarts"), [])

    def test_a_killed_replica(self):
        victim = self.replicas.pop(0)
        victim.program.kill()
        killed = time.monotonic()
        victim.leave()  # a kubelet sees that a container ended, and the endpoint goes
        time.sleep(4)
        self.assertEqual(self.judge("a replica killed", until=killed + 1), [])
        self.replicas.append(Replica(self.api, self.address))
        self.replicas[-1].join()

    def rotate(self, *args):
        done = subprocess.run([CERTS, "rotate", "--wait", "--timeout=60s", f"--kubeconfig={FOLDER / 'admin.kubeconfig'}", *args],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_certificates_changed(self):
        for _ in range(LEAVES):
            self.rotate("--leaf")
        self.assertEqual(self.judge(f"{LEAVES} changes of the certificates"), [])

    def test_the_ca_changed(self):
        for _ in range(CAS):
            self.rotate()
        self.assertEqual(self.judge(f"{CAS} changes of the CA"), [])

    def api_server(self):
        return (FOLDER / "run/kube-apiserver").read_text()

    def test_the_api_server_restarted(self):
        old, began = self.api_server(), time.monotonic()
        shell(f"'{ROOT}/dev/cluster' restart-apiserver --name {NAME}")
        self.assertNotEqual(self.api_server(), old, "the API server is another process")
        back, written = time.monotonic(), self.load.counts[201]
        wait_for(lambda: self.load.counts[201] >= written + WRITERS, 20, "the new API server asks the webhook")
        time.sleep(3)
        refused = self.judge("the API server restarted", least=0)  # it was away for most of that
        # The load never pauses, so some of it came when nobody was there: it is counted, and apart from the webhook's.
        self.assertTrue([text for at, text in refused if began < at < back], refused)


if __name__ == "__main__":
    unittest.main(verbosity=2)
