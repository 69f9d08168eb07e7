#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Certificates over real sockets: read again without a restart, kept when the new ones are broken, changed
with their CA while callers know the old bundle or the new, and asked of the callers.

certificates.py PROGRAM. Some 30 seconds.
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
# Between a change of a file and its use: far below the poll, which is for what no file system tells.
AT_ONCE = 3
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Folder:
    """A folder of pairs made by openssl, each signed by itself or by another."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def make(self, name):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "2", "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:localhost", "-keyout",
                str(self.path / (name + ".key")), "-out", str(self.path / (name + ".crt")))

    def make_client(self, name, ca, subject, names=""):
        """A certificate that the CA of that name signed."""
        extension = self.path / "extension"
        extension.write_text("subjectAltName=" + names + "\n" if names else "basicConstraints=CA:FALSE\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject, "-keyout",
                self.file(name + ".key"), "-out", self.file("request"))
        openssl("x509", "-req", "-in", self.file("request"), "-CA", self.file(ca + ".crt"), "-CAkey",
                self.file(ca + ".key"), "-CAcreateserial", "-days", "2", "-extfile", str(extension), "-out",
                self.file(name + ".crt"))

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

    def assert_comes(self, webhook, der, seconds=AT_ONCE):
        deadline = time.monotonic() + seconds
        while self.served(webhook) != der and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(self.served(webhook), der)

    def assert_error_is_counted(self, webhook, before):
        deadline = time.monotonic() + AT_ONCE
        while webhook.metric("certwatcher_read_certificate_errors_total") <= before:
            self.assertLess(time.monotonic(), deadline, "a broken pair was not noticed")
            time.sleep(0.05)

    def test_a_new_pair_is_served_and_a_broken_one_is_not(self):
        with tempfile.TemporaryDirectory() as path:
            folder = Folder(path)
            for name in "one", "two", "three":
                folder.make(name)
            folder.serve("one.crt", "one.key")
            webhook = Webhook(PROGRAM, path, "--tls-cert-file", folder.file("tls.crt"), "--tls-key-file",
                              folder.file("tls.key"), "--cert-poll", "5m")
            try:
                self.assertEqual(self.served(webhook), folder.der("one"))
                old = webhook.connect()
                self.assertEqual(old.post(GOOD).status, 200)
                time.sleep(1.2)  # the first look of the thread
                folder.serve("two.crt", "two.key")
                self.assert_comes(webhook, folder.der("two"))
                # The old connection goes on under the old certificate.
                self.assertEqual(old.post(GOOD).status, 200)
                for crt, key in ("three.crt", "one.key"), ("one.key", "one.key"):
                    errors = webhook.metric("certwatcher_read_certificate_errors_total")
                    folder.serve(crt, key)
                    self.assert_error_is_counted(webhook, errors)
                    self.assertEqual(self.served(webhook), folder.der("two"))
                self.assertEqual(webhook.get_health("/readyz")[0], 200)
                folder.serve("three.crt", "three.key")
                self.assert_comes(webhook, folder.der("three"))
                self.assertEqual(old.post(GOOD).status, 200)
                old.close()
            finally:
                self.assertEqual(webhook.stop(), 0)
            self.assertEqual(webhook.odd_lines, [])

    def test_a_volume_that_a_kubelet_swaps(self):
        with tempfile.TemporaryDirectory() as path:
            folder = Folder(path)
            volume = pathlib.Path(path) / "volume"
            volume.mkdir()
            for name in "one", "two":
                folder.make(name)
            self.swap(folder, volume, "one")
            for name in "tls.crt", "tls.key":
                (volume / name).symlink_to("..data/" + name)
            webhook = Webhook(PROGRAM, path, "--tls-cert-file", str(volume / "tls.crt"), "--tls-key-file",
                              str(volume / "tls.key"), "--cert-poll", "5m")
            try:
                time.sleep(1.2)
                for name in "two", "one":
                    self.swap(folder, volume, name)
                    self.assert_comes(webhook, folder.der(name))
                self.assertEqual(webhook.metric("certwatcher_read_certificate_errors_total"), 0)
            finally:
                self.assertEqual(webhook.stop(), 0)

    def swap(self, folder, volume, name):
        new = pathlib.Path(tempfile.mkdtemp(prefix="..", dir=volume))
        for end in "crt", "key":
            (new / ("tls." + end)).write_bytes((folder.path / f"{name}.{end}").read_bytes())
        (volume / "..data_tmp").symlink_to(new.name)
        os.replace(volume / "..data_tmp", volume / "..data")


class Rotation(unittest.TestCase):
    """Sluice's own CA in a folder: ca.crt is what is published."""

    def bundle(self):
        return (self.certs / "ca.crt").read_text()

    def count(self):
        return self.bundle().count("BEGIN CERTIFICATE")

    def served(self, bundle):
        """The leaf, as a caller gets it who trusts BUNDLE alone; None: he refuses it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=bundle)
        context.check_hostname = False
        try:
            with self.webhook.connect(context=context) as c:
                self.assertEqual(c.post(GOOD).status, 200)
                return c.sock.getpeercert(binary_form=True)
        except ssl.SSLCertVerificationError:
            return None

    def start(self, path, *options):
        self.certs = pathlib.Path(path) / "certs"
        self.webhook = Webhook(PROGRAM, self.certs, "--cert-poll", "100ms", *options)

    def mark(self, line):
        """What sluice-certs rotate does to a Secret."""
        (self.certs / "next").write_text(line + (self.certs / "ca.pem").read_text())
        (self.certs / "next").chmod(0o600)
        os.replace(self.certs / "next", self.certs / "ca.pem")

    def phase(self):
        _, text = self.webhook.get_health("/metrics")
        return next(row.split('"')[1] for row in text.splitlines()
                    if row.startswith("sluice_webhook_ca_phase{") and row.endswith(" 1"))

    def follow_change(self):
        """Until the change of the CA is over: {phase: set of bundles}; each bundle of a phase verifies each leaf of it."""
        bundles = [self.bundle()]
        seen = []
        old = self.served(bundles[0])
        deadline = time.monotonic() + 20
        while not (seen and seen[-1] == "Stable" and len(seen) > 1):
            self.assertLess(time.monotonic(), deadline, seen)
            phase, bundle = self.phase(), self.bundle()
            if not seen or seen[-1] != phase:
                seen.append(phase)
            if bundle != bundles[-1]:
                bundles.append(bundle)
            # A caller that has not read the new bundle yet, and one that has.
            self.assertIsNotNone(self.served(bundles[-1]))
            if phase == "Announced":
                self.assertEqual(self.served(bundles[0]), old)
            time.sleep(0.05)
        return seen, bundles, old

    def test_a_ca_asked_for_is_announced_before_it_signs(self):
        with tempfile.TemporaryDirectory() as path:
            self.start(path, "--ca-pause", "1s")
            try:
                kept = self.webhook.connect()
                self.assertEqual(kept.post(GOOD).status, 200)
                self.mark("# rotate\n")
                while self.phase() == "Stable":
                    time.sleep(0.01)
                seen, bundles, old = self.follow_change()
                self.assertEqual(seen, ["Announced", "Switched", "Stable"])
                self.assertEqual([b.count("BEGIN CERTIFICATE") for b in bundles], [2, 1])
                self.assertNotEqual(self.served(bundles[-1]), old)
                self.assertEqual(kept.post(GOOD).status, 200)
                kept.close()
            finally:
                self.assertEqual(self.webhook.stop(), 0)

    def test_a_restart_in_each_phase_goes_on_with_it(self):
        with tempfile.TemporaryDirectory() as path:
            self.start(path, "--ca-pause", "1s")
            try:
                self.mark("# rotate\n")
                for phase in "Announced", "Switched":
                    deadline = time.monotonic() + 10
                    while self.phase() != phase:
                        self.assertLess(time.monotonic(), deadline, phase)
                        time.sleep(0.01)
                    self.webhook.child.kill()
                    self.webhook.wait()
                    bundle = self.bundle()
                    self.assertEqual(self.count(), 2)
                    self.start(path, "--ca-pause", "1s")
                    self.assertEqual(self.bundle(), bundle)
                    self.assertIsNotNone(self.served(bundle))
                deadline = time.monotonic() + 10
                while self.count() > 1:
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.05)
                self.assertIsNotNone(self.served(self.bundle()))
            finally:
                self.assertEqual(self.webhook.stop(), 0)

    def test_another_leaf_is_issued_on_request_and_at_its_time(self):
        with tempfile.TemporaryDirectory() as path:
            self.start(path, "--cert-life", "10s")
            try:
                bundle = self.bundle()
                leaves = {self.served(bundle)}
                self.mark("# leaves now\n")
                deadline = time.monotonic() + AT_ONCE
                while self.served(bundle) in leaves and time.monotonic() < deadline:
                    time.sleep(0.05)
                self.assertNotIn(self.served(bundle), leaves)
                leaves.add(self.served(bundle))
                # Two thirds of ten seconds.
                deadline = time.monotonic() + 9
                while self.served(bundle) in leaves and time.monotonic() < deadline:
                    time.sleep(0.1)
                self.assertNotIn(self.served(bundle), leaves)
                self.assertEqual(self.bundle(), bundle)
                self.assertEqual(self.phase(), "Stable")
                left = self.webhook.metric("sluice_webhook_certificate_expiry_timestamp_seconds") - time.time()
                self.assertTrue(0 < left <= 10, left)
                self.assertGreater(self.webhook.metric("sluice_webhook_ca_expiry_timestamp_seconds"),
                                   time.time() + 360 * 86400)
            finally:
                self.assertEqual(self.webhook.stop(), 0)


class ClientCertificates(unittest.TestCase):
    def test_callers_without_a_certificate_of_the_ca_are_refused(self):
        with tempfile.TemporaryDirectory() as path:
            folder = Folder(path)
            for name in "caller", "stranger":
                folder.make(name)
            (folder.path / "ca.crt").write_bytes((folder.path / "caller.crt").read_bytes())
            webhook = Webhook(PROGRAM, pathlib.Path(path) / "certs", "--client-ca-file", folder.file("ca.crt"))
            try:
                self.assertTrue(self.is_served(webhook, folder, "caller"))
                self.assertFalse(self.is_served(webhook, folder, "stranger"))
                for count, version in enumerate(VERSIONS):
                    self.assertEqual(self.refused(webhook, "none"), count)
                    self.assertFalse(self.is_served(webhook, folder, None, [version]))
                # Probes carry no certificate.
                self.assertEqual(webhook.get_health("/readyz")[0], 200)
                self.assertTrue(self.is_served(webhook, folder, "caller"))
                self.assertGreater(self.refused(webhook, "untrusted"), 0)
                self.assertEqual(self.refused(webhook, "none"), len(VERSIONS))
                # The CA of clients is read again; a bad one is not taken.
                time.sleep(1.2)
                self.replace(folder, "stranger.key")
                deadline = time.monotonic() + AT_ONCE
                while webhook.metric("certwatcher_read_certificate_errors_total") == 0:
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.05)
                self.assertTrue(self.is_served(webhook, folder, "caller"))
                self.replace(folder, "stranger.crt")
                deadline = time.monotonic() + AT_ONCE + 10
                while not self.is_served(webhook, folder, "stranger"):
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.05)
                self.assertFalse(self.is_served(webhook, folder, "caller"))
            finally:
                self.assertEqual(webhook.stop(), 0)

    def test_only_callers_of_the_names_pass(self):
        with tempfile.TemporaryDirectory() as path:
            folder = Folder(path)
            folder.make("ca")
            folder.make_client("by-cn", "ca", "/CN=kube-apiserver")
            folder.make_client("by-dns", "ca", "/CN=x", "DNS:api.example,DNS:other")
            folder.make_client("by-uri", "ca", "/", "URI:spiffe://cluster/api")
            folder.make_client("longer", "ca", "/CN=kube-apiserver-2", "DNS:api.example.com,email:api.example")
            folder.make_client("organisation", "ca", "/O=kube-apiserver")
            webhook = Webhook(PROGRAM, pathlib.Path(path) / "certs", "--client-ca-file", folder.file("ca.crt"),
                              "--client-names", "kube-apiserver,api.example,spiffe://cluster/api")
            try:
                for name in "by-cn", "by-dns", "by-uri":
                    self.assertTrue(self.is_served(webhook, folder, name), name)
                self.assertEqual(self.refused(webhook, "name"), 0)
                for name in "organisation", "longer":
                    self.assertFalse(self.is_served(webhook, folder, name), name)
                self.assertFalse(self.is_served(webhook, folder, "ca"))
                self.assertFalse(self.is_served(webhook, folder, None))
                self.assertEqual(self.refused(webhook, "name"), 3)
                self.assertEqual(webhook.get_health("/readyz")[0], 200)
            finally:
                self.assertEqual(webhook.stop(), 0)

    def refused(self, webhook, reason):
        return webhook.metric('sluice_webhook_client_certificates_refused_total{reason="%s"}' % reason)

    def replace(self, folder, source):
        (folder.path / "next").write_bytes((folder.path / source).read_bytes())
        os.replace(folder.path / "next", folder.path / "ca.crt")

    def is_served(self, webhook, folder, name, versions=VERSIONS):
        """By all of these versions of TLS; with the first that it is not, it tells False."""
        for version in versions:
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
