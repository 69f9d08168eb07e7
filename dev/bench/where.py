#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where a request's instructions go: the webhook under callgrind, by parts.

where.py BUILD [BODY [POLICIES]]: BODY of bodies/ (create-small), POLICIES as make_policies.py has them (20; 0: none).
Two runs of different length are taken from one another, so that the start falls out. What the C library does for a
part is the part's that called it.
"""
import collections
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

BUILD, HERE = pathlib.Path(sys.argv[1]), pathlib.Path(__file__).parent
BODY = sys.argv[2] if len(sys.argv) > 2 else "create-small"
POLICIES = sys.argv[3] if len(sys.argv) > 3 else "20"
PATH = "/validate-sluice-dev-v1beta1-flinkcluster"
PARTS = [  # the first that fits an object or a source file
    ("TLS (GnuTLS, nettle)", r"gnutls|nettle|hogweed|gmp"), ("HTTP (libmicrohttpd)", r"libmicrohttpd"),
    ("scan and tree", r"json/(strict|scan|walk|keyset|text|tree)|emmintrin"), ("reading the tree", r"json/(view|equal)"),
    ("decode", r"common/kind/|flink/(decode|schema)"), ("policies", r"common/policy/"), ("rules", r"common/(flink|refs)/|k8s/quantity"),
    ("answer", r"json/(out|patch)|k8s/|base/(strbuf|base64|arena|path)"), ("log, metrics, clock", r"base/(log|metrics|clock)|vdso"),
    ("request and review", r"webhook/"), ("helpers", r"common/base/|/usr/"), ("C library", r"libc\.so|string/|malloc/|nptl/|sysdeps|stdio|elf/")]


def part_of(obj, file):
    for text in (file, obj):
        for name, pattern in PARTS:
            if text and not text.startswith("???") and re.search(pattern, text):
                return name
    return "the rest"


def instructions(out):
    """Self cost by part; calls into the C library count for the part that calls."""
    names, cost = {"ob": {}, "fl": {}}, collections.Counter()
    where, here, called, skip = {"ob": "", "fl": ""}, "", "", False

    def name(table, text):
        number, _, value = text.partition(" ")
        if value:
            table[number] = value
        return table.get(number, "")

    for line in open(out, errors="replace"):
        key, eq, value = line.rstrip("\n").partition("=")
        if eq and key in ("ob", "fl", "fi", "fe"):
            kind = "ob" if key == "ob" else "fl"
            where[kind] = name(names[kind], value)
            part = part_of(where["ob"], where["fl"])
            # A small helper that was inlined is the work of the function around it.
            here = here if key in ("fi", "fe") and part == "helpers" else part
        elif eq and key in ("cob", "cfi", "cfl"):
            kind = "ob" if key == "cob" else "fl"
            called = part_of(where["ob"] if kind == "fl" else name(names[kind], value), name(names["fl"], value) if kind == "fl" else "")
        elif eq and key == "calls":
            skip = True
        elif re.match(r"[+\-*0-9]", line):
            count = int(line.split()[1])
            if skip:
                skip = False
                if called == "C library" and here != "C library":
                    cost[here] += count
                    cost["C library"] -= count
                called = ""  # told anew by each call whose file is another one
            else:
                cost[here] += count
    return cost


def run(folder, requests):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/{requests}.out", str(BUILD / "bin" / "sluice-webhook"),
               f"--listen=127.0.0.1:{port}", "--health-listen=127.0.0.1:0", f"--tls-cert-file={folder}/cert.pem",
               f"--tls-key-file={folder}/key.pem", "--drain-delay=0s", "--watch=false",
               *([f"--policy={folder}/policies.json"] if POLICIES != "0" else [])]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    body = (HERE / "bodies" / f"{BODY}.json").read_bytes()
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    while True:
        try:
            raw = socket.create_connection(("127.0.0.1", port), timeout=60)
            break
        except OSError:
            if server.poll() is not None:
                sys.exit("the webhook does not start")
            time.sleep(0.1)
    with ssl._create_unverified_context().wrap_socket(raw) as s:
        for _ in range(requests):
            s.sendall(head + body)
            answer = b""
            while b"}}" not in answer:
                answer += s.recv(65536)
            if b'"allowed":true' not in answer:
                sys.exit(f"unexpected: {answer!r}")
    server.send_signal(signal.SIGTERM)
    server.wait()
    return instructions(f"{folder}/{requests}.out")


def main():
    folder = tempfile.mkdtemp(prefix="sluice-where-")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{folder}/key.pem", "-out",
                    f"{folder}/cert.pem"], check=True, capture_output=True)
    with open(f"{folder}/policies.json", "w") as f:
        subprocess.run([sys.executable, str(HERE / "make_policies.py"), POLICIES], stdout=f, check=True)
    few, many = run(folder, 100), run(folder, 500)
    each = {part: (many[part] - few[part]) / 400 for part in many}
    total = sum(each.values())
    print(f"validate {BODY}, {POLICIES} policies: {total:,.0f} instructions a request")
    for part, count in sorted(each.items(), key=lambda item: -item[1]):
        print(f"{part:24} {count:>10,.0f} {100 * count / total:5.1f} %")


main()
