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
# What stands in an expression beside names of metrics: texts, labels, ranges, and what is grouped by; then functions.
NO_METRIC = re.compile(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(?:by|on|ignoring|without) *\([^)]*\)')
FUNCTION = re.compile(r"\b\w+(?= *\()")
WORDS = {"and", "or", "unless", "bool", "offset", "group_left", "group_right"}


def metrics_of(expression):
    """The metrics that a PromQL expression names."""
    return set(re.findall(r"\b[a-zA-Z_:][\w:]*", FUNCTION.sub(" ", NO_METRIC.sub(" ", expression)))) - WORDS


def rules():
    """The spec of the PrometheusRule, which is a rule file of Prometheus."""
    text = (MONITORING / "prometheusrule.yaml").read_text()
    return re.sub(r"^  ", "", text.partition("\nspec:\n")[2], flags=re.M)


def asked_for():
    """Each metric that a rule or a panel names, and where."""
    found = {}
    # "expr: one line", or "expr: >-" and lines that are further in.
    for block, line in re.findall(r"^        +expr: (?:>-\n((?: {10,}.*\n)+)|(.*)\n)", rules(), flags=re.M):
        found.update({name: "prometheusrule.yaml" for name in metrics_of(line or block)})
    for panel in json.loads((MONITORING / "dashboard.json").read_text())["panels"]:
        for target in panel.get("targets", []):
            found.update({name: f"dashboard.json: {panel['title']}" for name in metrics_of(target["expr"])})
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


class Scrapes(unittest.TestCase):
    """That both monitors find the pods of both programs, and the port on which these tell."""

    def test_selectors_and_ports_are_those_of_the_pods(self):
        service, pods, services = ((MONITORING / f"{name}.yaml").read_text() for name in ("service", "podmonitor", "servicemonitor"))
        for text in (service, pods):
            self.assertRegex(text, r"(selector|matchLabels): \{app.kubernetes.io/part-of: sluice\}")
        self.assertIn("matchLabels: {app.kubernetes.io/name: sluice-metrics}", services)
        self.assertIn("labels: {app.kubernetes.io/name: sluice-metrics,", service)
        self.assertIn("{name: health, port: 8080, targetPort: health}", service)
        for text in (pods, services):
            self.assertIn("{port: health, path: /metrics,", text)
        for name in ("webhook", "controller"):
            template = (ROOT / f"manifests/{name}/deployment.yaml").read_text().partition("  template:\n")[2]
            self.assertRegex(template, r"labels: \{.*app.kubernetes.io/part-of: sluice\}")
            self.assertIn("{name: health, containerPort: 8080}", template)
            self.assertIn("{port: 8080, protocol: TCP}", (ROOT / f"manifests/{name}/networkpolicy.yaml").read_text())

    def test_the_kustomization_builds_with_the_dashboard_in_it(self):
        built = shell(f"sluice_dev_kubectl kustomize '{MONITORING}'")
        self.assertEqual(sorted(re.findall(r"^kind: (\w+)", built, flags=re.M)),
                         ["ConfigMap", "PrometheusRule", "Service", "ServiceMonitor"])
        self.assertIn('grafana_dashboard: "1"', built)
        self.assertIn('"title": "Sluice"', built)


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
