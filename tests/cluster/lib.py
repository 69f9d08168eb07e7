# SPDX-License-Identifier: Apache-2.0
"""What the cluster tests share: an API client that needs nothing but Python, the programs of Sluice as processes, the
audit log, and FlinkClusters to apply. The control plane is the one that fixture.sh brought up."""
import base64
import contextlib
import http.client
import json
import os
import pathlib
import signal
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAME = os.environ.get("SLUICE_TEST_CLUSTER", "test")
STATE = pathlib.Path(os.environ.get("SLUICE_DEV_STATE") or
                     pathlib.Path(os.environ.get("XDG_STATE_HOME") or pathlib.Path.home() / ".local/state") / "sluice")
FOLDER = STATE / NAME
LOGS = FOLDER / "logs"
# Lease duration, renew deadline, retry period.
SHORT_LEASE = ("4s", "3s", "500ms")
LONG_LEASE = ("60s", "50s", "1s")
GROUP = "/apis/sluice.dev/v1beta1"
# Collections by kind; {} is the namespace.
PATHS = {
    "FlinkCluster": GROUP + "/namespaces/{}/flinkclusters",
    "Pod": "/api/v1/namespaces/{}/pods",
    "Service": "/api/v1/namespaces/{}/services",
    "ConfigMap": "/api/v1/namespaces/{}/configmaps",
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
    "Event": "/api/v1/namespaces/{}/events",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/{}/poddisruptionbudgets",
    "ControllerRevision": "/apis/apps/v1/namespaces/{}/controllerrevisions",
    "Lease": "/apis/coordination.k8s.io/v1/namespaces/{}/leases",
}
CHILD_KINDS = ["ControllerRevision", "ConfigMap", "ServiceAccount", "RoleBinding", "Service", "PodDisruptionBudget", "Pod"]
LEASE = "/apis/coordination.k8s.io/v1/namespaces/sluice-system/leases/sluice-controller"


def wait_for(condition, seconds, what):
    """The first true value of condition(); fails after SECONDS."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.05)


def shell(script):
    """Runs SCRIPT with the functions of dev/lib.sh; its output."""
    done = subprocess.run(["bash", "-c", f"set -euo pipefail; source '{ROOT}/dev/lib.sh'; use_cluster '{NAME}'; {script}"],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{script}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


class ApiError(Exception):
    def __init__(self, code, body):
        super().__init__(f"{code}: {body}")
        self.code, self.body = code, body


class Api:
    """The API server as its admin; one kept connection a thread."""

    def __init__(self):
        config = json.loads(shell('sluice_dev_kubectl config view --raw --minify --flatten -o json'))
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.url = urllib.parse.urlsplit(cluster["server"])
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        self.context = ssl.create_default_context(cadata=authority)
        with tempfile.NamedTemporaryFile() as pem:
            pem.write(base64.b64decode(user["client-certificate-data"]) + b"\n" + base64.b64decode(user["client-key-data"]))
            pem.flush()
            self.context.load_cert_chain(pem.name)
        self.local = threading.local()

    def connect(self, timeout=30):
        return http.client.HTTPSConnection(self.url.hostname, self.url.port, context=self.context, timeout=timeout)

    def request(self, method, path, body=None, content="application/json"):
        """The answer as JSON; ApiError for anything but 2xx. Tries again when told to (429), as kubectl does."""
        end = time.monotonic() + 10
        while True:
            try:
                return self.request_once(method, path, body, content)
            except ApiError as e:
                if e.code != 429 or time.monotonic() > end:
                    raise
            time.sleep(0.5)

    def request_once(self, method, path, body, content):
        data = json.dumps(body).encode() if body is not None else None
        for again in (True, False):
            connection = getattr(self.local, "connection", None)
            if connection is None:
                connection = self.local.connection = self.connect()
            try:
                connection.request(method, path, data, {"Content-Type": content, "Accept": "application/json"})
                answer = connection.getresponse()
                text = answer.read()
                break
            except (http.client.HTTPException, OSError):
                connection.close()
                self.local.connection = None
                if not again:
                    raise
        value = json.loads(text) if text[:1] == b"{" else {"message": text.decode(errors="replace")}
        if answer.status >= 300:
            raise ApiError(answer.status, value)
        return value

    def path(self, kind, ns, name=""):
        return PATHS[kind].format(ns) + (f"/{name}" if name else "")

    def get(self, kind, ns, name):
        """The object, or None."""
        try:
            return self.request("GET", self.path(kind, ns, name))
        except ApiError as e:
            if e.code == 404:
                return None
            raise

    def list(self, kind, ns, selector=""):
        query = "?labelSelector=" + urllib.parse.quote(selector) if selector else ""
        return self.request("GET", self.path(kind, ns) + query)["items"]

    def create(self, kind, ns, body):
        return self.request("POST", self.path(kind, ns), body)

    def merge(self, kind, ns, name, patch, sub=""):
        return self.request("PATCH", self.path(kind, ns, name) + sub, patch, "application/merge-patch+json")

    def delete(self, kind, ns, name, options=None):
        return self.request("DELETE", self.path(kind, ns, name), options)

    def watch(self, path, version, seen, stop):
        """Calls seen(event) for each change after VERSION until stop is set; reconnects, misses none or raises."""
        while not stop.is_set():
            connection = self.connect(timeout=5)
            try:
                connection.request("GET", f"{path}?watch=1&resourceVersion={version}&allowWatchBookmarks=true&timeoutSeconds=300")
                answer = connection.getresponse()
                if answer.status != 200:
                    raise ApiError(answer.status, answer.read())
                while not stop.is_set():
                    try:
                        line = answer.fp.readline() if not answer.chunked else answer.readline()
                    except TimeoutError:
                        break
                    if not line:
                        break
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise ApiError(event["object"].get("code"), event)
                    version = event["object"]["metadata"]["resourceVersion"]
                    if event["type"] != "BOOKMARK":
                        seen(event)
            except (http.client.HTTPException, OSError):
                time.sleep(0.2)
            finally:
                connection.close()


# ---- programs


class Program:
    """A process of Sluice that dev/lib.sh started; `dev/cluster down` ends it at the latest."""

    def __init__(self, name, health):
        self.name, self.health = name, health
        self.pid = int((FOLDER / "run" / name).read_text().split()[0])
        self.log = LOGS / f"{name}.log"
        token = (FOLDER / f"{name}.kubeconfig.token").read_text()
        payload = token.split(".")[1]
        self.credential = "JTI=" + json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["jti"]

    def signal(self, number):
        os.kill(self.pid, number)

    def runs(self):
        try:
            state = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return False
        return state != "Z"

    def wait_end(self, seconds):
        wait_for(lambda: not self.runs(), seconds, f"{self.name} ends")

    def kill(self):
        self.signal(signal.SIGKILL)
        self.wait_end(5)

    def stop(self):
        shell(f"process_stop {self.name}")

    def metric(self, text):
        """The value of the first sample that starts with TEXT, or None."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health}/metrics", timeout=2) as answer:
                for line in answer.read().decode().splitlines():
                    if line.startswith(text):
                        return float(line.rpartition(" ")[2])
        except OSError:
            pass
        return None

    def leads(self):
        return self.metric("leader_election_master_status") == 1


