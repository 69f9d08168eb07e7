#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The reader of Flink's REST API against Flink 1.17 and the newest 2.x, started as plain processes on this machine. Both
must tell it the same story: a job that runs, its checkpoints, a TaskManager that dies, a JobManager that dies, a job that
fails for good, a batch job that ends.
  rest_reader_test.py [1.17|1.20|2 …]"""
import contextlib
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
READER = os.environ.get("SLUICE_REST_READER", "")
VERSIONS = ["1.17", "2"]
JOB = "0123456789abcdef0123456789abcdef"
NAME = "c-rest.lab.svc"
WAIT = 300


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def free_ports(n):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]


class Flink:
    """One version of Flink with the proof's jobs, and a configuration of its own."""

    def __init__(self, version, folder, stack, conf=None):
        published = pathlib.Path(run(ROOT / "dev/images/flink-home.sh", version).strip())
        self.version = published.name.removeprefix("flink-")
        self.folder, self.stack, self.processes = folder, stack, {}
        self.home = folder / "home"
        (self.home / "usrlib").mkdir(parents=True)
        for part in ("bin", "conf"):
            shutil.copytree(published / part, self.home / part)
        for part in ("lib", "opt", "plugins"):
            shutil.copytree(published / part, self.home / part, copy_function=os.symlink)
        self.compile(published)
        self.rest, self.rpc, self.blob = free_ports(3)
        self.configure(conf or {})

    def compile(self, published):
        classes = self.folder / "classes"
        jars = ":".join(str(j) for j in (published / "lib").glob("*.jar"))
        run("javac", "-nowarn", "-d", classes, "-cp", jars, *(ROOT / "dev/images/proof").glob("*.java"))
        run("jar", "cf", self.home / "usrlib/proof.jar", "-C", classes, ".")

    def configure(self, more):
        old = self.version.startswith("1.1")  # flink-conf.yaml, and durations in ms here and there
        file = self.home / "conf" / ("flink-conf.yaml" if old else "config.yaml")
        opens = re.search(r"(?:env\.java\.opts\.all|^ +all): (.*)$", file.read_text(encoding="utf-8"), re.M).group(1)
        conf = {"env.java.opts.all": opens, "jobmanager.rpc.address": "127.0.0.1", "jobmanager.rpc.port": self.rpc,
                "jobmanager.bind-host": "127.0.0.1", "rest.address": "127.0.0.1", "rest.bind-address": "127.0.0.1",
                "rest.port": self.rest, "rest.bind-port": self.rest, "blob.server.port": self.blob,
                "taskmanager.host": "127.0.0.1", "taskmanager.bind-host": "127.0.0.1",
                "taskmanager.numberOfTaskSlots": 2, "parallelism.default": 2,
                "jobmanager.memory.process.size": "1024m", "taskmanager.memory.process.size": "1024m",
                "taskmanager.memory.managed.size": "32m",
                "state.checkpoints.dir" if old else "execution.checkpointing.dir": f"file://{self.folder}/checkpoints",
                "restart-strategy" if old else "restart-strategy.type": "fixed-delay",
                "restart-strategy.fixed-delay.attempts": 20, "restart-strategy.fixed-delay.delay": "500 ms",
                "heartbeat.interval": 1000, "cluster.registration.error-delay": 1000,
                "execution.shutdown-on-application-finish": "false",
                "execution.submit-failed-job-on-application-error": "true", **more}
        file.write_text("".join(f"{k}: {v}\n" for k, v in conf.items()), encoding="utf-8")

    def start(self, name, script, *arguments):
        environment = {**os.environ, "FLINK_CONF_DIR": str(self.home / "conf"), "FLINK_LOG_DIR": str(self.folder)}
        with open(self.folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen([str(self.home / "bin" / script), "start-foreground", *arguments],
                                       env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        self.stack.callback(self.kill, name)
        self.processes[name] = process

    def job(self, main, *arguments):
        self.start("jm", "standalone-job.sh", "--job-classname", f"dev.sluice.proof.{main}", "--job-id", JOB, "--",
                   "--out", f"file://{self.folder}/out-{main}", *arguments)

    def task_manager(self, name):
        self.start(name, "taskmanager.sh", "-D", f"taskmanager.resource-id={name}")

    def kill(self, name):
        process = self.processes.pop(name, None)
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def down(self):
        for name in list(self.processes):
            self.kill(name)

    def logs(self):
        return "\n".join(f"== {f.name}\n{f.read_text(errors='replace')[-2000:]}" for f in self.folder.glob("*.log"))


class Reader:
    """What the reader tells, line by line."""

    def __init__(self, flink, stack, job=JOB, task_managers=1, tls=()):
        self.flink = flink
        self.process = subprocess.Popen([READER, str(flink.rest), job, str(task_managers), *map(str, tls)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines, self.all, self.last = queue.Queue(), [], None
        threading.Thread(target=self.read, daemon=True).start()
        stack.callback(self.stop)

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def stop(self):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        self.process.wait(timeout=10)
        self.process.stdout.close()

    def wait(self, right, what):
        """The next thing it tells of which RIGHT holds; what it told last counts."""
        end = time.monotonic() + WAIT
        while self.last is None or not right(self.last):
            try:
                self.last = self.lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"{self.flink.version}: not within {WAIT} s: {what}\nlast: {self.last}\n"
                                     f"{self.flink.logs()}") from None
            self.all.append(self.last)
        return self.last


class RestReader(unittest.TestCase):
    def open(self, version, **more):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        return Flink(version, folder, stack, **more), stack

    def read_a_running_job(self, flink, stack):
        reader = Reader(flink, stack)
        self.assertFalse(reader.wait(lambda o: True, "nothing answers yet")["seen"])
        flink.job("StateProof", "--rate", "100", "--checkpoint", "500")
        o = reader.wait(lambda o: o["contact"] == "answers", "the JobManager answers")
        self.assertEqual((o["version"], o["slots"], o["taskManagers"]), (flink.version, 0, []))
        flink.task_manager("tm-0")
        o = reader.wait(lambda o: o["job"]["running"] and o["job"]["checkpoint"]["id"] >= 3, "it runs and checkpoints")
        self.assertEqual((o["slots"], o["slotsFree"], o["taskManagers"]), (2, 0, ["tm-0"]))
        job = o["job"]
        self.assertEqual((job["id"], job["name"], job["state"], job["tasks"], job["batch"], job["restarts"]),
                         (JOB, "state-proof", "RUNNING", 3, False, 0))
        self.assertEqual((job["maxParallelism"], job["failure"], job["endedMs"], job["restored"]["id"]), (128, "", 0, -1))
        self.assertRegex(job["checkpoint"]["path"], f"^file:{flink.folder}/checkpoints/{JOB}/chk-[0-9]+$")
        self.assertGreater(job["checkpoint"]["size"], 0)
        self.assertLess(abs(job["checkpoint"]["completedMs"] / 1000 - time.time()), 60)
        return reader

    def read_deaths(self, flink, reader):
        flink.kill("tm-0")
        o = reader.wait(lambda o: o["job"]["restarts"] >= 1, "the dead TaskManager is a restart")
        self.assertIn("TaskManager with id tm-0 is no longer reachable", o["job"]["failure"])
        self.assertFalse(o["job"]["running"])
        flink.task_manager("tm-1")
        o = reader.wait(lambda o: o["job"]["running"] and o["taskManagers"] == ["tm-1"] and o["job"]["restored"]["id"] > 0,
                        "it goes on from a checkpoint")
        restarts = o["job"]["restarts"]
        flink.kill("jm")
        o = reader.wait(lambda o: o["contact"] == "lost", "the dead JobManager is lost")
        self.assertEqual(o["trouble"], "overview: Connection refused")
        self.assertGreaterEqual(o["job"]["restarts"], restarts)  # nothing is forgotten
        self.assertIn("missed", {o["contact"] for o in reader.all})
        reader.stop()
        flink.down()

    def read_a_failing_job(self, flink, stack):
        flink.configure({"restart-strategy.fixed-delay.attempts": 2})
        reader = Reader(flink, stack)
        flink.job("StateProof", "--rate", "100", "--checkpoint", "500", "--fail-at", "30")
        flink.task_manager("tm-0")
        o = reader.wait(lambda o: o["job"]["state"] == "FAILED" and o["job"]["restarts"] >= 2, "the job fails for good")
        self.assertEqual((o["job"]["restarts"], o["job"]["running"]), (2, False))
        self.assertEqual(o["job"]["failure"], "java.lang.IllegalStateException: number 30 was told to fail")
        self.assertGreater(o["job"]["endedMs"], o["job"]["startedMs"])
        reader.stop()
        flink.down()

    def read_a_batch_job(self, flink, stack):
        reader = Reader(flink, stack)
        flink.job("Batch", "--rate", "1000", "--max", "500")
        flink.task_manager("tm-0")
        o = reader.wait(lambda o: o["job"]["state"] == "FINISHED" and o["job"]["batch"], "the batch job ends")
        self.assertEqual((o["job"]["restarts"], o["job"]["failure"], o["job"]["running"]), (0, "", False))
        reader.stop()
        flink.down()

    def test_every_version_tells_the_same_story(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                flink, stack = self.open(version)
                self.read_deaths(flink, self.read_a_running_job(flink, stack))
                self.read_a_failing_job(flink, stack)
                self.read_a_batch_job(flink, stack)

    def test_a_cluster_with_tls_is_read_and_checked(self):
        flink, stack = self.open(VERSIONS[-1])
        keys = flink.folder
        for who in ("ca", "other"):
            run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={who}",
                "-keyout", keys / f"{who}.key", "-out", keys / f"{who}.pem")
        for who, name in (("server", NAME), ("client", "sluice")):
            run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={who}", "-keyout", keys / f"{who}.key",
                "-out", keys / f"{who}.csr", "-addext", f"subjectAltName=DNS:{name}")
            run("openssl", "x509", "-req", "-in", keys / f"{who}.csr", "-CA", keys / "ca.pem", "-CAkey", keys / "ca.key",
                "-CAcreateserial", "-days", "2", "-copy_extensions", "copy", "-out", keys / f"{who}.pem")
        run("openssl", "pkcs12", "-export", "-in", keys / "server.pem", "-inkey", keys / "server.key",
            "-out", keys / "server.p12", "-passout", "pass:secret")
        run("keytool", "-importcert", "-noprompt", "-alias", "ca", "-file", keys / "ca.pem", "-storetype", "PKCS12",
            "-keystore", keys / "trust.p12", "-storepass", "secret")
        rest = "security.ssl.rest"
        flink.configure({f"{rest}.enabled": "true", f"{rest}.authentication-enabled": "true",
                         f"{rest}.keystore": keys / "server.p12", f"{rest}.keystore-password": "secret",
                         f"{rest}.key-password": "secret", f"{rest}.truststore": keys / "trust.p12",
                         f"{rest}.truststore-password": "secret"})
        flink.start("jm", "jobmanager.sh")
        client = (keys / "client.pem", keys / "client.key")
        good = Reader(flink, stack, "-", 0, (NAME, keys / "ca.pem", *client))
        self.assertEqual(good.wait(lambda o: o["contact"] == "answers", "read over TLS")["version"], flink.version)
        cases = [((NAME, "", *client), "answers", "without a CA nothing is checked"),
                 ((NAME, keys / "other.pem", *client), "lost", "another CA"),
                 (("c-rest.other.svc", keys / "ca.pem", *client), "lost", "another name"),
                 ((NAME, keys / "ca.pem"), "lost", "no certificate of ours"),
                 ((NAME, keys / "gone.pem", *client), "lost", "no CA file")]
        readers = [(Reader(flink, stack, "-", 0, tls), contact, what) for tls, contact, what in cases]
        for reader, contact, what in readers:
            reader.wait(lambda o, contact=contact: o["contact"] == contact, what)
            if contact == "lost":
                self.assertFalse(any(o["seen"] for o in reader.all), what)


if __name__ == "__main__":
    VERSIONS = [a for a in sys.argv[1:] if not a.startswith("-")] or VERSIONS
    unittest.main(argv=[sys.argv[0], "-v"])
