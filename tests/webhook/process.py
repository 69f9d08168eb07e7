# SPDX-License-Identifier: Apache-2.0
"""The real sluice-webhook as a child process, and a client that speaks HTTP byte by byte."""
import http.client
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import threading
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BODIES = SOURCE / "dev" / "bench" / "bodies"
MUTATE = "/mutate-sluice-dev-v1beta1-flinkcluster"
VALIDATE = "/validate-sluice-dev-v1beta1-flinkcluster"
GOOD = (BODIES / "create-small.json").read_bytes()
GOOD_UID = json.loads(GOOD)["request"]["uid"]
MIB = 1 << 20
SANITIZED = bool(os.environ.get("SLUICE_SANITIZED"))


class Webhook:
    """Started by the constructor, ended by stop(). Every log line must be JSON."""

    def __init__(self, program, cert_dir, *options):
        self.cert_dir = pathlib.Path(cert_dir)
        arguments = [program, "--listen", "127.0.0.1:0", "--health-listen", "127.0.0.1:0",
                     "--service-name", "localhost", "--extra-names", "127.0.0.1,localhost",
                     "--mutating-configuration", "", "--validating-configuration", ""]
        if "--kubeconfig" not in options:
            arguments += ["--watch=false"]
        if "--drain-delay" not in options:
            arguments += ["--drain-delay", "0s"]
        if "--tls-cert-file" not in options:
            arguments += ["--cert-dir", str(cert_dir)]
        self.child = subprocess.Popen(arguments + list(options), stderr=subprocess.PIPE)
        self.lines = []
        self.odd_lines = []
        self._told = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        started = self.wait_line(lambda line: line.get("msg") == "started", 30)
        self.port, self.health_port = started["port"], started["health_port"]

    def _read(self):
        for raw in self.child.stderr:
            try:
                line = json.loads(raw)
            except ValueError:
                line = {"raw": raw.decode("utf-8", "replace")}
                self.odd_lines.append(line["raw"])
            with self._told:
                self.lines.append(line)
                del self.lines[:-50000]
                self._told.notify_all()
        with self._told:
            self._told.notify_all()

    def forget_odd_line(self):
        """The last line, which nobody will read to its end any more."""
        self._reader.join(10)
        del self.odd_lines[-1:]

    def wait_line(self, wanted, seconds, start=0):
        """The first log line from START on that WANTED likes."""
        deadline = time.monotonic() + seconds
        with self._told:
            while True:
                for line in self.lines[start:]:
                    if wanted(line):
                        return line
                left = deadline - time.monotonic()
                if left <= 0 or (self.child.poll() is not None and not self._reader.is_alive()):
                    raise AssertionError("no such log line; the last ones: %r" % self.lines[-5:])
                self._told.wait(min(left, 0.2))

    def client_context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    def dial(self, seconds=30):
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=seconds)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as Go's clients
        return sock

    def connect(self, seconds=30, context=None):
        """A TLS connection."""
        return Connection((context or self.client_context()).wrap_socket(self.dial(seconds)))

    def get_health(self, path):
        client = http.client.HTTPConnection("127.0.0.1", self.health_port, timeout=10)
        client.request("GET", path)
        answer = client.getresponse()
        text = answer.read().decode()
        client.close()
        return answer.status, text

    def metric(self, name):
        """The sum of all series of NAME that begin with it."""
        _, text = self.get_health("/metrics")
        rows = [row.rsplit(" ", 1) for row in text.splitlines() if row.startswith(name)]
        return sum(float(value) for _, value in rows)

    def status_kib(self, field):
        for line in pathlib.Path("/proc/%d/status" % self.child.pid).read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
        raise KeyError(field)

    def rss_mib(self):
        return self.status_kib("VmRSS") / 1024

    def peak_mib(self):
        return self.status_kib("VmHWM") / 1024

    def forget_peak(self):
        pathlib.Path("/proc/%d/clear_refs" % self.child.pid).write_text("5")

    def cpu_seconds(self):
        fields = pathlib.Path("/proc/%d/stat" % self.child.pid).read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def threads(self):
        return self.status_kib("Threads")

    def terminate(self):
        self.child.send_signal(signal.SIGTERM)

    def wait(self, seconds=60):
        code = self.child.wait(seconds)
        self._reader.join(10)
        self.child.stderr.close()
        return code

    def stop(self):
        """SIGTERM, and the exit code."""
        if self.child.poll() is None:
            self.terminate()
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.wait()
            raise