def start_controller(name, *args, lease=SHORT_LEASE, program="sluice-controller"):
    """A controller under its own ServiceAccount with a token of its own; ready, but it may not lead yet."""
    flags = [f"--leader-election-{flag}={value}"
             for flag, value in zip(("lease-duration", "renew-deadline", "retry-period"), lease)]
    health = shell(f"CONTROLLER_PROGRAM='{program}' start_controller {name} {' '.join([*flags, *args])} >&2; echo $CONTROLLER_HEALTH")
    return Program(name, int(health))


def wait_leader(programs, seconds=30):
    """The one of PROGRAMS that leads."""
    return wait_for(lambda: next((p for p in programs if p.leads()), None), seconds, "one of the controllers leads")


# ---- the audit log


def audit(since=0.0, credential=None):
    """Audit entries that were received after SINCE (Unix seconds), of one process when CREDENTIAL says which."""
    entries = []
    with open(LOGS / "audit.log", encoding="utf-8") as file:
        for line in file:
            if not line.endswith("\n"):
                break
            if credential is not None and credential not in line:
                continue
            entry = json.loads(line)
            if received(entry) >= since:
                entries.append(entry)
    return entries


def received(entry):
    text = entry["requestReceivedTimestamp"].rstrip("Z")
    return time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone + float("0" + text[19:])


WRITES = {"create", "update", "patch", "delete", "deletecollection"}


def writes(entries, leases=True):
    """Of ENTRIES those that change something; one readable line each."""
    return [f"{e['requestReceivedTimestamp']} {e['verb']} {e['requestURI']} → {e.get('responseStatus', {}).get('code')}"
            for e in entries if e["verb"] in WRITES and (leases or e.get("objectRef", {}).get("resource") != "leases")]


# ---- FlinkClusters


def cluster(name, spec, **metadata):
    return {"apiVersion": "sluice.dev/v1beta1", "kind": "FlinkCluster", "metadata": {"name": name, **metadata}, "spec": spec}


def session(name, task_managers=1, **spec):
    return cluster(name, {"image": "flink:1.20.1", "taskManager": {"replicas": task_managers}, **spec})


