#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The offline commands say what the cluster says: `sluice check` as `kubectl apply --dry-run=server`, `sluice review` as
the webhook, and what `sluice render` prints is taken by the API server. `sluice status` tells what is there."""
import concurrent.futures
import fcntl
import json
import os
import pathlib
import pty
import re
import signal
import ssl
import struct
import subprocess
import tempfile
import termios
import unittest
import urllib.request

from lib import (FOLDER, LONG_LEASE, ROOT, ClusterTest, application, highly_available, session, shell, start_controller, wait_for,
                 wait_leader)

SLUICE = pathlib.Path(os.environ.get("SLUICE_BIN_DIR", ROOT / "build/bin")) / "sluice"
SAMPLES = sorted((ROOT / "manifests/samples").glob("*/*.yaml"))
KUBECTL = shell("tool_path kubectl").splitlines()[0]
CONFIG = str(FOLDER / "admin.kubeconfig")

JOB = "job: {upgradeMode: Stateless}"
SPECS = [  # each beneath `spec:`; most have a fault, or what looks like one
    "{}", "null", "[]", "nonsense", "{image: 5}", '{image: ""}', "{image: flink:latest}", "{image: flink@sha256:abc}",
    "{image: flink:1.20.1, flinkVersion: 1.20}", "{image: flink:1.20.1, flinkVersion: v1_20}",
    '{image: flink:1.20.1, flinkVersion: "1.9"}', '{image: flink:1.20.1, flinkVersion: "3.0"}',
    "{image: flink:1.20.1, parallelism: 0}", "{image: flink:1.20.1, parallelism: 010}", "{image: flink:1.20.1, parallelism: 1e2}",
    "{image: flink:1.20.1, parallelism: 1_0}", '{image: flink:1.20.1, parallelism: "8"}', "{image: flink:1.20.1, parallelism: null}",
    "{image: flink:1.20.1, parallelism: 99999999999999999999}", "{image: flink:1.20.1, parallelism: 3.0}",
    "{image: flink:1.20.1, taskManager: {slots: 2000, replicas: 0}}", "{image: flink:1.20.1, taskManager: [1]}",
    "{image: flink:1.20.1, jobManager: {replicas: 2}}", "{image: flink:1.20.1, %s, parallelism: 9, taskManager: {replicas: 2}}" % JOB,
    "{image: flink:1.20.1, parallelism: 9, taskManager: {replicas: 2}}",
    "{image: flink:1.20.1, jobManager: {resources: {limits: {memory: 100Mi}}}}",
    "{image: flink:1.20.1, jobManager: {resources: {limits: {memory: 2gb}, requests: {cpu: 0.5}}}}",
    "{image: flink:1.20.1, storage: {root: flink-state}}", "{image: flink:1.20.1, storage: {root: s3://flink-state}, plugins: [s3]}",
    "{image: flink:1.20.1, job: {jarURI: foo.jar}}", "{image: flink:1.18.1, job: {jarURI: s3://b/foo.jar}}",
    "{image: flink:1.20.1, job: {upgradeMode: Savepoint}}", "{image: flink:1.20.1, job: {state: Paused, drain: yes, args: [on]}}",
    "{image: flink:1.20.1, job: {savepointInterval: tomorrow, parallelism: 4}}", "{image: flink:1.20.1, scaling: {}, mode: native}",
    "{image: flink:1.20.1, flinkConfiguration: {parallelism.default: 4, execution.checkpointing.interval: soon}}",
    "{image: flink:1.20.1, flinkConfiguration: {a: [1], b: {c: {d: yes}}, web.submit.enable: off}}",
    "{image: flink:1.20.1, flinkConfiguration: [a]}",
    "{image: flink:1.20.1, podTemplate: {spec: {containers: {name: a}, hostNetwork: yes, nodeSelector: {disk: on}}}}",
    "{image: flink:1.20.1, podTemplate: {spec: {containers: [{name: flink-main-container, env: [{name: A, value: 012}]}]}}}",
    "{image: flink:1.20.1, podTemplate: {spec: {serviceAccountName: x, unknownField: 1}}}",
    '{image: flink:1.20.1, iamRole: "arn:aws:iam::12:role/x", serviceAccountName: "Hello World"}',
    "{image: flink:1.20.1, imagePullPolicy: always, imagePullSecrets: [regcred, {}, {name: y}]}",
    "{image: flink:1.20.1, logConfiguration: {foo: bar, log4j-console.properties: no}}",
    "{image: flink:1.20.1, restartNonce: abc, rollback: {enabled: maybe, deadline: soon}}",
    "{image: flink:1.20.1, ingress: {template: 'http://{{host}}/x', tls: [{hosts: [1]}]}}",
    "{image: flink:1.20.1, paralelism: 3}", "{image: flink:1.20.1, taskManager: {slot: 3}, extra: {}}",
    "{image: flink:1.20.1, flinkConfiguration: {scheduler-mode: reactive}, parallelism: 4, %s}" % JOB,
    "{image: flink:1.20.1, flinkConfiguration: {jobmanager.scheduler: adaptive}, parallelism: 4, taskManager: {replicas: 1}, %s}" % JOB,
]
NAMES = ["n", "on", "1.5", "Upper", "a" * 41, "a" * 40, "a.b", "-a", "'9'", "null", "[a]"]


def document(spec, name="a"):
    return f"apiVersion: sluice.dev/v1beta1\nkind: FlinkCluster\nmetadata: {{name: {name}}}\nspec: {spec}\n"


DOCUMENTS = [document(s) for s in SPECS] + [document("{image: flink:1.20.1}", n) for n in NAMES] + [
    document("{image: flink:1.20.1}").replace("{name: a}", "{name: a, labels: {a: yes}}"),
    document("{image: flink:1.20.1}").replace("{name: a}", "{name: a, lables: {a: b}}"),
    document("{image: flink:1.20.1}") + "unknown: 1\n",
    document("{image: flink:1.20.1}").replace("v1beta1", "v1"),
    document("{image: flink:1.20.1}") + "---\n" + document("{image: B B}", "b"),
    document("{image: flink:1.20.1}").replace("{name: a}", "{labels: {-a: b}, annotations: [a]}"),
    "a: 1\na: 2\n", "[\n",
]


def fields(text):
    """The fields that an answer of kubectl names."""
    found = set(re.findall(r"^\* ([^:\s]+): ", text, re.M))
    found |= set(re.findall(r"is invalid: (?:\[)?([a-z][^:\s]*): ", text))
    return found


class Offline(ClusterTest):
    def kubectl(self, *args, stdin=None):
        return subprocess.run([KUBECTL, f"--kubeconfig={CONFIG}", f"--namespace={self.ns}", *args], input=stdin,
                              capture_output=True, text=True, timeout=60)

    def compare(self, path):
        """What differs between the two verdicts, or None."""
        ours = subprocess.run([SLUICE, "check", "--output=json", path], capture_output=True, text=True, timeout=60)
        theirs = self.kubectl("apply", "--dry-run=server", "-f", str(path))
        text = pathlib.Path(path).read_text()
        if (ours.returncode == 0) != (theirs.returncode == 0):
            return f"{text}  sluice check: {ours.returncode}\n{ours.stdout}{ours.stderr}\n  kubectl: {theirs.returncode}\n{theirs.stderr}"
        if ours.returncode == 1 and "strict decoding error" not in theirs.stderr and fields(theirs.stderr):
            named = {f["field"] for o in json.loads(ours.stdout)["objects"] for f in o["findings"] if f["severity"] == "error"}
            # Of several objects kubectl lists the faults in one line each: the first of each is enough here.
            if named != fields(theirs.stderr) and not ("[" in theirs.stderr and fields(theirs.stderr) <= named):
                return f"{text}  sluice check names {sorted(named)}\n  kubectl names {sorted(fields(theirs.stderr))}\n{theirs.stderr}"
        return None

    def test_check_judges_as_the_cluster_does(self):
        with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(4) as pool:
            paths = list(SAMPLES)
            for i, text in enumerate(DOCUMENTS):
                paths.append(pathlib.Path(folder) / f"{i}.yaml")
                paths[-1].write_text(text)
            different = [d for d in pool.map(self.compare, paths) if d]
        self.assertEqual(different, [], "\n" + "\n".join(different))

    def test_what_render_prints_is_taken_by_the_api_server(self):
        for path in SAMPLES:
            if path.parent.name == "good":
                manifest = path.read_text().replace("metadata:", f"metadata:\n  namespace: {self.ns}", 1)
                text = subprocess.run([SLUICE, "render", "-"], input=manifest, capture_output=True, text=True, check=True).stdout
                # An owner that isn't stored would have them collected. Not as a dry run: pods are refused while
                # their account isn't there.
                text, owners = re.subn(r"\n  ownerReferences:(\n  [- ].*)+", "", text)
                self.assertGreater(owners, 5)
                done = self.kubectl("apply", "-f", "-", stdin=text)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(done.stdout.count(" created\n"), text.count("---\n"))

    def test_review_answers_byte_for_byte_as_the_webhook(self):
        port = (FOLDER / "webhook-port").read_text().strip()
        bundle = shell("sluice_dev_kubectl get validatingwebhookconfiguration sluice "
                       "-o jsonpath='{.webhooks[0].clientConfig.caBundle}' | base64 -d")
        context = ssl.create_default_context(cadata=bundle)
        request = {"uid": "u-1", "kind": {"group": "sluice.dev", "version": "v1beta1", "kind": "FlinkCluster"},
                   "resource": {"group": "sluice.dev", "version": "v1beta1", "resource": "flinkclusters"}, "name": "a",
                   "namespace": "n", "operation": "CREATE", "userInfo": {"username": "me"}}
        good = {"apiVersion": "sluice.dev/v1beta1", "kind": "FlinkCluster", "metadata": {"name": "a"}, "spec": {"image": "flink:1.20.1"}}
        bad = {**good, "spec": {"image": "B B", "parallelism": "x", "jobManager": {"replicas": 9}}}
        bodies = [json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {**request, **more}})
                  for more in ({"object": good}, {"object": bad}, {"object": bad, "oldObject": good, "operation": "UPDATE"},
                               {"oldObject": good, "operation": "DELETE"}, {"object": None}, {"object": []})]
        bodies.append(bodies[0].replace('"name": "a"', '"name": "a", "name": "a"', 1))
        for kind in ("mutate", "validate"):
            for body in bodies:
                url = f"https://127.0.0.1:{port}/{kind}-sluice-dev-v1beta1-flinkcluster"
                call = urllib.request.Request(url, body.encode(), {"Content-Type": "application/json"})
                with urllib.request.urlopen(call, context=context, timeout=10) as answer:
                    theirs = answer.read().decode()
                ours = subprocess.run([SLUICE, "review", kind], input=body, capture_output=True, text=True, timeout=10).stdout
                self.assertEqual(ours, theirs + "\n", body)


class Audit(ClusterTest):
    """`sluice audit` tells of the stored clusters what the webhook would tell of them anew."""

    POLICY = """apiVersion: sluice.dev/v1beta1
