# SPDX-License-Identifier: Apache-2.0
"""What manifests/monitoring brings: promtool takes the rules, each alert comes when it should and only then, and no rule
and no panel asks for a metric that isn't there in a scrape of the programs and the API server."""
import json
import pathlib
import re
import subprocess
import tempfile
import unittest
import urllib.request

from lib import FOLDER, ROOT, ApiError, ClusterTest, cluster, session, shell, start_controller

MONITORING = ROOT / "manifests/monitoring"
TESTS = pathlib.Path(__file__).with_name("alerts_test.yaml")
# A metric's name where an expression has no other: before a selector, a range, or the end of an argument.
METRIC = re.compile(r"\b(?:sluice|controller_runtime|workqueue|leader_election|rest_client|certwatcher|process|apiserver)_[a-z0-9_]+")


def rules():
    """The spec of the PrometheusRule, which is a rule file of Prometheus."""
    text = (MONITORING / "prometheusrule.yaml").read_text()
    return re.sub(r"^  ", "", text.partition("\nspec:\n")[2], flags=re.M)


def asked_for():
    """Each metric that a rule or a panel names, and where."""
    found = {name: "prometheusrule.yaml" for name in METRIC.findall(re.sub(r"^\s*(description|summary):.*?(?=^\s*- alert|\Z)",
                                                                           "", rules(), flags=re.M | re.S))}
    for panel in json.loads((MONITORING / "dashboard.json").read_text())["panels"]:
        for target in panel.get("targets", []):
            found.update({name: f"dashboard.json: {panel['title']}" for name in METRIC.findall(target["expr"])})
    return found


def names(text):
    """The metrics that a scrape has, with the series that a histogram is made of."""
    found = set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            found |= {name} if kind != "histogram" else {name, f"{name}_bucket", f"{name}_sum", f"{name}_count"}
    return found


class Alerts(unittest.TestCase):
    def promtool(self, *args):
        tool = subprocess.run([ROOT / "dev/promtool.sh"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "rules.yaml").write_text(rules())
            pathlib.Path(folder, TESTS.name).write_text(TESTS.read_text())
            done = subprocess.run([tool, *args], cwd=folder, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_promtool_takes_the_rules(self):
        self.promtool("check", "rules", "--lint-fatal", "rules.yaml")

    def test_each_alert_comes_when_it_should(self):
        self.promtool("test", "rules", TESTS.name)

    def test_no_alert_is_without_a_test(self):
        for alert in re.findall(r"alert: (\w+)", rules()):
            self.assertIn(f'alertname="{alert}"', TESTS.read_text())


class Metrics(ClusterTest):
    def test_all_that_is_asked_for_is_there(self):
        controller = start_controller("monitored", f"--namespaces={self.ns}")
        self.addCleanup(controller.stop)
        self.apply(session("one"))
        try:
            self.apply(cluster("bad", {"image": "Bad Image"}))  # so that the API server counts a refusal
        except ApiError:
            pass
        self.wait_condition("one", "Accepted", "True")
        there = set()
        for health in (controller.health, (FOLDER / "webhook-health-port").read_text().strip()):
            with urllib.request.urlopen(f"http://127.0.0.1:{health}/metrics", timeout=5) as answer:
                there |= names(answer.read().decode())
        there |= names(shell("sluice_dev_kubectl get --raw /metrics"))
        missing = {name: where for name, where in asked_for().items() if name not in there}
        self.assertEqual(missing, {})
        self.assertGreater(len(asked_for()), 25)


if __name__ == "__main__":
    unittest.main(verbosity=2)
