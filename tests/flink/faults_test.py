# SPDX-License-Identifier: Apache-2.0
"""What a user does wrong ends in the right condition, and every place where one looks names the cause: the conditions,
`kubectl get` and `sluice status`."""
import unittest

from node import PROOF, NodeTest, condition, manifest, memory, say

# Pods fail again and again with back-off in between, so a cause is looked for as long as a pod may need to fail twice.
PATIENCE = 150


class Faults(NodeTest):
    def look(self, name, version, kind, status, reason, causes, phases):
        """Waits for the condition with the causes in its message; then the places where a person looks."""
        def right(obj):
            c = condition(obj, kind)
            return (c.get("status"), c.get("reason")) == (status, reason) and all(x in c["message"] for x in causes)
        obj = self.wait_status(name, right, PATIENCE, f"{kind}={status} {reason}, which names {causes}")
        phase = self.wait_status(name, lambda o: o["status"]["phase"] in phases, 30, f"its phase is one of {phases}")
        self.assertIn(self.columns(name)[1], phases)
        text = self.status_text(name)
        for cause in causes:
            self.assertIn(cause, " ".join(text.split()))
        self.assertNotEqual(condition(obj, "Ready")["status"], "True")
        say(f"{version} {name}: {phase['status']['phase']}: {condition(obj, kind)['message'][:200]}")
        self.delete_cluster(name)

    def wrong_image(self, short, version):
        name = name_of("image", short)
        self.apply(manifest(name, version, "StateProof", image=f"localhost/no-such-flink:{version}"))
        self.look(name, version, "Degraded", "True", "PodsFailing", ["ImagePull", f"localhost/no-such-flink:{version}"],
                  ["Failing"])

    def wrong_entry_class(self, short, version):
        name = name_of("class", short)
        self.apply(manifest(name, version, job={"jarURI": PROOF, "entryClass": "com.example.NoSuchJob"}))
        self.look(name, version, "Degraded", "True", "PodsFailing", ["com.example.NoSuchJob"], ["Failing"])

    def main_throws(self, short, version):
        name = name_of("main", short)
        self.apply(manifest(name, version, "Thrower", ["--when", "main"]))
        self.look(name, version, "Stalled", "True", "Failed", ["main() was told to throw"], ["Failed"])

    def task_throws(self, short, version):
        name = name_of("task", short)
        self.apply(manifest(name, version, "Thrower", ["--when", "run"], conf={"restart-strategy.type": "none"}))
        self.look(name, version, "Stalled", "True", "Failed", ["IllegalStateException: number", "was told to throw"],
                  ["Failed"])

    def too_little_memory(self, short, version):
        """Flink's own sum is right, but the process takes more than that: what nobody can see before it runs."""
        name = name_of("memory", short)
        self.apply(manifest(name, version, "StateProof", ["--out", self.out_url(name)],
                            conf={"env.java.opts.taskmanager": "-Xms3g -Xmx3g -XX:+AlwaysPreTouch"}))
        self.look(name, version, "Degraded", "True", "PodsFailing", ["OOMKilled", "-tm-"], ["Failing", "Degraded"])

    def too_few_slots(self, short, version):
        name = name_of("slots", short)
        self.apply(manifest(name, version, "StateProof", ["--out", self.out_url(name), "--parallelism", 5]))
        self.look(name, version, "JobRunning", "False", "InsufficientSlots",
                  ["parallelism 2, 1 TaskManagers with 2 slots"], ["Starting", "Restarting", "Degraded"])

    def no_room(self, short, version):
        """A TaskManager that fits on no node."""
        name = name_of("room", short)
        manager = memory("1Gi")
        manager["resources"]["requests"]["cpu"] = "500"
        self.apply(manifest(name, version, "StateProof", ["--out", self.out_url(name)], taskManager=manager))
        self.look(name, version, "Reconciling", "True", "StartingPods", ["-tm-", "Insufficient cpu"], ["Starting"])

    # No more than eight pods at a time.

    def test_what_fails_at_its_start_or_later(self):
        self.for_versions(self.main_throws, self.wrong_image)
        self.for_versions(self.task_throws, self.no_room)

    def test_what_is_too_little(self):
        self.for_versions(self.too_few_slots, self.wrong_entry_class)
        self.for_versions(self.too_little_memory)


def name_of(fault, short):
    return f"{fault}-{short.replace('.', '-')}"


if __name__ == "__main__":
    unittest.main(verbosity=2)
