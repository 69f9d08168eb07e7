# SPDX-License-Identifier: Apache-2.0
"""The shipped rights are exact: each verb that manifests/rbac grants was used by one of the tests before this one, and none
was used that is not granted. What was used is told by the API server's audit log, request by request.

    rights_test.py                 the accounts of the webhook and the controller, after all tests of this control plane
    rights_test.py flink [LOG]     the role of Flink's pods, in the audit log of a control plane that real Flink used"""
import json
import pathlib
import sys
import unittest

from lib import FOLDER, LOGS, ROOT, Api, shell, wait_for

RBAC = ROOT / "manifests/rbac"
# The API server itself asks for these, while it admits something else: who binds a role must hold `bind` on it; who sets
# blockOwnerDeletion must be able to hold the owner back (the plugin OwnerReferencesPermissionEnforcement).
ASKED_WITH = {
    ("sluice-controller", "rbac.authorization.k8s.io/clusterroles", "bind"):
        ("sluice-controller", "rbac.authorization.k8s.io/rolebindings", "create"),
    ("sluice-controller", "sluice.dev/flinkclusters/finalizers", "update"): ("sluice-controller", "/pods", "create"),
}


def granted(file, account):
    """{(account, "group/resource", verb)} of a manifest."""
    text = shell(f"sluice_dev_kubectl create --dry-run=client -o json -f '{RBAC / file}'")
    decoder, at, found = json.JSONDecoder(), 0, set()
    while at < len(text):
        obj, end = decoder.raw_decode(text, at)
        at = end + len(text[end:]) - len(text[end:].lstrip())
        for item in obj.get("items", [obj]):
            for rule in item.get("rules", []):
                found |= {(account, f"{group}/{resource}", verb) for group in rule["apiGroups"] for resource in rule["resources"]
                          for verb in rule["verbs"]}
    return found


def used(log, account_of):
    """The same of the requests that the audit log has and that were not forbidden."""
    found = set()
    with open(log, encoding="utf-8") as file:
        for line in file:
            entry = json.loads(line) if line.endswith("\n") else {}
            account, ref = account_of(entry.get("user", {}).get("username", "")), entry.get("objectRef")
            if account and ref and entry.get("responseStatus", {}).get("code") != 403:
                what = "/".join(filter(None, [ref["resource"], ref.get("subresource")]))
                found.add((account, f"{ref.get('apiGroup', '')}/{what}", entry["verb"]))
    return found


def ours(user):
    return user.removeprefix("system:serviceaccount:sluice-system:") if user.startswith("system:serviceaccount:sluice-system:") else None


def flinks(user):
    """Accounts that the controller makes for Flink's pods."""
    return "flink" if user.startswith("system:serviceaccount:") and user.endswith("-flink") else None


class Rights(unittest.TestCase):
    maxDiff = None

    def compare(self, given, seen):
        self.assertEqual(sorted(seen - given), [], "used, and not granted")
        self.assertEqual(sorted(given - seen), [], "granted, and no test used it: take it away, or test what it is for")

    def renew_ca(self):
        """The Secret of the CA as somebody may have made it by hand, empty: the next replica of the webhook fills it."""
        api, path = Api(), "/api/v1/namespaces/sluice-system/secrets/sluice-webhook-ca"
        shell("process_stop sluice-webhook")
        api.request("PATCH", path, {"data": {"tls.crt": "", "tls.key": "", "ca.crt": ""}}, "application/merge-patch+json")
        port = (FOLDER / "webhook-port").read_text().strip()
        shell(f"WEBHOOK_PORT={port} start_webhook >&2")
        wait_for(lambda: api.request("GET", path)["data"]["tls.crt"], 20, "the webhook makes a CA")

    def test_what_is_granted_is_what_was_used(self):
        self.renew_ca()
        given = granted("webhook.yaml", "sluice-webhook") | granted("controller.yaml", "sluice-controller")
        seen = used(LOGS / "audit.log", ours)
        seen |= {right for right, sign in ASKED_WITH.items() if sign in seen}
        self.compare(given, seen)


class FlinksRights(unittest.TestCase):
    compare = Rights.compare
    log = LOGS / "audit.log"

    def test_what_is_granted_is_what_flink_used(self):
        self.compare(granted("flink-ha.yaml", "flink"), used(self.log, flinks))


if __name__ == "__main__":
    if sys.argv[1:2] == ["flink"]:
        FlinksRights.log = pathlib.Path(sys.argv[2]) if sys.argv[2:] else FlinksRights.log
        unittest.main(argv=[sys.argv[0], "FlinksRights"], warnings="ignore")
    unittest.main(argv=[sys.argv[0], "Rights"], warnings="ignore")