class Throttle(threading.Thread):
    """Gives a process SHARE of the time, as a CPU quota does: all of its threads stop for the rest of
    each tenth of a second."""

    def __init__(self, pid, share):
        super().__init__(daemon=True)
        self.pid, self.share = pid, share
        self.ended = threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()

    def run(self):
        while not self.ended.is_set():
            os.kill(self.pid, signal.SIGSTOP)
            time.sleep(0.1 * (1 - self.share))
            os.kill(self.pid, signal.SIGCONT)
            time.sleep(0.1 * self.share)


class Flood:
    """tests/webhook/flood.c as a child process."""

    def __init__(self, program, ports, body, rate, seconds, timeout, calls):
        self.child = subprocess.Popen([program, VALIDATE, str(BODIES / body), str(rate), str(seconds), str(timeout),
                                       str(calls)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.dial(ports)

    def _tell(self, line):
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def dial(self, ports):
        """New connections go to PORTS from now on."""
        self._tell("ports " + ",".join(map(str, ports)))

    def end(self):
        self._tell("end")

    def result(self):
        text = self.child.stdout.read()
        self.child.stdout.close()
        self.child.stdin.close()
        assert self.child.wait(10) == 0
        return json.loads(text)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return "%d %r %r" % (self.status, self.headers, self.body[:200])


class Closed(Exception):
    """The peer closed the connection before an answer."""


def head(path=VALIDATE, method="POST", length=None, media="application/json", more=(),
         version="HTTP/1.1"):
    lines = ["%s %s %s" % (method, path, version), "Host: localhost"]
    lines += ["Content-Type: " + media] if media is not None else []
    lines += ["Content-Length: %d" % length] if length is not None else []
    return ("\r\n".join(lines + list(more)) + "\r\n\r\n").encode()


class Connection:
    """Bytes out, answers in. Nothing is repaired on the way."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, data):
        try:
            self.sock.sendall(data)
        except (ConnectionError, ssl.SSLError) as e:
            raise Closed(str(e)) from e

    def post(self, body, path=VALIDATE, **kwargs):
        self.send(head(path, length=len(body), **kwargs) + body)
        return self.read()

    def _more(self):
        try:
            piece = self.sock.recv(65536)
        except (ConnectionError, ssl.SSLError) as e:
            raise Closed(str(e)) from e
        if not piece:
            raise Closed("end of stream")
        self.buffer += piece

    def read(self, has_body=True):
        """The next answer; interim ones (100) are answers too."""
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        top, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = top.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        length = int(headers.get("content-length", 0)) if has_body and status >= 200 else 0
        while len(self.buffer) < length:
            self._more()
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return Answer(status, headers, body)

    def is_closed(self, seconds=5):
        """Whether the peer ends the stream within SECONDS."""
        self.sock.settimeout(seconds)
        try:
            while True:
                self._more()
        except Closed:
            return True
        except TimeoutError:
            return False


def review(uid="u", operation="CREATE", name="c", **request):
    """An AdmissionReview around a small FlinkCluster."""
    cluster = {"apiVersion": "sluice.dev/v1beta1", "kind": "FlinkCluster",
               "metadata": {"name": name, "namespace": "payments"},
               "spec": {"image": "registry.example.com/flink:1.20.1", "flinkVersion": "1.20",
                        "parallelism": 2, "taskManager": {"replicas": 2}}}
    kind = {"group": "sluice.dev", "version": "v1beta1"}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
            "request": {"uid": uid, "kind": {**kind, "kind": "FlinkCluster"},
                        "resource": {**kind, "resource": "flinkclusters"}, "name": name,
                        "namespace": "payments", "operation": operation,
                        "userInfo": {"username": "bob"}, "object": cluster, **request}}
