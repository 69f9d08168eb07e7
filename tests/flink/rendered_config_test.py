#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `sluice render` writes is read by real Flink as it was meant: a JobManager and a TaskManager of each version are
started on this machine with the rendered ConfigMap as their conf folder and the rendered pods' arguments, and REST tells
which values arrived. No Kubernetes is needed.
  rendered_config_test.py [1.17|1.20|2 …]"""
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
SLUICE = pathlib.Path(os.environ.get("SLUICE_BIN_DIR", "")) / "sluice"
VERSIONS = ["1.17", "1.20", "2"]
WAIT = 120

# Values that a careless file would damage, by a key that nothing of Flink declares.
HOSTILE = {
    "hash": "before # after",
    "hash-first": "#all of it",
    "colon": "host: port: 1",
    "colon-last": "ends with:",
    "quotes": "it's \"quoted\" 'twice'",
    "quote-first": "\"",
    "backslash": "C:\\temp\\new \\\\server",
    "unicode": "größe 漢字 🚀 \u00a0 \u200b end",
    "list": "[a, b",
    "map": "{a: b",
    "star": "*x &y !z |>%@`",
    "dash": "- item",
    "question": "? key",
    "boolean": "yes",
    "nothing": "~",
    "null": "null",
    "octal": "0123",
    "exponent": "1e3",
    "long": "123456789012345678901234567890",
    "date": "2001-01-01",
    "merge": "<<",
    "tab": "a\tb",
    "lines": "one\ntwo: 2\n# three\n",
    "spaces": "  around  ",
    "empty": "",
    "equals": "a=b==c=",
    "semicolons": "a;b;'c;d'",
    "reference": "$(POD_NAME) $$(x) $$ ${HOME} `id`",
    "comma": "a,b:c,d",
    "document": "---",
}
# What the fields of the resource become, whatever the file's form.
WRITTEN = {
    "taskmanager.numberOfTaskSlots": "3",
    "parallelism.default": "5",
    "jobmanager.bind-host": "0.0.0.0",
    "rest.bind-address": "0.0.0.0",
    "taskmanager.rpc.port": "0",
    "jobmanager.memory.process.size": "704m",
    "taskmanager.memory.process.size": "1g",
    "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
}


def free_ports(n):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def expand(argument, env):
    """As the kubelet expands arguments: $(NAME) of its own variables, $$ is one dollar."""
    out, i = "", 0
    while i < len(argument):
        if argument.startswith("$$", i):
            out, i = out + "$", i + 2
        elif argument.startswith("$(", i) and ")" in argument[i:]:
            end = argument.index(")", i)
            name = argument[i + 2:end]
            out += env.get(name, argument[i:end + 1])
            i = end + 1
        else:
            out, i = out + argument[i], i + 1
    return out


class Flink:
    """A session cluster of one version, as rendered, but for addresses and ports."""

    def __init__(self, version, folder, stack):
        self.home = run(str(ROOT / "dev/images/flink-home.sh"), version).strip()
        self.version = pathlib.Path(self.home).name.removeprefix("flink-")
        self.minor = ".".join(self.version.split(".")[:2])
        self.folder, self.stack, self.processes = folder, stack, []
        self.objects = self.render()
        self.conf = folder / "conf"
        self.conf.mkdir()
        for name, text in self.one("ConfigMap")["data"].items():
            (self.conf / name).write_text(text, encoding="utf-8")

    def cluster(self):
        conf = {f"hostile.{key}": value for key, value in HOSTILE.items()}
        if self.minor == "1.17":  # it is for Java 11, which let it through
            opens = [f"--add-opens=java.base/java.{p}=ALL-UNNAMED"
                     for p in ("lang", "net", "io", "nio", "text", "time", "util", "util.concurrent")]
            conf["env.java.opts.all"] = " ".join(["--add-exports=java.base/sun.net.util=ALL-UNNAMED", *opens])
        return {"apiVersion": "sluice.dev/v1beta1", "kind": "FlinkCluster", "metadata": {"name": "real", "namespace": "lab"},
                "spec": {"image": f"flink:{self.version}", "flinkVersion": self.minor, "parallelism": 5,
                         "flinkConfiguration": conf,
                         "jobManager": {"resources": {"requests": {"memory": "704Mi"}, "limits": {"memory": "704Mi"}}},
                         "taskManager": {"replicas": 2, "slots": 3,
                                         "resources": {"requests": {"memory": "1Gi"}, "limits": {"memory": "1Gi"}}}}}

    def render(self):
        file = self.folder / "cluster.json"
        file.write_text(json.dumps(self.cluster(), ensure_ascii=False), encoding="utf-8")
        return [json.loads(line) for line in run(str(SLUICE), "render", "--output", "json", str(file)).splitlines()]

    def one(self, kind, part=""):
        return next(o for o in self.objects if o["kind"] == kind and part in o["metadata"]["name"])

    def start(self, role, overrides):
        pod = self.one("Pod", f"-{role[0]}m-")
        env = {"POD_NAME": pod["metadata"]["name"], "POD_IP": "127.0.0.1"}
        arguments = [expand(a, env) for a in pod["spec"]["containers"][0]["args"]]
        assert arguments[0] == role, arguments
        for key, value in overrides.items():
            arguments += ["-D", f"{key}={value}"]
        environment = {**os.environ, "FLINK_CONF_DIR": str(self.conf), "FLINK_LOG_DIR": str(self.folder)}
        with open(self.folder / f"{role}.log", "wb") as log:
            process = subprocess.Popen([f"{self.home}/bin/{role}.sh", "start-foreground", *arguments[1:]],
                                       env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        self.stack.callback(self.stop, process)
        self.processes.append((role, process))

    @staticmethod
    def stop(process):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def log(self, role):
        return (self.folder / f"{role}.log").read_text(encoding="utf-8", errors="replace")

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.rest}{path}", timeout=10) as answer:
            return json.load(answer)

    def wait(self, path, right, what):
        end, last = time.monotonic() + WAIT, None
        while time.monotonic() < end:
            for role, process in self.processes:
                if process.poll() is not None:
                    raise AssertionError(f"the {role} ended:\n{self.log(role)[-4000:]}")
            try:
                last = self.get(path)
                if right(last):
                    return last
            except OSError as e:
                last = e
            time.sleep(0.5)
        raise AssertionError(f"not within {WAIT} s: {what}; last: {last}")

    def up(self):
        self.rest, rpc, blob = free_ports(3)
        where = {"jobmanager.rpc.address": "localhost", "jobmanager.rpc.port": rpc}
        self.start("jobmanager", {**where, "rest.port": self.rest, "blob.server.port": blob})
        self.wait("/overview", lambda _: True, "the JobManager answers")
        rpc, data = free_ports(2)
        self.start("taskmanager", {**where, "taskmanager.rpc.port": rpc, "taskmanager.data.port": data})


class RenderedConfiguration(unittest.TestCase):
    def check(self, version):
        with contextlib.ExitStack() as stack:
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
            flink = Flink(version, folder, stack)
            flink.up()
            seen = {e["key"]: e["value"] for e in flink.get("/jobmanager/config")}
            for key, value in HOSTILE.items():
                with self.subTest(version=flink.version, key=key):
                    self.assertEqual(seen.get(f"hostile.{key}"), value)
            for key, value in WRITTEN.items():
                with self.subTest(version=flink.version, key=key):
                    self.assertEqual(seen.get(key), value)
            # Its slots are told a moment after itself.
            registered = flink.wait("/taskmanagers", lambda a: any(t["slotsNumber"] for t in a["taskmanagers"]),
                                    "the TaskManager registers its slots")
            self.assertEqual([(t["id"], t["slotsNumber"], t["freeSlots"]) for t in registered["taskmanagers"]],
                             [(flink.one("Pod", "-tm-")["metadata"]["name"], 3, 3)])
            for role in ("jobmanager", "taskmanager"):
                log = flink.log(role)
                self.assertIn(" INFO ", log, "the shipped logging configuration is read")
                self.assertNotIn("StatusLogger", log)
                self.assertNotIn("SLF4J: Failed", log)


def add(version):
    setattr(RenderedConfiguration, f"test_flink_{version.replace('.', '_')}_reads_it_unharmed",
            lambda self: self.check(version))


if __name__ == "__main__":
    for wanted in [a for a in sys.argv[1:] if not a.startswith("-")] or VERSIONS:
        add(wanted)
    unittest.main(argv=[sys.argv[0], "-v"])
