# SPDX-License-Identifier: Apache-2.0
"""Two webhook replicas change certificates and CA while writes go on, of which none may fail: mutations are sent to one of
them, validations to the other. What `sluice-certs` says is held against what the API server has."""
import json
import os
import pathlib
import ssl
import subprocess
import threading
import time
import unittest

from lib import FOLDER, GROUP, Api, ApiError, Program, session, shell, wait_for

CERTS = str(pathlib.Path(os.environ["SLUICE_BIN_DIR"]) / "sluice-certs")
CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/"
VALIDATING = CONFIGURATIONS + "validatingwebhookconfigurations/sluice"
MUTATING = CONFIGURATIONS + "mutatingwebhookconfigurations/sluice"
SECRET = "/api/v1/namespaces/sluice-system/secrets/sluice-webhook-ca"
# As short as the options let them be: a change of the CA takes some five seconds.
QUICK = "--ca-pause=1s --cert-poll=300ms"


def sluice_certs(*arguments):
    done = subprocess.run([CERTS, *arguments, "--kubeconfig", str(FOLDER / "admin.kubeconfig")], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def inspect():
    return json.loads(sluice_certs("inspect", "-o", "json"))


def start(name, port):
    health = shell(f"WEBHOOK_PORT={port}; start_webhook {name} {QUICK} >&2; echo $WEBHOOK_HEALTH")
    return Program(name, int(health))


class Writes:
    """Dry-run writes without a pause; what failed is kept."""

    def __init__(self, api):
        self.api, self.count, self.failures, self.stopping = api, 0, [], threading.Event()
        self.threads = [threading.Thread(target=self.write, args=(i,), daemon=True) for i in range(2)]

    def write(self, number):
        while not self.stopping.is_set():
            try:
                self.api.request("POST", GROUP + "/namespaces/default/flinkclusters?dryRun=All", session(f"certs-{number}"))
                self.count += 1
            except (ApiError, OSError) as e:
                self.failures.append(f"{time.strftime('%H:%M:%S')} {e}")
            time.sleep(0.02)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


class Certificates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.api = Api()
        cls.port = int((FOLDER / "webhook-port").read_text())
        cls.second_port = int(shell("free_port"))
        shell("process_stop sluice-webhook")
        cls.addClassCleanup(cls.restore)
        cls.replicas = [start("sluice-webhook", cls.port), start("second-webhook", cls.second_port)]
        cls.point_validation_at(cls.second_port)

    @classmethod
    def point_validation_at(cls, port):
        configuration = cls.api.request("GET", VALIDATING)
        patch = [{"op": "replace", "path": f"/webhooks/{i}/clientConfig/url",
                  "value": f"https://127.0.0.1:{port}/" + webhook["clientConfig"]["url"].split("/", 3)[3]}
                 for i, webhook in enumerate(configuration["webhooks"])]
        cls.api.request("PATCH", VALIDATING, patch, "application/json-patch+json")
        time.sleep(1)  # the API server reads its configurations from a watch

    @classmethod
    def restore(cls):
        shell(f"""process_stop second-webhook; process_stop sluice-webhook; WEBHOOK_PORT={cls.port}; start_webhook >&2
                  echo "$WEBHOOK_HEALTH" >"$CLUSTER_DIR/webhook-health-port" """)
        cls.point_validation_at(cls.port)

    def leader(self):
        return wait_for(lambda: next((p for p in self.replicas if p.leads()), None), 20, "one of the replicas leads")


    def test_1_certificates_and_ca_change_while_writes_go_on(self):
        before = inspect()
        self.assertEqual(before["phase"], "Stable")
        with Writes(self.api) as writes:
            for _ in range(3):
                old = {r["certificateSha256"] for r in inspect()["replicas"]}
                self.assertIn("done", sluice_certs("rotate", "--leaf", "--wait", "--timeout", "20s"))
                live = [r for r in inspect()["replicas"] if r["live"]]
                self.assertEqual(len(live), 2)
                self.assertFalse(old & {r["certificateSha256"] for r in live})
            self.assertEqual([c["sha256"] for c in inspect()["cas"]], [c["sha256"] for c in before["cas"]])
            out = sluice_certs("rotate", "--wait", "--timeout", "60s")
            self.assertEqual([line for line in out.splitlines() if line.startswith("phase")][-3:],
                             ["phase: Announced", "phase: Switched", "phase: Stable"])
        self.assertEqual(writes.failures, [])
        self.assertGreater(writes.count, 50)
        after = inspect()
        self.assertEqual(len(after["cas"]), 1)
        self.assertNotEqual(after["cas"][0]["sha256"], before["cas"][0]["sha256"])
        self.assertEqual({r["issuer"] for r in after["replicas"] if r["live"]}, {"signs"})
        self.assertTrue(all(p["same"] for p in after["published"]), after["published"])

    def test_2_a_killed_leader_leaves_a_change_that_the_other_ends(self):
        before = inspect()
        leader = self.leader()
        other = next(p for p in self.replicas if p is not leader)
        sluice_certs("rotate")
        wait_for(lambda: inspect()["phase"] != "Stable", 5, "the change has begun")
        leader.kill()
        # A dead replica's record counts for four seconds, its Lease for fifteen.
        wait_for(lambda: other.leads(), 30, "the other leads")
        wait_for(lambda: inspect()["phase"] == "Stable" and not inspect()["changeAskedFor"], 20, "the change is over")
        after = inspect()
        self.assertEqual(len(after["cas"]), 1)
        self.assertNotEqual(after["cas"][0]["sha256"], before["cas"][0]["sha256"])
        self.assertEqual(other.metric("sluice_webhook_ca_phase{phase=\"Stable\"}"), 1)
        name, port = (leader.name, self.port if leader is self.replicas[0] else self.second_port)
        shell(f"process_stop {name} || true")
        self.replicas[self.replicas.index(leader)] = start(name, port)
        with Writes(self.api) as writes:
            time.sleep(1)
        self.assertEqual(writes.failures, [])

    def test_3_a_bundle_that_somebody_resets_is_put_back_also_in_a_change(self):
        sluice_certs("rotate")
        wait_for(lambda: inspect()["phase"] == "Announced", 5, "the change has begun")
        self.api.request("PATCH", MUTATING, [{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}],
                         "application/json-patch+json")
        wait_for(lambda: all(p["same"] for p in inspect()["published"]), 5, "the bundle is back")
        wait_for(lambda: inspect()["phase"] == "Stable", 20, "the change is over")
        with Writes(self.api) as writes:
            time.sleep(1)
        self.assertEqual(writes.failures, [])

    def test_4_a_secret_that_somebody_deletes_costs_no_call(self):
        with Writes(self.api) as writes:
            self.api.request("DELETE", SECRET)
            wait_for(lambda: inspect()["cas"] and inspect()["phase"] == "Stable", 30, "there is another CA")
            time.sleep(1)
        self.assertEqual(writes.failures, [])
        self.assertEqual({r["issuer"] for r in inspect()["replicas"] if r["live"]}, {"signs"})

    def test_5_without_an_api_server_serving_goes_on(self):
        shell("\"$DEV_DIR/cluster\" stop-apiserver --name \"$CLUSTER_NAME\"")
        try:
            time.sleep(13)  # longer than a leader may go on
            self.assertEqual([p.metric("leader_election_master_status") for p in self.replicas], [0, 0])
            for port in self.port, self.second_port:
                self.assertIn("BEGIN CERTIFICATE", ssl.get_server_certificate(("127.0.0.1", port)))
        finally:
            shell("\"$DEV_DIR/cluster\" start-apiserver --name \"$CLUSTER_NAME\" >&2")
        self.leader()
        with Writes(self.api) as writes:
            time.sleep(1)
        self.assertEqual(writes.failures, [])
        self.assertEqual(inspect()["phase"], "Stable")


if __name__ == "__main__":
    unittest.main(warnings="ignore", verbosity=2)
