#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Slow callers are cut at absolute deadlines, however regularly they drip, and cost nothing meanwhile.

deadlines.py PROGRAM. All of them at once, beside a healthy one; some 20 seconds.
"""
import ssl
import sys
import tempfile
import threading
import time
import unittest

import process
from process import GOOD, VALIDATE, Closed, Connection, Webhook, head

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else None
HANDSHAKE, REQUEST = 10, 15  # seconds: webhook/conns.h
LATE = 4                     # the reaper looks once a second, and the machine may be busy
SECOND = 8.0 if process.SANITIZED else 1.0
EACH = 3                     # callers of each kind


def client_hello(context):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(incoming, outgoing).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


class SlowCaller(threading.Thread):
    """Sends FIRST, then DRIP byte by byte, until it is cut."""

    def __init__(self, name, connection, deadline, first, drip=b""):
        super().__init__(daemon=True)
        self.kind, self.connection, self.deadline = name, connection, deadline
        self.first, self.drip = first, drip
        self.lasted = None

    def run(self):
        started = time.monotonic()
        drip = iter(self.drip)
        self.connection.sock.settimeout(0.5)
        try:
            self.connection.send(self.first)
            while time.monotonic() < started + 40:
                try:
                    self.connection.read()
                except TimeoutError:
                    byte = next(drip, None)
                    if byte is not None:
                        self.connection.send(bytes([byte]))
        except Closed:
            self.lasted = time.monotonic() - started
        self.connection.close()


class Deadlines(unittest.TestCase):
    def test_slow_callers_are_cut_and_the_healthy_one_goes_on(self):
        with tempfile.TemporaryDirectory() as folder:
            webhook = Webhook(PROGRAM, folder)
            try:
                self.run_slow_callers(webhook)
            finally:
                self.assertEqual(webhook.stop(), 0)
            self.assertEqual(webhook.odd_lines, [])

    def slow_callers(self, webhook):
        hello = client_hello(webhook.client_context())
        lines = "".join("X-%d: y\r\n" % i for i in range(100)).encode()
        for _ in range(EACH):
            yield SlowCaller("silent before TLS", Connection(webhook.dial()), HANDSHAKE, b"")
            yield SlowCaller("dripping hello", Connection(webhook.dial()), HANDSHAKE, hello[:5], hello[5:])
            yield SlowCaller("hello alone", Connection(webhook.dial()), HANDSHAKE, hello)
            yield SlowCaller("dripping head", webhook.connect(), REQUEST,
                             b"POST " + VALIDATE.encode() + b" HTTP/1.1\r\n", lines)
            yield SlowCaller("head alone", webhook.connect(), REQUEST, head(length=len(GOOD)))
            yield SlowCaller("part of a body", webhook.connect(), REQUEST, head(length=len(GOOD)) + GOOD[:-1])
            yield SlowCaller("dripping body", webhook.connect(), REQUEST, head(length=len(GOOD)), GOOD)
            yield SlowCaller("dripping chunks", webhook.connect(), REQUEST,
                             head(more=["Transfer-Encoding: chunked"]), b"1\r\n \r\n" * 100)

    def run_slow_callers(self, webhook):
        callers = list(self.slow_callers(webhook))
        idle = webhook.connect()
        healthy = webhook.connect()
        cpu = webhook.cpu_seconds()
        started = time.monotonic()
        for caller in callers:
            caller.start()
        while time.monotonic() < started + REQUEST + LATE:
            asked = time.monotonic()
            self.assertEqual(healthy.post(GOOD).status, 200)
            self.assertLess(time.monotonic() - asked, SECOND)
            time.sleep(0.25)
        for caller in callers:
            caller.join(REQUEST)
            self.assertIsNotNone(caller.lasted, "not cut: " + caller.kind)
            self.assertGreater(caller.lasted, caller.deadline - 1, caller.kind)
            self.assertLess(caller.lasted, caller.deadline + LATE, caller.kind)
        self.assertEqual(idle.post(GOOD).status, 200)
        self.assertEqual(webhook.metric("sluice_webhook_connections"), 2)
        self.assertEqual(webhook.metric("sluice_webhook_body_bytes"), 0)
        if not process.SANITIZED:
            self.assertLess(webhook.cpu_seconds() - cpu, 0.5)


if __name__ == "__main__":
    unittest.main(verbosity=2)
