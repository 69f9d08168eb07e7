#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Certificates over real sockets: read again without a restart, kept when the new ones are broken, and
asked of the callers.

certificates.py PROGRAM. Some 15 seconds: changed files are looked for each 10 seconds.
"""
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

from process import GOOD, Closed, Webhook

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else None


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Folder:
    """A folder of pairs made by openssl, each signed by itself."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def make(self, name):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "2", "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:localhost", "-keyout",
                str(self.path / (name + ".key")), "-out", str(self.path / (name + ".crt")))

    def file(self, name):
        return str(self.path / name)

    def serve(self, crt, key):
        """Each file is replaced in one step."""
        for source, target in (crt, "tls.crt"), (key, "tls.key"):
            (self.path / "next").write_bytes((self.path / source).read_bytes())
            os.replace(self.path / "next", self.path / target)

    def der(self, name):
        return ssl.PEM_cert_to_DER_cert((self.path / (name + ".crt")).read_text())


class Reload(unittest.TestCase):
    def served(self, webhook):
        with webhook.connect() as c:
            self.assertEqual(c.post(GOOD).status, 200)
            return c.sock.getpeercert(binary_form=True)

    def assert_comes(self, webhook, der, seconds=15):
        deadline = time.monotonic() + seconds
        while self.served(webhook) != der and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertEqual(self.served(webhook), der)

    def test_a_new_pair_is_served_and_a_broken_one_is_not(self):
        with tempfile.TemporaryDirectory() as path:
            folder = Folder(path)
            for name in "one", "two", "three":
                folder.make(name)
            folder.serve("one.crt", "one.key")
            webhook = Webhook(PROGRAM, path, "--tls-cert-file", folder.file("tls.crt"), "--tls-key-file",
                              folder.file("tls.key"))
            try:
                self.assertEqual(self.served(webhook), folder.der("one"))
                old = webhook.connect()
                self.assertEqual(old.post(GOOD).status, 200)
                folder.serve("two.crt", "two.key")
                self.assert_comes(webhook, folder.der("two"))
                # The old connection goes on under the old certificate.
                self.assertEqual(old.post(GOOD).status, 200)
                errors = webhook.metric("certwatcher_read_certificate_errors_total")
                folder.serve("three.crt", "one.key")
                deadline = time.monotonic() + 15
                while webhook.metric("certwatcher_read_certificate_errors_total") == errors:
                    self.assertLess(time.monotonic(), deadline, "a broken pair was not noticed")
                    time.sleep(0.1)
                self.assertEqual(self.served(webhook), folder.der("two"))
                self.assertEqual(webhook.get_health("/readyz")[0], 200)
                folder.serve("three.crt", "three.key")
                self.assert_comes(webhook, folder.der("three"))
                self.assertEqual(old.post(GOOD).status, 200)
                old.close()
            finally:
                self.assertEqual(webhook.stop(), 0)
            self.assertEqual(webhook.odd_lines, [])


class ClientCertificates(unittest.TestCase):
    def test_callers_without_a_certificate_of_the_ca_are_refused(self):
        with tempfile.TemporaryDirectory() as path:
            folder = Folder(path)
            for name in "caller", "stranger":
                folder.make(name)
            webhook = Webhook(PROGRAM, pathlib.Path(path) / "certs", "--client-ca-file", folder.file("caller.crt"))
            try:
                self.assertTrue(self.is_served(webhook, folder, "caller"))
                self.assertFalse(self.is_served(webhook, folder, "stranger"))
                self.assertFalse(self.is_served(webhook, folder, None))
                # Probes carry no certificate.
                self.assertEqual(webhook.get_health("/readyz")[0], 200)
                self.assertTrue(self.is_served(webhook, folder, "caller"))
            finally:
                self.assertEqual(webhook.stop(), 0)

    def is_served(self, webhook, folder, name):
        for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
            context = webhook.client_context()
            context.minimum_version = context.maximum_version = version
            if name is not None:
                context.load_cert_chain(folder.file(name + ".crt"), folder.file(name + ".key"))
            try:
                with webhook.connect(context=context) as c:
                    if c.post(GOOD).status == 200:
                        continue
            except (Closed, ssl.SSLError, ConnectionError):
                pass
            return False
        return True


if __name__ == "__main__":
    unittest.main(verbosity=2)