kind: FlinkPolicy
metadata: {name: next}
spec:
  match: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %s}}}
  images: {allowed: ["registry.example.com/**"]}
  iamRoles: {unique: true}
  parallelism: {max: 1, enforcement: Warn}
  job: {requiredLabels: [team], enforcement: Audit}
"""

    def audit(self, *args, check):
        done = subprocess.run([SLUICE, "audit", f"--kubeconfig={CONFIG}", *args], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, check, done.stdout + done.stderr)
        self.said = done.stderr
        return done.stdout if check < 2 else done.stderr

    def test_what_a_policy_would_refuse_is_told_before_it_is_there(self):
        role = "arn:aws:iam::123456789012:role/shared"
        for name, spec in (("one", {"iamRole": role}), ("two", {"iamRole": role, "taskManager": {"replicas": 2}}), ("three", {})):
            self.apply(session(name, **spec))
        self.apply({**application("good"), "metadata": {"name": "good", "labels": {"team": "a"}}})
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(self.POLICY % self.ns)
            file.flush()
            found = json.loads(self.audit(f"--policy={file.name}", "-o", "json", check=1))
            text = self.audit(f"--policy={file.name}", "-n", self.ns, "--quiet", check=1)
            self.assertEqual(self.said, "")
            self.audit(f"--policy={file.name}", "-n", "default", check=0)
            file.seek(0)
            file.write(self.POLICY % "nowhere")
            file.truncate()
            file.flush()
            self.audit(f"--policy={file.name}", "-n", self.ns, check=0)
            self.assertEqual(self.said, "sluice audit: the policy next is for none of these FlinkClusters\n")
        rules = {o["name"]: sorted(f["rule"] for f in o["findings"]) for o in found["objects"] if o["namespace"] == self.ns}
        self.assertEqual(rules, {"one": ["iamRoles.unique", "images.allowed", "job.requiredLabels"],
                                 "two": ["iamRoles.unique", "images.allowed", "job.requiredLabels", "parallelism.max"],
                                 "three": ["images.allowed", "job.requiredLabels"], "good": []})
        # What other tests left without its namespace is judged as if every selector met it: of that nothing is known.
        there = {n["metadata"]["name"] for n in self.api.request("GET", "/api/v1/namespaces")["items"]} - {self.ns}
        self.assertFalse([o for o in found["objects"] if o["namespace"] in there and o["findings"]])
        self.assertRegex(text, r"\nDeny +3 +images.allowed +next\nDeny +2 +iamRoles.unique +next\nWarn +1 +parallelism.max +next\n"
                               r"Audit +3 +job.requiredLabels +next\n")

    def test_what_can_not_be_asked_is_an_error(self):
        self.assertIn("nowhere.yaml", self.audit("--policy=nowhere.yaml", check=2))
        self.assertIn("--policy", self.audit("policy.yaml", check=2))
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(pathlib.Path(CONFIG).read_text().replace("127.0.0.1", "127.0.0.2"))
            file.flush()
            self.assertIn("https://127.0.0.2", self.audit(f"--kubeconfig={file.name}", check=2))


class Status(ClusterTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.controller = start_controller("status-test", f"--namespaces={cls.ns}", lease=LONG_LEASE)
        cls.addClassCleanup(cls.controller.stop)
        wait_leader([cls.controller])

    def status(self, *args, check=0, **env):
        done = subprocess.run([SLUICE, "status", f"--kubeconfig={CONFIG}", "-n", self.ns, *args], capture_output=True, text=True,
                              timeout=30, env={**os.environ, **env})
        self.assertEqual(done.returncode, check, done.stdout + done.stderr)
        return done.stdout if check < 2 else done.stderr

    def facts(self, name):
        return json.loads(self.status(name, "-o", "json"))

    def test_a_cluster_that_is_well(self):
        self.apply(session("well", **highly_available(), taskManager={"replicas": 3}))
        self.wait_pods("well", 2, 3)
        self.wait_condition("well", "Ready", "True")
        facts = self.facts("well")
        self.assertEqual((facts["namespace"], facts["phase"], facts["ready"]), (self.ns, "Running", True))
        self.assertNotIn("waitsFor", facts)
        self.assertEqual(facts["status"], self.stored("well")["status"])
        self.assertEqual([(p["role"], p["index"], p["ready"]) for p in facts["pods"]],
                         [("jobmanager", i, True) for i in range(2)] + [("taskmanager", i, True) for i in range(3)])
        self.assertEqual({p["name"]: p["node"] for p in facts["pods"]},
                         {p["metadata"]["name"]: p["spec"]["nodeName"] for p in self.pods("well")})
        text = self.status("well", "--exit-code")
        self.assertTrue(text.startswith(f"well in {self.ns}: Running, made "), text)
        self.assertNotIn("\033", text)
        for pod in self.pod_names("well"):
            self.assertRegex(text, rf"(?m)^  {pod} +(job|task)manager.* yes +Running +0 ")
        self.assertRegex(self.status(), r"(?m)^well +Running .* 2/2 +3/3 ")
        self.assertRegex(self.status("-A"), rf"(?m)^{self.ns} +well +Running ")
        listed = json.loads(self.status("-o=json"))["clusters"]
        self.assertEqual([c["phase"] for c in listed if c["name"] == "well"], ["Running"])

    def test_a_cluster_that_waits_tells_for_what(self):
        stuck = session("stuck", podTemplate={"spec": {"nodeSelector": {"no": "such-node"}}})
        self.apply(stuck)
        facts = wait_for(lambda: (f := self.facts("stuck")) and [p for p in f["pods"] if p["state"] == "Unschedulable"] and
                         [e for e in f["events"] if e["reason"] == "FailedScheduling"] and f, 20, lambda: self.facts("stuck"))
        self.assertFalse(facts["ready"])
        self.assertRegex(facts["waitsFor"]["since"], r"^20\d\d-")
        self.assertIn("node", next(p["message"] for p in facts["pods"]))
        text = self.status("stuck", "--exit-code", check=1)
        self.assertRegex(text, r"(?m)^Waits since \d+s for ")
        self.assertRegex(text, r"(?m)^  stuck-\S+ .* no +Unschedulable .*node")
        self.assertRegex(text, r"(?m)^  \d+s .*Warning +FailedScheduling +stuck-")
        self.status("--exit-code", check=1)

    def test_what_is_not_there_is_an_error(self):
        self.assertIn('no FlinkCluster "nobody" in namespace "%s"' % self.ns, self.status("nobody", check=2))
        self.assertIn("../", self.status("../pods", check=2))
        self.assertIn("nowhere", self.status("--context=nowhere", check=2))

    def test_a_credential_plugin_gives_the_token(self):
        config = json.loads(shell("sluice_dev_kubectl config view --raw --flatten --minify -o json"))
        for command, check in (("print-token", 0), ("no-such-plugin", 2)):
            config["users"][0]["user"] = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": f"./{command}",
                                                   "interactiveMode": "Never"}}
            token = (FOLDER / "status-test.kubeconfig.token").read_text()
            with tempfile.TemporaryDirectory() as folder:
                (pathlib.Path(folder) / "config").write_text(json.dumps(config))
                plugin = pathlib.Path(folder) / "print-token"
                credential = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": token}}
                plugin.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(credential)}\nEND\n")
                plugin.chmod(0o755)
                text = self.status(f"--kubeconfig={folder}/config", check=check)
            self.assertIn("no-such-plugin" if check else "", text)

    def test_watch_prints_what_changes_and_ends_with_the_cluster(self):
        self.apply(session("seen"))
        self.wait_condition("seen", "Ready", "True")
        with subprocess.Popen([SLUICE, "status", f"--kubeconfig={CONFIG}", "-n", self.ns, "seen", "-w"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as watch:
            self.assertIn("seen in", watch.stdout.readline())
            self.api.request("PATCH", self.api.path("FlinkCluster", self.ns, "seen") + "/scale", {"spec": {"replicas": 2}},
                             "application/merge-patch+json")
            self.wait_pods("seen", 1, 2)
            signal.alarm(20)
            while "seen-tm-" not in (line := watch.stdout.readline()) or " 1 " not in line:
                self.assertTrue(line)
            self.api.delete("FlinkCluster", self.ns, "seen")
            _, said = watch.communicate(timeout=20)
            signal.alarm(0)
        self.assertIn("any more", said)
        self.assertEqual(watch.returncode, 2)

    def test_on_a_terminal_watch_draws_in_place_and_no_longer_than_the_screen(self):
        self.apply(session("drawn", 3))
        self.wait_condition("drawn", "Ready", "True")
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 5, 200, 0, 0))
        with subprocess.Popen([SLUICE, "status", f"--kubeconfig={CONFIG}", "-n", self.ns, "drawn", "-w"], stdout=theirs) as watch:
            text = ""
            while text.count("\033[H") < 3:
                text += os.read(ours, 65536).decode()
            watch.terminate()
        os.close(theirs)
        os.close(ours)
        screens = text.split("\033[H")[1:3]
        for screen in screens:
            self.assertIn("Running", screen)
            self.assertEqual(screen.count("\n"), 4)
            self.assertTrue(screen.endswith("\033[J"), repr(screen))

    def test_on_a_terminal_it_has_colours_unless_told_not_to(self):
        self.apply(session("bright"))
        self.wait_condition("bright", "Ready", "True")
        for environment, coloured in (({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False)):
            ours, theirs = pty.openpty()
            env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
            subprocess.run([SLUICE, "status", f"--kubeconfig={CONFIG}", "-n", self.ns, "bright"], stdout=theirs, check=True,
                           timeout=20, env={**env, **environment})
            os.close(theirs)
            text = os.read(ours, 65536).decode()
            os.close(ours)
            self.assertEqual("\033[32mRunning\033[0m" in text, coloured, text)


if __name__ == "__main__":
    unittest.main()
