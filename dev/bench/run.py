#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures sluice-webhook beside a static server of the same libmicrohttpd and options, in alternating pairs.

The webhook has POLICIES FlinkPolicies (make_policies.py: three of them are for the bodies' namespace), as files.
The fair figure is CPU seconds per 10,000 reviews (of the server alone) and its ratio: both servers meet the
same noise, since each pair runs one right after the other. Rates and latencies also hold the client, which
shares the machine. Prints a table, writes bench.json.
"""
import atexit
import json
import os
import pathlib
import re
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(sys.argv[1])
HERE = pathlib.Path(__file__).parent
ROUNDS = int(os.environ.get("ROUNDS", "9"))
SECONDS = float(os.environ.get("SECONDS_EACH", "2"))
CONNECTIONS = [int(n) for n in os.environ.get("CONNECTIONS", "16").split(",")]
POLICIES = os.environ.get("POLICIES", "20")
OUT = os.environ.get("OUT", str(BUILD / "bench.json"))
TICK = os.sysconf("SC_CLK_TCK")
VALIDATE = "/validate-sluice-dev-v1beta1-flinkcluster"
MUTATE = "/mutate-sluice-dev-v1beta1-flinkcluster"
CONTEXT = ssl._create_unverified_context()


def say(text):
    print(text, flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, name, command, log):
        self.name, self.port, self.command, self.log = name, free_port(), command, log
        self.start()
        atexit.register(lambda: self.process.kill())  # also when a measurement fails

    def start(self):
        begin = time.monotonic()
        self.process = subprocess.Popen(self.command(self.port), stdout=subprocess.DEVNULL, stderr=open(self.log, "ab"))
        body = (HERE / "bodies" / "create-small.json").read_bytes()
        while True:
            try:
                post(self.port, VALIDATE, body)
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() - begin > 10:
                    sys.exit(f"{self.name} does not start; its log: {self.log}")
                time.sleep(0.0005)
        self.start_ms = (time.monotonic() - begin) * 1000

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def rss_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)


def post(port, path, body):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as raw, CONTEXT.wrap_socket(raw) as s:
        s.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                  .encode() + body)
        answer = b""
        while b"}}" not in answer:
            piece = s.recv(65536)
            if not piece:
                raise OSError("closed")
            answer += piece
        if not answer.startswith(b"HTTP/1.1 200"):
            sys.exit(f"unexpected answer: {answer[:200]!r}")
        return answer


def closed_loop(server, path, body, connections, close=False):
    env = {**os.environ, "BODY": str(HERE / "bodies" / f"{body}.json")}
    if close:
        env["CLOSE"] = "1"
    before = server.cpu()
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{SECONDS:.0f}s", "--latency", "-s", str(HERE / "post.lua"),
                          f"https://127.0.0.1:{server.port}{path}"], env=env, capture_output=True, text=True, check=True).stdout
    cpu = server.cpu() - before
    requests, micros, p50, p99, p999, bad = re.search(r"RESULT (\S+) (\S+) (\S+) (\S+) (\S+) (\S+)", out).groups()
    if int(bad):
        sys.exit(f"{server.name}: {bad} failed requests")
    return {"rate": int(requests) / (int(micros) / 1e6), "p50_ms": float(p50), "p99_ms": float(p99), "p999_ms": float(p999),
            "cpu_s_per_10k": cpu / int(requests) * 10000}


def open_loop(server, path, body, rate):
    return json.loads(subprocess.run([str(BUILD / "tools" / "openloop"), str(server.port), path,
                                      str(HERE / "bodies" / f"{body}.json"), "16", str(rate), str(max(2, int(SECONDS)))],
                                     capture_output=True, text=True, check=True).stdout)


def median(rows, key):
    return statistics.median(row[key] for row in rows)


def pairs(servers, measure):
    rows = {s.name: [] for s in servers}
    for i in range(ROUNDS):
        for s in servers if i % 2 == 0 else reversed(servers):
            rows[s.name].append(measure(s))
    return {name: {key: median(r, key) for key in r[0]} for name, r in rows.items()}, [
        a["cpu_s_per_10k"] / b["cpu_s_per_10k"] for a, b in zip(rows["sluice"], rows["static"])
        if b.get("cpu_s_per_10k")] if "cpu_s_per_10k" in rows["sluice"][0] else []


def policies_file(folder, count):
    path = folder / f"policies-{count}.json"
    path.write_text(subprocess.run([sys.executable, str(HERE / "make_policies.py"), str(count)], capture_output=True, text=True,
                                   check=True).stdout)
    return path


def growth(folder):
    """CPU of one review, without sockets, by the number of policies, of which three match."""
    out = {}
    for count in (3, 20, 100):
        command = [str(BUILD / "tools" / "profile"), "validate", str(HERE / "bodies" / "create-small.json"), "5000",
                   str(policies_file(folder, count))]
        out[count] = min(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[0])
                         for _ in range(ROUNDS))
    return out


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-bench-"))
    policies = policies_file(folder, POLICIES) if POLICIES != "0" else None
    certs = folder / "certs"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{folder}/key.pem", "-out",
                    f"{folder}/cert.pem"], check=True, capture_output=True)
    sluice = Server("sluice", lambda port: [str(BUILD / "bin" / "sluice-webhook"), f"--listen=127.0.0.1:{port}",
                                            "--health-listen=127.0.0.1:0", f"--tls-cert-file={folder}/cert.pem",
                                            f"--tls-key-file={folder}/key.pem", "--watch=false", "--drain-delay=0s",
                                            *([f"--policy={policies}"] if policies else [])], folder / "sluice.log")
    static = Server("static", lambda port: [str(BUILD / "tools" / "static_server"), f"{folder}/cert.pem", f"{folder}/key.pem",
                                            str(port)], folder / "static.log")
    servers = [sluice, static]
    report = {"rounds": ROUNDS, "seconds_each": SECONDS, "rss_idle_mib": {s.name: round(s.rss_mib(), 1) for s in servers},
              "policies": int(POLICIES), "closed_loop": [], "open_loop": [], "new_connections": [], "starts": {}}

    say(f"{'closed loop':34} {'rate/s':>9} {'p50':>7} {'p99':>7} {'p99.9':>7} {'CPU s/10k':>10} {'static':>8} {'ratio':>6}  (ms; "
        f"median of {ROUNDS} pairs)")
    for body in ("create-small", "update-small", "create-large", "update-large"):
        for operation, path in (("validate", VALIDATE), ("mutate", MUTATE)):
            for connections in CONNECTIONS:
                result, ratios = pairs(servers, lambda s: closed_loop(s, path, body, connections))
                ratio = statistics.median(ratios)
                s = result["sluice"]
                say(f"{operation + ' ' + body:24} {connections:>3} conn {s['rate']:>9.0f} {s['p50_ms']:>7.3f} {s['p99_ms']:>7.3f} "
                    f"{s['p999_ms']:>7.3f} {s['cpu_s_per_10k']:>10.3f} {result['static']['cpu_s_per_10k']:>8.3f} {ratio:>6.2f}")
                report["closed_loop"].append({"review": operation, "body": body, "connections": connections, "ratio": ratio, **result})
    time.sleep(3)  # what is given back is given back by then
    report["rss_after_mib"] = {s.name: round(s.rss_mib(), 1) for s in servers}

    say(f"\n{'open loop, 16 connections':34} {'p50':>8} {'p99':>8} {'p99.9':>8}   static: p50, p99, p99.9 (ms)")
    for rate in (200, 1000):
        result, _ = pairs(servers, lambda s: open_loop(s, VALIDATE, "create-small", rate))
        a, b = result["sluice"], result["static"]
        say(f"{'validate create-small':24} {rate:>5}/s    {a['p50_ms']:>8.3f} {a['p99_ms']:>8.3f} {a['p999_ms']:>8.3f}   "
            f"{b['p50_ms']:.3f}, {b['p99_ms']:.3f}, {b['p999_ms']:.3f}   p99 ratio {a['p99_ms'] / b['p99_ms']:.2f}")
        report["open_loop"].append({"rate": rate, **result})

    result, _ = pairs(servers, lambda s: closed_loop(s, VALIDATE, "create-small", 8, close=True))
    report["new_connections"] = {name: r["rate"] for name, r in result.items()}
    say(f"\nnew connections a second: {result['sluice']['rate']:.0f} (static {result['static']['rate']:.0f})")

    starts = {s.name: [] for s in servers}
    for _ in range(ROUNDS):
        for s in servers:
            s.stop()
            s.start()
            starts[s.name].append(s.start_ms)
    report["starts"] = {name: statistics.median(v) for name, v in starts.items()}
    say(f"start to first verdict: {report['starts']['sluice']:.1f} ms (static {report['starts']['static']:.1f} ms)")
    say(f"RSS: idle {report['rss_idle_mib']['sluice']} MiB, after load {report['rss_after_mib']['sluice']} MiB "
        f"(static {report['rss_idle_mib']['static']}, {report['rss_after_mib']['static']})")
    report["us_by_policies"] = growth(folder)
    say("one review by policies, three of which match: " +
        ", ".join(f"{n}: {us:.2f} us" for n, us in report["us_by_policies"].items()))
    for s in servers:
        s.stop()
    pathlib.Path(OUT).write_text(json.dumps(report, indent=1) + "\n")
    say(f"wrote {OUT}; logs: {folder}")


main()
