# SPDX-License-Identifier: Apache-2.0
"""Deleted, a cluster leaves its state in storage and nothing else, and one of the same name that follows starts empty: it
never meets the metadata of the one before."""
import time
import unittest

from node import START, NodeTest, Recorder, breaches, manifest, say, wait_for


def name_of(short):
    return f"again-{short.replace('.', '-')}"


class Deletion(NodeTest):
    def make(self, short, version, out):
        name = name_of(short)
        made = self.apply(manifest(name, version, "StateProof", ["--out", self.out_url(f"{name}-{out}")]))
        self.output(f"{name}-{out}").wait_lines(400, START)
        return made["metadata"]["uid"]

    def delete_and_make_again(self, short, version):
        name = name_of(short)
        first = self.make(short, version, "first")
        self.assertTrue(self.stored(name)["metadata"]["finalizers"])
        run, maps = self.run_of(name), self.ha_maps(name)
        self.assertEqual({o["uid"] for m in maps for o in m["metadata"].get("ownerReferences", [])}, {first},
                         "each of Flink's HA ConfigMaps is owned")
        began = time.monotonic()
        self.api.delete("FlinkCluster", self.ns, name)
        wait_for(lambda: self.stored(name) is None, 90, "it is gone")
        say(f"{version} deleted within {time.monotonic() - began:.1f} s")
        # The kubelet takes the object of a pod that has ended away a moment later.
        running = [p["metadata"]["name"] for p in self.pods(name) if p["status"]["phase"] not in ("Failed", "Succeeded")]
        self.assertEqual((running, self.ha_maps(name)), ([], []))
        folders = [f"/flink-data/{self.ns}/{name}"]
        event = self.wait_event(name, "Deleted")
        for folder in folders:
            self.assertIn(f"file://{folder}", event["message"])
        wait_for(lambda: not self.children(first), 60, lambda: f"its children are gone: {self.children(first)}")
        kept = self.output("").folder / self.ns / name
        self.assertTrue(list(kept.rglob("_metadata")), f"checkpoints are left in {kept}")
        second = self.make(short, version, "second")
        self.assertNotEqual((first, run), (second, self.run_of(name)))
        # Had it restored anything, its first numbers would be missing.
        self.output(f"{name}-second").check()
        self.output(f"{name}-first").check()

    def test_a_cluster_of_the_same_name_starts_empty(self):
        recorder = Recorder(self.api, self.ns)
        self.for_versions(self.delete_and_make_again)
        self.assertEqual(breaches(recorder.history()), [])




if __name__ == "__main__":
    unittest.main(verbosity=2)
