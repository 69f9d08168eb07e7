#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""More than can be served, and the end of a replica under load: every call gets a verdict or a 429 in time.

overload.py PROGRAM FLOOD. FLOOD calls as API servers do (flood.c).
"""
import os
import signal
import sys
import tempfile
import time
import unittest

import process
from process import GOOD, VALIDATE, Flood, Throttle, Webhook, head

PROGRAM, FLOOD = (sys.argv.pop(1), sys.argv.pop(1)) if len(sys.argv) > 2 else (None, None)
SECOND = 8.0 if process.SANITIZED else 1.0


class Case(unittest.TestCase):
    options = ()

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.webhook = Webhook(PROGRAM, self.folder.name, *self.options)

    def tearDown(self):
        code = self.webhook.stop()
        self.folder.cleanup()
        self.assertEqual(code, 0, self.webhook.lines[-3:])
        self.assertEqual(self.webhook.odd_lines, [])

    def ends(self, reason):
        return self.webhook.metric('sluice_webhook_connection_ends_total{reason="%s"}' % reason)

    def late(self):
        return self.webhook.metric('sluice_webhook_rejected_requests_total{reason="late"}')


def closes(answer):
    return answer.headers.get("connection", "").lower() == "close"


class Late(Case):
    def after_a_stop(self, connection, data, seconds=1.0):
        """The answer to DATA that is sent while the program stands still for SECONDS."""
        os.kill(self.webhook.child.pid, signal.SIGSTOP)
        time.sleep(0.1)  # until all of its threads do
        connection.send(data)
        time.sleep(seconds)
        os.kill(self.webhook.child.pid, signal.SIGCONT)
        return connection.read()

    def test_a_review_that_waited_for_a_quarter_of_its_time_is_to_come_again(self):
        with self.webhook.connect() as c:
            self.assertEqual(c.post(GOOD).status, 200)
            answer = self.after_a_stop(c, head(VALIDATE + "?timeout=2s", length=len(GOOD)) + GOOD)
            self.assertEqual((answer.status, answer.headers["retry-after"]), (429, "1"))
            # The connection lives on: a new one would cost more than the refusal saves.
            self.assertFalse(closes(answer))
            self.assertEqual(c.post(GOOD, path=VALIDATE + "?timeout=2s").status, 200)
        self.assertEqual(self.late(), 1)

    def test_one_with_more_time_is_served(self):
        with self.webhook.connect() as c:
            self.assertEqual(c.post(GOOD).status, 200)
            for path in VALIDATE, VALIDATE + "?timeout=30s":
                self.assertEqual(self.after_a_stop(c, head(path, length=len(GOOD)) + GOOD).status, 200)
        self.assertEqual(self.late(), 0)

    def test_a_body_that_is_there_when_half_the_time_is_over_is_not_reviewed(self):
        with self.webhook.connect() as c:
            c.send(head(VALIDATE + "?timeout=2s", length=len(GOOD)) + GOOD[:100])
            time.sleep(1.5)
            c.send(GOOD[100:])
            self.assertEqual(c.read().status, 429)
            self.assertEqual(c.post(GOOD).status, 200)

    def test_a_large_one_is_refused_before_its_body(self):
        with self.webhook.connect() as c:
            self.assertEqual(c.post(GOOD).status, 200)
            answer = self.after_a_stop(c, head(VALIDATE + "?timeout=2s", length=process.MIB) + b" ")
            self.assertEqual(answer.status, 429)
            self.assertTrue(closes(answer))


class Requests(Case):
    options = ("--max-requests-per-connection", "40")

    def test_a_connection_ends_behind_one_of_its_last_requests(self):
        counts = []
        for _ in range(8):
            with self.webhook.connect() as c:
                count = 1
                while not closes(c.post(GOOD)):
                    count += 1
                self.assertTrue(c.is_closed())
                counts.append(count)
        self.assertTrue(all(30 <= n <= 40 for n in counts), counts)
        self.assertGreater(len(set(counts)), 4)  # not all at once
        self.assertEqual(self.ends("requests"), 8)


class Age(Case):
    options = ("--max-connection-age", "1s")

    def test_an_old_connection_ends_behind_its_next_answer_and_not_before(self):
        with self.webhook.connect() as c:
            self.assertFalse(closes(c.post(GOOD)))
            self.assertFalse(c.is_closed(2.5))
            c.sock.settimeout(30)
            self.assertTrue(closes(c.post(GOOD)))
            self.assertTrue(c.is_closed())
        self.assertEqual(self.ends("age"), 1)


class Places(Case):
    options = ("--max-connections", "16")

    def assert_served_within(self, seconds):
        started = time.monotonic()
        with self.webhook.connect() as c:
            self.assertEqual(c.post(GOOD).status, 200)
        self.assertLess(time.monotonic() - started, seconds * SECOND)

    def held_by(self, holders, seconds):
        """Nobody but HOLDERS has a place; a newcomer has one within SECONDS all the same."""
        self.assertEqual(len(holders), 16)
        self.assert_served_within(seconds)
        for holder in holders:
            holder.close()

    def test_idle_peers_give_way(self):
        self.held_by([self.webhook.connect() for _ in range(16)], 3)
        self.assertGreater(self.ends("place"), 0)

    def test_silent_peers_give_way(self):
        self.held_by([self.webhook.dial() for _ in range(16)], 4)

    def test_peers_who_stop_within_a_request_give_way(self):
        holders = [self.webhook.connect() for _ in range(16)]
        for i, c in enumerate(holders):
            c.send((head(length=len(GOOD)) + GOOD)[:5 if i % 2 else -1])
        self.held_by(holders, 8)

    def test_busy_ones_rotate_and_lose_nothing(self):
        holders = [self.webhook.connect() for _ in range(16)]
        with self.webhook.dial():  # who waits
            started = time.monotonic()
            seen = 0
            while seen < 4 and time.monotonic() < started + 60:
                for i, c in enumerate(holders):
                    if c is not None and closes(c.post(GOOD)):
                        c.close()
                        holders[i] = None
                        seen += 1
                time.sleep(0.02)
        self.assertGreaterEqual(self.ends("crowd"), 1)
        self.assertEqual(self.ends("place"), 0)
        for c in holders:
            if c is not None:
                c.close()


class Floods(Case):
    """Five times what it can serve; counts, and times within one run, for the machine may be busy."""

    def assert_flood(self, body, peak_mib):
        self.webhook.forget_peak()
        with Throttle(self.webhook.child.pid, 0.1):
            calm = Flood(FLOOD, [self.webhook.port], body, 100000, 2, 30, 16).result()
            self.assertEqual(calm["verdicts"], calm["made"], calm)
            served = calm["verdicts"] // 2
            # An API server has up to 600 calls at once (its --max-requests-inflight and -mutating-). They wait for
            # connections where no webhook can see it: no more of them than can be served in a third of their time.
            calls = max(32, min(600, 3 * served))
            flood = Flood(FLOOD, [self.webhook.port], body, 5 * served, 5, 10, calls).result()
            started = time.monotonic()
            with self.webhook.connect() as c:
                self.assertEqual(c.post(GOOD).status, 200)
            again = time.monotonic() - started
        print("%s: %d/s; flood: %r; then %.2f s; at most %.1f MiB" % (body, served, flood, again,
                                                                      self.webhook.peak_mib()))
        self.assertGreater(flood["not_made"], 0, "no flood")
        self.assertGreater(flood["verdicts"], served)
        for fault in "timeouts", "resets", "others", "late":
            self.assertEqual(flood[fault], 0, flood)
        self.assertEqual(flood["verdicts"] + flood["refused"], flood["made"], flood)
        self.assertLess(again, 3 * SECOND)
        if not process.SANITIZED:
            self.assertLess(self.webhook.peak_mib(), peak_mib)

    def test_small_reviews(self):
        self.assert_flood("create-small.json", 48)

    def test_large_reviews(self):
        self.assert_flood("update-large.json", 64)


class Rollout(unittest.TestCase):
    def test_no_call_is_lost_when_replicas_are_replaced_under_load(self):
        with tempfile.TemporaryDirectory() as folder:
            replicas = [Webhook(PROGRAM, folder, "--drain-delay", "2s") for _ in range(2)]
            self.addCleanup(lambda: [replica.child.kill() for replica in replicas])
            flood = Flood(FLOOD, [r.port for r in replicas], "create-small.json",
                          30 if process.SANITIZED else 300, 120, 10, 100)
            time.sleep(1)
            for i in 0, 1, 0:
                old = replicas[i]
                old.terminate()
                time.sleep(1)  # until the endpoints have changed
                flood.dial([replicas[1 - i].port])
                self.assertEqual(old.wait(20), 0)
                self.assertEqual(old.odd_lines, [])
                replicas[i] = Webhook(PROGRAM, folder, "--drain-delay", "2s")
                flood.dial([r.port for r in replicas])
                time.sleep(1)
            flood.end()
            result = flood.result()
            for replica in replicas:
                self.assertEqual(replica.stop(), 0)
            print("rollout: %r" % result)
            self.assertGreater(result["made"], 100 if process.SANITIZED else 1000)
            for fault in "refused", "timeouts", "resets", "others", "undialled", "late", "not_made":
                self.assertEqual(result[fault], 0, result)
            self.assertGreater(result["closes"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