def application(name, mode="Stateless", **spec):
    return cluster(name, {"image": "registry.example.com/flink/job:1.20.1", "parallelism": 1,
                          "job": {"jarURI": "local:///opt/flink/usrlib/job.jar", "upgradeMode": mode}, **spec})


def highly_available(job_managers=2):
    return {"storage": {"root": "s3://flink-state"}, "plugins": ["s3-fs-hadoop"], "jobManager": {"replicas": job_managers}}


def condition(obj, kind):
    return next((c for c in obj.get("status", {}).get("conditions", []) if c["type"] == kind), {})


def is_live(pod):
    return "deletionTimestamp" not in pod["metadata"] and pod["status"].get("phase") not in ("Failed", "Succeeded")


def is_ready(pod):
    return is_live(pod) and any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))


class ClusterTest(unittest.TestCase):
    """A test case with a namespace of its own, which goes at its end."""

    @classmethod
    def setUpClass(cls):
        cls.api = Api()
        cls.ns = f"t-{cls.__name__.lower()}-{os.urandom(3).hex()}"
        cls.api.request("POST", "/api/v1/namespaces", {"metadata": {"name": cls.ns}})
        cls.addClassCleanup(cls.api.request, "DELETE", f"/api/v1/namespaces/{cls.ns}")

    def apply(self, manifest):
        return self.api.create("FlinkCluster", self.ns, manifest)

    def stored(self, name):
        return self.api.get("FlinkCluster", self.ns, name)

    def pods(self, name, role=None):
        selector = f"sluice.dev/cluster={name}" + (f",sluice.dev/component={role}" if role else "")
        return sorted(self.api.list("Pod", self.ns, selector), key=lambda p: p["metadata"]["name"])

    def live(self, name, role=None):
        return [p for p in self.pods(name, role) if is_live(p)]

    def pod_names(self, name, role=None):
        return [p["metadata"]["name"] for p in self.pods(name, role)]

    def wait_pods(self, name, job_managers, task_managers, seconds=20):
        """Waits until exactly these pods are there, all of them ready."""
        def right():
            pods = self.pods(name)
            roles = [p["metadata"]["labels"]["sluice.dev/component"] for p in pods]
            return (roles.count("jobmanager") == job_managers and roles.count("taskmanager") == task_managers and
                    all(is_ready(p) for p in pods))
        wait_for(right, seconds, lambda: f"{name} has {job_managers} + {task_managers} ready pods and no others; it has "
                 f"{[(p['metadata']['name'], is_ready(p)) for p in self.pods(name)]}")
        return self.pods(name)

    def wait_condition(self, name, kind, status, seconds=20, **more):
        """Waits for a condition about the present generation; the condition."""
        def right():
            obj = self.stored(name)
            c = condition(obj, kind)
            return c if (c.get("status") == status and c["observedGeneration"] == obj["metadata"]["generation"] and
                         all(c[k] == v for k, v in more.items())) else None
        return wait_for(right, seconds, lambda: f"{name}: {kind}={status} {more}; it is {condition(self.stored(name), kind)}")

    def events(self, name, reason):
        return [e for e in self.api.list("Event", self.ns)
                if e["reason"] == reason and e["involvedObject"]["name"] == name]

    def wait_event(self, name, reason, text="", seconds=15):
        return wait_for(lambda: next((e for e in self.events(name, reason) if text in e["message"]), None), seconds,
                        lambda: f"{name}: an Event {reason} with '{text}'; there are "
                        f"{[e['message'] for e in self.events(name, reason)]}")

    def children(self, uid):
        """Kind/name of everything that OWNER's uid owns."""
        return sorted(f"{kind}/{o['metadata']['name']}" for kind in CHILD_KINDS for o in self.api.list(kind, self.ns)
                      if any(r["uid"] == uid for r in o["metadata"].get("ownerReferences", [])))

    @contextlib.contextmanager
    def without_webhooks(self):
        """No admission for the moment, as in the seconds before an installation is complete."""
        saved = []
        base = "/apis/admissionregistration.k8s.io/v1/"
        for path in ("mutatingwebhookconfigurations", "validatingwebhookconfigurations"):
            for obj in self.api.request("GET", base + path)["items"]:
                if "sluice" in obj["metadata"]["name"]:
                    saved.append((base + path, obj))
                    self.api.request("DELETE", f"{base}{path}/{obj['metadata']['name']}")
        time.sleep(1.5)  # the API server reads its webhook configurations from a watch
        try:
            yield
        finally:
            for path, obj in saved:
                for key in ("resourceVersion", "uid", "creationTimestamp", "managedFields", "generation"):
                    obj["metadata"].pop(key, None)
                self.api.request("POST", path, obj)
            time.sleep(1.5)
