#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the webhook answers at the door, over real sockets: the bad-input table of the product page.

doors.py PROGRAM. After each visitor a good review is answered, on a connection that was open all the
time and on a new one.
"""
import json
import os
import ssl
import sys
import tempfile
import threading
import time
import unittest

import process
from process import GOOD, GOOD_UID, MIB, MUTATE, VALIDATE, Closed, Webhook, head, review

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else None
BODY_MAX = 7 * MIB
SECOND = 8.0 if process.SANITIZED else 1.0


def closes(answer):
    return answer.headers.get("connection", "").lower() == "close"


class Door(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.webhook = Webhook(PROGRAM, cls.folder.name, *cls.options)
        cls.healthy = cls.webhook.connect()

    @classmethod
    def tearDownClass(cls):
        cls.healthy.close()
        code = cls.webhook.stop()
        cls.folder.cleanup()
        assert code == 0, "exit code %d, last lines %r" % (code, cls.webhook.lines[-3:])
        assert not cls.webhook.odd_lines, cls.webhook.odd_lines

    def tearDown(self):
        self.assert_healthy()
        with self.webhook.connect() as fresh:
            self.assert_served(fresh)

    def assert_healthy(self):
        """A review over the connection that stands all the time, until an answer ends it."""
        if closes(self.assert_served(self.healthy)):
            self.healthy.close()
            type(self).healthy = self.webhook.connect()

    def assert_served(self, connection):
        answer = connection.post(GOOD)
        self.assertEqual(answer.status, 200, answer)
        response = answer.json()["response"]
        self.assertEqual(response["uid"], GOOD_UID)
        self.assertTrue(response["allowed"], answer)
        return answer

    def assert_refused(self, answer, code, uid="u"):
        """HTTP 200 that denies under UID with CODE."""
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.headers["content-type"], "application/json")
        response = answer.json()["response"]
        self.assertEqual(response["uid"], uid)
        self.assertFalse(response["allowed"])
        self.assertEqual(response["status"]["code"], code, answer)
        self.assertTrue(response["status"]["message"])

    def assert_turned_away(self, answer, status):
        self.assertEqual(answer.status, status, answer)
        self.assertTrue(answer.headers["content-type"].startswith("text/plain"))
        self.assertLess(len(answer.body), 200)

    def ask(self, data):
        with self.webhook.connect() as c:
            c.send(data)
            return c.read()


class Head(Door):
    def test_other_methods_are_405_and_told_which_is_allowed(self):
        for method in "GET", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW":
            answer = self.ask(head(method=method))
            self.assert_turned_away(answer, 405)
            self.assertEqual(answer.headers["allow"], "POST")
        with self.webhook.connect() as c:
            c.send(head(method="HEAD"))
            self.assertEqual(c.read(has_body=False).status, 405)

    def test_other_paths_are_404(self):
        for path in "/", "/healthz", "/metrics", VALIDATE + "/", VALIDATE.upper(), "//", "/%00", "*":
            self.assert_turned_away(self.ask(head(path, length=0)), 404)

    def test_a_query_does_not_hide_the_path(self):
        with self.webhook.connect() as c:
            self.assertEqual(c.post(GOOD, path=VALIDATE + "?timeout=5s").status, 200)

    def test_other_media_types_are_415(self):
        for media in None, "", "text/plain", "application/jsonx", "application/x-www-form-urlencoded", \
                "multipart/form-data; boundary=x", "application/yaml":
            self.assert_turned_away(self.ask(head(length=len(GOOD), media=media) + GOOD), 415)

    def test_parameters_and_case_of_the_media_type_do_not_matter(self):
        for media in "application/json; charset=utf-8", "Application/JSON", "application/json;x=y":
            with self.webhook.connect() as c:
                self.assertEqual(c.post(GOOD, media=media).status, 200, media)

    def test_a_length_that_is_given_twice_is_refused(self):
        for second in len(GOOD), 1:
            more = ["Content-Length: %d" % second]
            answer = self.ask(head(length=len(GOOD), more=more) + GOOD)
            self.assertEqual(answer.status, 400, answer)

    def test_lengths_that_are_no_numbers_are_refused(self):
        for length in "-1", "x", "0x10", "1e3", "99999999999999999999999", "":
            self.assertIn(self.ask(head(more=["Content-Length: " + length])).status, (400, 413), length)

    def test_length_and_chunks_together_cannot_smuggle_a_request(self):
        data = head(length=len(GOOD), more=["Transfer-Encoding: chunked"]) + b"0\r\n\r\n" + GOOD
        with self.webhook.connect() as c:
            c.send(data)
            first = c.read()
            self.assertEqual(first.status, 400, first)
            self.assertTrue(c.is_closed())

    def test_huge_heads_are_refused(self):
        for more in ["X: " + "y" * 60000], ["X-%d: y" % i for i in range(5000)]:
            with self.webhook.connect() as c:
                try:
                    c.send(head(length=len(GOOD), more=more) + GOOD)
                    status = c.read().status
                except Closed:
                    status = 431
                self.assertIn(status, (400, 413, 414, 431))
        with self.webhook.connect() as c:
            try:
                c.send(head("/" + "x" * 60000, length=0))
                self.assertIn(c.read().status, (400, 404, 414, 431))
            except Closed:
                pass

    def test_what_is_no_http_is_cut(self):
        for data in b"\x00" * 4096, b"\r\n" * 3000, b"POST\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", \
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\xff\xfe /\r\n\r\n":
            with self.webhook.connect(seconds=1) as c:
                try:
                    c.send(data)
                    self.assertGreaterEqual(c.read().status, 400, data[:20])
                except (Closed, TimeoutError):
                    pass  # cut, or still waiting for the end of a line


class Body(Door):
    def test_a_body_that_is_declared_too_large_is_413_before_it_comes(self):
        for size in BODY_MAX + 1, 64 * MIB, 1 << 62:
            with self.webhook.connect() as c:
                c.send(head(length=size))
                answer = c.read()
                self.assert_turned_away(answer, 413)
                self.assertEqual(answer.headers["connection"].lower(), "close")
                self.assertTrue(c.is_closed())

    def test_a_body_that_grows_too_large_is_413_and_takes_no_more_than_the_cap(self):
        self.webhook.forget_peak()
        before = self.webhook.rss_mib()
        piece = b" " * 65536
        with self.webhook.connect() as c:
            c.send(head(more=["Transfer-Encoding: chunked"]))
            try:
                for _ in range(32 * MIB // len(piece)):
                    c.send(b"10000\r\n" + piece + b"\r\n")
                c.send(b"0\r\n\r\n")
            except Closed:
                pass  # cut: fine as well
            answer = c.read()
            self.assert_turned_away(answer, 413)
            self.assertTrue(c.is_closed())
        if not process.SANITIZED:
            # One growing buffer: the old and the new one while it moves.
            self.assertLess(self.webhook.peak_mib() - before, 2.2 * 7)

    def test_a_body_at_the_cap_is_judged(self):
        with self.webhook.connect() as c:
            self.assert_served_text(c, GOOD + b" " * (BODY_MAX - len(GOOD)))

    def assert_served_text(self, connection, body):
        answer = connection.post(body)
        self.assertEqual(answer.status, 200, answer)
        self.assertTrue(answer.json()["response"]["allowed"], answer)

    def test_chunks_of_any_size_make_the_same_body(self):
        for size in 1, 7, 4096:
            with self.webhook.connect() as c:
                chunks = [GOOD[i:i + size] for i in range(0, len(GOOD), size)]
                c.send(head(more=["Transfer-Encoding: chunked"]) +
                       b"".join(b"%x\r\n%s\r\n" % (len(x), x) for x in chunks) + b"0\r\n\r\n")
                self.assertTrue(c.read().json()["response"]["allowed"])

    def test_broken_chunks_are_refused(self):
        for data in b"zz\r\n", b"-1\r\n", b"ffffffffffffffffff\r\n", b"3\r\nabcdef\r\n", b"\r\n\r\n":
            with self.webhook.connect(seconds=1) as c:
                c.send(head(more=["Transfer-Encoding: chunked"]) + data)
                try:
                    self.assertGreaterEqual(c.read().status, 400)
                except (Closed, TimeoutError):
                    pass  # cut, or still waiting for the rest

    def test_an_empty_body_is_told_so(self):
        self.assert_turned_away(self.ask(head(length=0)), 400)
        self.assert_turned_away(self.ask(head(more=["Transfer-Encoding: chunked"]) + b"0\r\n\r\n"), 400)

    def test_a_body_that_stops_short_leaves_nothing_behind(self):
        for _ in range(20):
            with self.webhook.connect() as c:
                c.send(head(length=len(GOOD)) + GOOD[:1000])
        self.assert_settles("sluice_webhook_body_bytes", 0)
        self.assert_settles("controller_runtime_webhook_requests_in_flight", 0)

    def assert_settles(self, metric, value):
        deadline = time.monotonic() + 5
        while self.webhook.metric(metric) != value and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(self.webhook.metric(metric), value, metric)

    def test_what_is_no_json_is_refused_under_its_uid(self):
        uid = b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u",'
        for rest in b"", b"}", b'"a":1,"a":2}}', b'"a":"\xff"}}', b'"a":"\\u0000"}}', b'"a":01}}', \
                b'"a":1.}}', b'"a":NaN}}', b'"a":' + b"[" * 70 + b"]" * 70 + b"}}", b'"a":1}} x':
            with self.webhook.connect() as c:
                self.assert_refused(c.post(uid + rest), 400)
        for rest in b'"a":[' + b"{}," * 100001 + b"1]}}", b'"a":"' + b"x" * (MIB + 1) + b'"}}':
            with self.webhook.connect() as c:
                self.assert_refused(c.post(uid + rest), 413)

    def test_what_is_no_json_and_has_no_uid_is_400(self):
        for body in b"{", b"\xff", b"nonsense", b"\x00", b'{"a":1}{"a":2}', b"[" * 100000:
            with self.webhook.connect() as c:
                self.assert_turned_away(c.post(body), 400)
        with self.webhook.connect() as c:
            self.assert_turned_away(c.post(b"[" + b"{}," * 100001 + b"1]"), 413)

    def test_what_is_no_review_is_told_so(self):
        good = review()
        other = json.loads(json.dumps(good))
        other["request"]["kind"]["kind"] = "Pod"
        old = dict(good, apiVersion="admission.k8s.io/v1beta1")
        for body in other, old, review(operation="CONNECT"), review(operation=7), review(object=None):
            for path in MUTATE, VALIDATE:
                with self.webhook.connect() as c:
                    self.assert_refused(c.post(json.dumps(body).encode(), path=path), 400)
        for body in {}, [], None, 7, dict(good, request=None), dict(good, request={}), review(uid=""):
            with self.webhook.connect() as c:
                self.assert_turned_away(c.post(json.dumps(body).encode()), 400)


class Manners(Door):
    def test_requests_in_a_row_are_answered_in_their_order(self):
        bodies = [json.dumps(review(uid="u-%d" % i)).encode() for i in range(20)]
        with self.webhook.connect() as c:
            c.send(b"".join(head(length=len(b)) + b for b in bodies))
            self.assertEqual([c.read().json()["response"]["uid"] for _ in bodies],
                             ["u-%d" % i for i in range(20)])

    def test_a_connection_lives_on_after_a_refusal(self):
        with self.webhook.connect() as c:
            for _ in range(3):
                self.assertEqual(c.post(b"{").status, 400)
                self.assert_served(c)

    def test_a_caller_that_asks_first_is_told_to_go_on(self):
        with self.webhook.connect() as c:
            c.send(head(length=len(GOOD), more=["Expect: 100-continue"]))
            self.assertEqual(c.read().status, 100)
            c.send(GOOD)
            self.assertEqual(c.read().status, 200)
        with self.webhook.connect() as c:
            c.send(head(length=BODY_MAX + 1, more=["Expect: 100-continue"]))
            self.assertEqual(c.read().status, 413)

    def test_http_1_0_is_answered_and_closed(self):
        with self.webhook.connect() as c:
            self.assertEqual(c.post(GOOD, version="HTTP/1.0").status, 200)
            self.assertTrue(c.is_closed())

    def test_a_caller_that_wants_the_end_gets_it(self):
        with self.webhook.connect() as c:
            self.assertEqual(c.post(GOOD, more=["Connection: close"]).status, 200)
            self.assertTrue(c.is_closed())

    def test_a_body_behind_a_refused_head_is_no_next_request(self):
        smuggled = head(length=len(GOOD)) + GOOD
        for refused in head(method="GET", length=len(smuggled)), head("/x", length=len(smuggled)), \
                head(length=len(smuggled), media="text/plain"), head("/x", "PUT", len(smuggled)):
            with self.webhook.connect() as c:
                c.send(refused + smuggled)
                self.assertGreaterEqual(c.read().status, 400)
                self.assertTrue(c.is_closed())
                self.assertEqual(c.buffer, b"")

    def test_plain_http_on_the_tls_port_is_cut(self):
        with self.webhook.dial() as sock:
            sock.settimeout(5)
            sock.sendall(head(length=len(GOOD)) + GOOD)
            try:
                self.assertNotIn(b"HTTP/1.1 200", sock.recv(4096))
            except ConnectionError:
                pass

    def test_only_tls_1_2_and_1_3_are_spoken(self):
        for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
            context = self.webhook.client_context()
            context.minimum_version = context.maximum_version = version
            with self.webhook.connect(context=context) as c:
                self.assert_served(c)
        context = self.webhook.client_context()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.webhook.connect(context=context)

    def test_the_certificate_is_of_the_ca_and_for_the_service(self):
        ca = self.webhook.cert_dir / "ca.crt"
        context = ssl.create_default_context(cafile=str(ca))
        sock = context.wrap_socket(self.webhook.dial(), server_hostname="localhost.sluice-system.svc")
        with process.Connection(sock) as c:
            self.assert_served(c)

    def test_metrics_tell_what_was_done(self):
        requests = 'controller_runtime_webhook_requests_total{webhook="validate",code="200"}'
        before = self.webhook.metric(requests)
        refused = self.webhook.metric('sluice_webhook_rejected_requests_total{reason="path"}')
        self.assert_healthy()
        self.ask(head("/nothing", length=0))
        self.assertEqual(self.webhook.metric(requests), before + 1)
        self.assertEqual(
            self.webhook.metric('sluice_webhook_rejected_requests_total{reason="path"}'), refused + 1)
        _, text = self.webhook.get_health("/metrics")
        for name in ("controller_runtime_webhook_latency_seconds_bucket",
                     "controller_runtime_webhook_requests_in_flight", "sluice_webhook_reviews_total",
                     "sluice_webhook_connections", "sluice_webhook_certificate_expiry_timestamp_seconds",
                     "certwatcher_read_certificate_total", "process_resident_memory_bytes"):
            self.assertIn("\n" + name, text)

    def test_health_and_readiness_stand_on_their_own_port(self):
        self.assertEqual(self.webhook.get_health("/healthz")[0], 200)
        self.assertEqual(self.webhook.get_health("/readyz")[0], 200)
        self.assertEqual(self.webhook.get_health("/nothing")[0], 404)

    def test_a_review_that_says_something_is_one_line_that_names_it(self):
        start = len(self.webhook.lines)
        self.assert_healthy()
        faulty = review(uid="line-1", name="one")
        faulty["request"]["object"]["spec"]["parallelism"] = 0
        with self.webhook.connect() as c:
            c.post(json.dumps(faulty).encode())
        line = self.webhook.wait_line(lambda x: x.get("requestID") == "line-1", 5, start)
        self.assertEqual(line["name"], "one")
        self.assertEqual(line["namespace"], "payments")
        self.assertEqual(line["user"], "bob")
        self.assertEqual(line["operation"], "CREATE")
        self.assertEqual(line["verdict"], "denied")
        self.assertEqual(line["webhook"], "validate")
        self.assertEqual(line["object"], "flinkcluster")
        # The one before it let a write pass as it was.
        self.assertEqual([x for x in self.webhook.lines[start:] if x.get("verdict") == "allowed"], [])

    def test_threads_are_few_and_do_not_grow_with_callers(self):
        before = self.webhook.threads()
        callers = [self.webhook.connect() for _ in range(40)]
        self.assertEqual(self.webhook.threads(), before)
        self.assertLessEqual(before, 8)
        for c in callers:
            c.close()


class Debugged(Door):
    options = ("--log-level", "debug")

    def test_each_review_is_one_line(self):
        start = len(self.webhook.lines)
        self.assert_healthy()
        line = self.webhook.wait_line(lambda x: x.get("requestID") == GOOD_UID, 5, start)
        self.assertEqual((line["level"], line["verdict"]), ("debug", "allowed"))


class Unread(Door):
    options = ("--log-level", "debug")

    def test_lines_that_nobody_takes_are_counted_and_hold_up_nothing(self):
        with open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), self.webhook.child.stderr.fileno())  # the other end of its stderr is gone
        deadline = time.monotonic() + 10
        while self.webhook.metric("sluice_webhook_log_lost_lines_total") == 0:
            self.assertLess(time.monotonic(), deadline)
            self.assert_healthy()
        # What its reader had of a line just then is none.
        self.webhook.forget_odd_line()


class Crowd(Door):
    options = ("--max-connections", "16")

    def test_callers_beyond_the_limit_wait_while_the_others_go_on(self):
        crowd = []
        for _ in range(40):
            sock = self.webhook.dial()
            sock.setblocking(False)
            crowd.append(sock)
        time.sleep(0.3)
        for _ in range(20):
            started = time.monotonic()
            self.assert_healthy()
            self.assertLess(time.monotonic() - started, SECOND)
        for sock in crowd:
            sock.close()
        time.sleep(0.5)  # their ends are seen


class Many(Door):
    """Many large bodies at once, while small reviews go on."""

    def crowd(self, body, count, top=None):
        answers = []

        def one():
            try:
                with self.webhook.connect() as c:
                    c.send((top or head(length=len(body))) + body)
                    answers.append(c.read())
            except Closed as e:
                answers.append(e)

        threads = [threading.Thread(target=one) for _ in range(count)]
        for t in threads:
            t.start()
        slowest = 0.0
        served = 0
        while any(t.is_alive() for t in threads) or served < 5:
            started = time.monotonic()
            self.assert_healthy()
            slowest = max(slowest, time.monotonic() - started)
            served += 1
        for t in threads:
            t.join()
        return answers, slowest

    def assert_bounded(self, answers, slowest, code):
        for answer in answers:
            if isinstance(answer, Exception):
                continue  # cut while it still sent: its answer was lost on the way
            if answer.status == 429:
                self.assertEqual(answer.headers["retry-after"], "1")
                self.assert_turned_away(answer, 429)
            elif answer.status != 200:
                self.assert_turned_away(answer, code)
            else:
                self.assert_refused(answer, code)
        self.assertLess(slowest, SECOND)

    def test_six_bodies_of_64_mib_do_not_stop_small_reviews(self):
        # Their heads tell enough; who goes on sending is cut.
        answers, slowest = self.crowd(b"x" * (64 * MIB), 6)
        self.assert_bounded(answers, slowest, 413)

    def test_six_bodies_of_64_mib_in_chunks_do_not_stop_small_reviews(self):
        chunks = (b"%x\r\n" % MIB + b"x" * MIB + b"\r\n") * 64 + b"0\r\n\r\n"
        self.webhook.forget_peak()
        answers, slowest = self.crowd(chunks, 6, head(more=["Transfer-Encoding: chunked"]))
        self.assert_bounded(answers, slowest, 413)
        if not process.SANITIZED:
            self.assertLess(self.webhook.peak_mib(), 48)

    def test_six_bodies_of_seven_mib_do_not_stop_small_reviews(self):
        uid = b'{"request":{"uid":"u","a":"'
        body = uid + b"x" * (BODY_MAX - len(uid) - 3) + b'"}}'
        answers, slowest = self.crowd(body, 6)
        self.assert_bounded(answers, slowest, 413)

    def test_six_mib_of_empty_objects_do_not_stop_small_reviews(self):
        body = b'{"request":{"uid":"u","a":[' + b"{}," * (2 * MIB) + b"1]}}"
        answers, slowest = self.crowd(body, 6)
        self.assert_bounded(answers, slowest, 413)

    def test_large_bodies_that_are_never_finished_do_not_stop_small_reviews(self):
        held = [self.webhook.connect() for _ in range(10)]
        for c in held:
            try:
                c.send(head(length=BODY_MAX) + b" " * 100000)
            except Closed:
                pass  # 429 before the body: one such body fits at a time
        for _ in range(10):
            started = time.monotonic()
            self.assert_healthy()
            self.assertLess(time.monotonic() - started, SECOND)
        for c in held:
            c.close()

    def test_bodies_of_a_middling_size_that_are_never_finished_do_not_stop_small_reviews(self):
        held = [self.webhook.connect() for _ in range(60)]
        for i, c in enumerate(held):
            c.send(head(length=250000) if i % 2 else head(more=["Transfer-Encoding: chunked"]))
        for _ in range(10):
            self.assert_healthy()
        for c in held:
            c.close()

    def test_the_largest_tree_is_judged_within_a_bounded_memory(self):
        self.webhook.forget_peak()
        body = json.dumps(review()).encode()[:-2] + b',"a":[' + b'{"":0},' * 49000 + b"1]}}"
        with self.webhook.connect() as c:
            answer = c.post(body)
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.json()["response"]["allowed"], answer)
        if not process.SANITIZED:
            self.assertLess(self.webhook.peak_mib(), 64)
            self.assertLess(self.webhook.rss_mib(), 32)

    def test_callers_that_come_and_go_leave_nothing_behind(self):
        for _ in range(100):
            self.webhook.dial().close()
        for _ in range(50):
            with self.webhook.connect():
                pass
        deadline = time.monotonic() + 5
        while self.webhook.metric("sluice_webhook_connections") > 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(self.webhook.metric("sluice_webhook_connections"), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
