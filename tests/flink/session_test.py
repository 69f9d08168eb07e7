# SPDX-License-Identifier: Apache-2.0
"""A session cluster of each Flink version runs, and a job that somebody submits to it runs and finishes."""
import base64
import json
import unittest
import urllib.parse

from node import MAIN, START, NodeTest, manifest, say, shell, wait_for

NUMBERS = 2000


def name_of(short):
    return f"session-{short.replace('.', '-')}"


class Session(NodeTest):
    def jar(self, name):
        """proof.jar, out of the JobManager's image."""
        pod = self.pods(name, "jobmanager")[0]["metadata"]["name"]
        return base64.b64decode(shell(f"sluice_dev_kubectl exec --namespace={self.ns} {pod} --container={MAIN} -- "
                                      "base64 /opt/flink/usrlib/proof.jar"))

    def submit(self, name):
        """Uploads and runs StateProof through the Service; the job's id."""
        head = '--x\r\nContent-Disposition: form-data; name="jarfile"; filename="proof.jar"\r\n\r\n'
        body = head.encode() + self.jar(name) + b"\r\n--x--\r\n"
        uploaded = self.flink(name, "/jars/upload", body, "multipart/form-data; boundary=x")["filename"].rpartition("/")[2]
        how = {"entryClass": "dev.sluice.proof.StateProof",
               "programArgsList": ["--out", self.out_url(name), "--max", str(NUMBERS), "--rate", "500"]}
        return self.flink(name, f"/jars/{urllib.parse.quote(uploaded)}/run", json.dumps(how).encode())["jobid"]

    def slots(self, name):
        """None while kube-proxy doesn't know yet that the JobManager is ready."""
        try:
            return self.flink(name, "/overview")["slots-available"]
        except OSError:
            return None

    def run_one(self, short, version):
        name = name_of(short)
        self.apply(manifest(name, version))
        self.wait_pods(name, 1, 1, START)
        self.wait_condition(name, "Ready", "True", START)
        wait_for(lambda: self.slots(name) == 2, 60, "the TaskManager's slots are registered")
        obj = self.stored(name)
        self.assertEqual((obj["status"]["phase"], "job" in obj["status"]), ("Running", False))
        job = self.submit(name)
        wait_for(lambda: self.flink(name, f"/jobs/{job}")["state"] == "FINISHED", 120,
                 lambda: f"the submitted job finishes: {self.flink(name, f'/jobs/{job}')['state']}")
        report = self.output(name).check(complete=NUMBERS)
        self.wait_condition(name, "Ready", "True")
        self.assertEqual(self.stored(name)["status"]["phase"], "Running")
        say(f"{version} ran a job: {report}")

    def test_a_job_that_is_submitted_runs(self):
        self.for_versions(self.run_one)


if __name__ == "__main__":
    unittest.main(verbosity=2)
