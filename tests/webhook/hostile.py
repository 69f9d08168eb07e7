#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ten thousand hostile bodies over four connections: the webhook goes on answering, and stays small.

hostile.py PROGRAM [COUNT]. Bodies are the fuzz corpora, and reviews of the benchmark whose members were
replaced, dropped, doubled or cut; always the same ones.
"""
import json
import random
import sys
import tempfile
import threading
import time

import process
from process import BODIES, GOOD, MIB, MUTATE, SOURCE, VALIDATE, Closed, Webhook, review

RSS_MIB = 32
CALLERS = 4
SEED = 20261122
ODD = [None, True, False, 0, -1, 2**63, 1e308, 0.5, "", "x", "\u00e9" * 50, [], {}, [None], {"": None}, [[[]]],
       "1.20", "4Gi", "-1", "9" * 400, "\n", "s3://", "a/" * 200, {"a": {"b": {}}}, [{}] * 50]
ODD_BYTES = [b"\xff", b"\x00", b"\\u0000", b"\xed\xa0\x80", b"{", b"}", b"[", b'"', b",", b":", b"\\", b"1e999999",
             b"-", b"\xef\xbb\xbf", b"[" * 100, b'"a":1,"a":1', b"/*"]


def paths(value, prefix=()):
    """Every place in VALUE."""
    yield prefix
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from paths(child, prefix + (key,))


class Mutator:
    def __init__(self, seed):
        self.dice = random.Random(seed)
        texts = [(BODIES / name).read_text() for name in ("create-small.json", "update-small.json")]
        self.texts = texts + [json.dumps(review())]
        self.places = [[p for p in paths(json.loads(t)) if p] for t in self.texts]
        # Mostly within the objects: a broken envelope is soon refused.
        self.inner = [[p for p in all if len(p) > 2 and p[1] in ("object", "oldObject")] for all in self.places]
        self.corpus = sorted(p for p in (SOURCE / "tests/fuzz/corpus").rglob("*") if p.is_file())

    def tree(self):
        """A review with one to four places changed."""
        which = self.dice.randrange(len(self.texts))
        body = json.loads(self.texts[which])
        for _ in range(self.dice.randint(1, 4)):
            inner = self.dice.random() < 0.9
            place = self.dice.choice((self.inner if inner else self.places)[which])
            at = body
            try:
                for key in place[:-1]:
                    at = at[key]
                self.change(at, place[-1])
            except (KeyError, IndexError, TypeError):
                pass  # an earlier change took it away
        return json.dumps(body).encode("utf-8", "replace")

    def change(self, at, key):
        kind = self.dice.randrange(5)
        if kind == 0:
            del at[key]
        elif kind == 1 and isinstance(at, dict):
            at[str(key) + "x"] = at.pop(key)
        elif kind == 2:
            at[key] = [at[key]] * self.dice.randint(0, 3)
        else:
            at[key] = self.dice.choice(ODD)

    def torn(self):
        """Bytes cut, doubled or put in."""
        body = bytearray(self.dice.choice(self.texts).encode())
        for _ in range(self.dice.randint(1, 3)):
            at = self.dice.randrange(len(body))
            kind = self.dice.randrange(4)
            if kind == 0:
                del body[at:at + self.dice.randint(1, 64)]
            elif kind == 1:
                body[at:at] = self.dice.choice(ODD_BYTES)
            elif kind == 2:
                body[at:at] = body[at:at + self.dice.randint(1, 500)]
            else:
                body[at] = self.dice.randrange(256)
        return bytes(body) if self.dice.random() < 0.7 else bytes(body[:self.dice.randrange(len(body) + 1)])

    def large(self):
        unit = self.dice.choice([b"{},", b"[],", b"1,", b'"x",', b'{"a":0},', b'"' + b"y" * 5000 + b'",'])
        return (b'{"request":{"uid":"u","object":{"spec":{"job":{"args":[' +
                unit * (self.dice.choice([100000, MIB]) // len(unit)) + b'""]}}}}}')

    def body(self, i):
        if i < len(self.corpus):
            return self.corpus[i].read_bytes()
        if i % 500 == 0:
            return self.large()
        return self.tree() if self.dice.random() < 0.6 else self.torn()


def check(answer, body):
    """What must hold for any answer."""
    if answer.status == 200:
        response = answer.json()["response"]
        assert isinstance(response["uid"], str) and response["uid"]
        if not response["allowed"]:
            status = response["status"]
            assert status["code"] >= 400 and status["message"], answer
            assert status["code"] != 500, (answer, body)
        for warning in response.get("warnings", ()):
            assert len(warning) <= 120, warning
    else:
        # 429: two large ones at once.
        assert answer.status in (400, 413, 429), answer
        assert 0 < len(answer.body) < 1000, answer


class Caller(threading.Thread):
    """Posts every CALLERS-th body, from FIRST on, over a connection of its own."""

    def __init__(self, webhook, first, count):
        super().__init__()
        self.webhook, self.first, self.count = webhook, first, count
        self.mutator = Mutator(SEED + first)
        self.tally = {}
        self.fault = None

    def run(self):
        try:
            self.post_all()
        except Exception as e:  # told by main()
            self.fault = e

    def post_all(self):
        connection = self.webhook.connect()
        for i in range(self.first, self.count, CALLERS):
            body = self.mutator.body(i)
            try:
                answer = connection.post(body, path=MUTATE if i // CALLERS % 2 else VALIDATE)
            except Closed as e:
                raise AssertionError("no answer to %r" % body[:2000]) from e
            check(answer, body)
            kind = str(answer.status)
            if answer.status == 200:
                response = answer.json()["response"]
                kind = "allowed" if response["allowed"] else "denied %d" % response["status"]["code"]
            self.tally[kind] = self.tally.get(kind, 0) + 1
            if answer.headers.get("connection", "").lower() == "close":
                connection.close()
                connection = self.webhook.connect()
        connection.close()


def run(webhook, count):
    callers = [Caller(webhook, first, count) for first in range(CALLERS)]
    for caller in callers:
        caller.start()
    tally = {}
    for caller in callers:
        caller.join()
        if caller.fault is not None:
            raise caller.fault
        for kind, n in caller.tally.items():
            tally[kind] = tally.get(kind, 0) + n
    return tally


def main():
    program, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10000
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        webhook = Webhook(program, folder)
        tally = run(webhook, count)
        with webhook.connect() as c:
            answer = c.post(GOOD)
            assert answer.json()["response"]["allowed"], answer
        rss, peak = webhook.rss_mib(), webhook.peak_mib()
        assert process.SANITIZED or rss < RSS_MIB, "RSS %.1f MiB" % rss
        code = webhook.stop()
        assert code == 0, (code, webhook.lines[-5:])
        assert not webhook.odd_lines, webhook.odd_lines[:5]
    print("%d bodies in %.1f s: %s; RSS %.1f MiB, at most %.1f MiB" % (
        count, time.monotonic() - started, dict(sorted(tally.items())), rss, peak))


if __name__ == "__main__":
    main()
