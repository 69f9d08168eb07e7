#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SIGTERM: unready, go on serving, Connection: close, finish, exit 0. And what a wrong start says.

shutdown.py PROGRAM
"""
import json
import subprocess
import sys
import tempfile
import time
import unittest

from process import GOOD, Closed, Webhook, head

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else None


class Shutdown(unittest.TestCase):
    def test_it_is_unready_at_once_and_serves_until_the_delay_is_over(self):
        with tempfile.TemporaryDirectory() as folder:
            webhook = Webhook(PROGRAM, folder, "--drain-delay", "2s")
            idle = webhook.connect()
            half = webhook.connect()
            half.send(head(length=len(GOOD)) + GOOD[:100])
            self.assertEqual(idle.post(GOOD).headers.get("connection", "keep-alive").lower(), "keep-alive")
            started = time.monotonic()
            webhook.terminate()
            webhook.wait_line(lambda line: line.get("msg") == "stopping", 5)
            self.assertEqual(webhook.get_health("/readyz")[0], 500)
            self.assertIn("[-]stopping failed", webhook.get_health("/readyz")[1])
            self.assertEqual(webhook.get_health("/healthz")[0], 200)
            # Whoever still comes is served, and told to go elsewhere next time.
            answer = idle.post(GOOD)
            self.assertEqual((answer.status, answer.headers["connection"].lower()), (200, "close"))
            self.assertTrue(idle.is_closed())
            with webhook.connect() as late:
                self.assertEqual(late.post(GOOD).status, 200)
            # The request under way outlives the delay.
            time.sleep(max(0.0, started + 3 - time.monotonic()))
            self.assertIsNone(webhook.child.poll())
            half.send(GOOD[100:])
            self.assertTrue(half.read().json()["response"]["allowed"])
            half.close()
            self.assertEqual(webhook.wait(20), 0)
            self.assertGreater(time.monotonic() - started, 2)
            self.assertEqual(webhook.odd_lines, [])

    def test_a_request_that_never_ends_does_not_hold_it_for_ever(self):
        with tempfile.TemporaryDirectory() as folder:
            webhook = Webhook(PROGRAM, folder, "--drain-delay", "0s")
            stuck = webhook.connect()
            stuck.send(head(length=len(GOOD)))
            deadline = time.monotonic() + 5
            while webhook.metric("controller_runtime_webhook_requests_in_flight") == 0:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.02)
            webhook.terminate()
            self.assertEqual(webhook.wait(20), 0)
            with self.assertRaises(Closed):
                stuck.read()
            stuck.close()

    def test_a_second_signal_ends_the_delay(self):
        with tempfile.TemporaryDirectory() as folder:
            webhook = Webhook(PROGRAM, folder, "--drain-delay", "1m")
            webhook.terminate()
            webhook.wait_line(lambda line: line.get("msg") == "stopping", 5)
            webhook.terminate()
            self.assertEqual(webhook.wait(10), 0)

    def test_a_second_start_keeps_the_ca(self):
        with tempfile.TemporaryDirectory() as folder:
            seen = set()
            for _ in range(2):
                webhook = Webhook(PROGRAM, folder)
                seen.add((webhook.cert_dir / "ca.crt").read_bytes())
                self.assertEqual(webhook.stop(), 0)
            self.assertEqual(len(seen), 1)


class WrongStart(unittest.TestCase):
    def run_program(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60, check=False)

    def test_wrong_options_are_2_and_named(self):
        for arguments in ["--threads", "0"], ["--no-such-option"], ["--max-body-bytes", "1"], ["operand"]:
            done = self.run_program(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(arguments[0].lstrip("-"), done.stderr)

    def test_what_it_cannot_start_with_is_1_and_one_line_of_json(self):
        with tempfile.TemporaryDirectory() as folder:
            first = Webhook(PROGRAM, folder)
            for arguments in (["--watch=true", "--cert-dir", folder],
                              ["--tls-cert-file", "x"],
                              ["--cert-dir", folder, "--listen", "nonsense"],
                              ["--cert-dir", folder, "--listen", "127.0.0.1:%d" % first.port],
                              ["--cert-dir", folder, "--policy", folder + "/nothing"],
                              ["--cert-dir", folder, "--policy", "/dev/null"]):
                done = self.run_program("--mutating-configuration", "", "--validating-configuration", "",
                                        "--health-listen", "127.0.0.1:0", *arguments,
                                        *([] if "--watch=true" in arguments else ["--watch=false"]))
                self.assertEqual(done.returncode, 1, done.stderr)
                last = json.loads(done.stderr.splitlines()[-1])
                self.assertEqual(last["level"], "error", done.stderr)
            self.assertEqual(first.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
