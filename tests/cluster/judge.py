# SPDX-License-Identifier: Apache-2.0
"""What may never be seen of a FlinkCluster, at no moment: judged from the API server's own sequence of events, not from
what a controller says."""
import http.client
import re
import threading
import time

from lib import PATHS, ApiError, condition, is_live

KINDS = ("FlinkCluster", "ControllerRevision", "ConfigMap", "Pod")
# Revision, role and index of a pod: its name, which nobody can change, tells them.
PLACE = re.compile(r"-(?P<role>jm|tm)-(?P<revision>[0-9a-z]+)-(?P<index>\d+)-\d+$")


class Recorder:
    """Everything that happens to the FlinkClusters, pods, ConfigMaps and records of a namespace. The API server gives all
    kinds one sequence of versions, so their order among each other is known, too."""

    def __init__(self, api, ns, gaps=False):
        """GAPS: the API server may be started again, and what happened in that moment shows in a list alone."""
        self.api, self.items, self.lock, self.done = api, [], threading.Lock(), threading.Event()
        self.faults, self.gaps = [], gaps
        for kind in KINDS:
            path = PATHS[kind].format(ns)
            listed = api.request("GET", path)
            for obj in listed["items"]:
                self.items.append((0, kind, "LISTED", obj))
            version = listed["metadata"]["resourceVersion"]
            threading.Thread(target=self.run, args=(kind, path, version), daemon=True).start()

    def run(self, kind, path, version):
        while not self.done.is_set():
            try:
                self.api.watch(path, version, lambda event: self.add(kind, event), self.done)
            except ApiError as e:
                if not self.gaps:
                    self.faults.append(e)
                    return
                version = self.bridge(kind, path)
            except Exception as e:  # told by history()
                self.faults.append(e)
                return

    def bridge(self, kind, path):
        """Puts the difference to a new list into the history; its version. None when the recording ends before."""
        listed = None
        while listed is None and not self.done.is_set():
            try:
                listed = self.api.request("GET", path)
            except (ApiError, OSError, http.client.HTTPException):
                time.sleep(0.5)
        if listed is None:
            return None
        version = listed["metadata"]["resourceVersion"]
        there = {obj["metadata"]["uid"] for obj in listed["items"]}
        with self.lock:
            known = {}
            for _, of, change, obj in self.items:
                if of == kind:
                    known[obj["metadata"]["uid"]] = (change, obj)
            gone = [obj for uid, (change, obj) in known.items() if change != "DELETED" and uid not in there]
            self.items += [(int(version), kind, "DELETED", obj) for obj in gone]
            self.items += [(int(version), kind, "LISTED", obj) for obj in listed["items"]]
        return version

    def add(self, kind, event):
        with self.lock:
            self.items.append((int(event["object"]["metadata"]["resourceVersion"]), kind, event["type"], event["object"]))

    def history(self):
        """[(version, kind, LISTED|ADDED|MODIFIED|DELETED, object)] in the order in which it happened; ends the recording."""
        time.sleep(1)  # what is on its way
        self.done.set()
        if self.faults:
            raise AssertionError(f"the recording has a gap: {self.faults}")
        with self.lock:
            return sorted(self.items, key=lambda item: item[0])


class Promise:
    """What may never be seen of one FlinkCluster, held against its history."""

    def __init__(self, obj):
        self.name, self.limit = obj["metadata"]["name"], {"jobmanager": 0, "taskmanager": 0}
        self.pods, self.maps, self.records, self.deleting = {}, {}, {}, False
        self.set(obj)

    def set(self, obj):
        spec = obj["spec"]
        runs = spec.get("job", {}).get("state", "Running") == "Running"
        self.want = {"jobmanager": spec.get("jobManager", {}).get("replicas", 1) if runs else 0,
                     "taskmanager": spec.get("taskManager", {}).get("replicas", 1) if runs else 0}
        self.ha = "storage" in spec
        self.deleting = "deletionTimestamp" in obj["metadata"]
        # A smaller number holds from when it is seen reached by a controller that knows it, and carries it out: a change
        # that waits for what this release doesn't do holds back the numbers in it, too.
        self.known = (obj.get("status", {}).get("observedGeneration") == obj["metadata"]["generation"]
                      and condition(obj, "Reconciling").get("reason") != "WaitingForUpgradeSupport")
        for role, want in self.want.items():
            self.limit[role] = max(self.limit[role], want)

    def child(self, kind, change, obj):
        """Notes a child's change; what is wrong in that moment alone."""
        held = {"Pod": self.pods, "ConfigMap": self.maps, "ControllerRevision": self.records}[kind]
        if change == "DELETED":
            held.pop(obj["metadata"]["uid"], None)
        else:
            held[obj["metadata"]["uid"]] = obj
        if kind == "Pod" and change == "ADDED":
            yield from self.birth(obj)
        if kind == "Pod" and change == "LISTED":  # there may be more than are planned by now
            role = label(obj, "component")
            live = sum(is_live(p) and label(p, "component") == role for p in self.pods.values())
            self.limit[role] = max(self.limit[role], live)
        if kind == "ConfigMap" and change == "DELETED" and not self.deleting:
            for pod in self.pods.values():
                if is_live(pod) and obj["metadata"]["name"] in mounted(pod):
                    yield f"ConfigMap {obj['metadata']['name']} is gone under the live pod {pod['metadata']['name']}"

    def birth(self, pod):
        """What a new pod stands on."""
        labels = pod["metadata"]["labels"]
        made_of = (labels["sluice.dev/run"], labels["sluice.dev/revision"])
        recorded = [(r["data"]["sluice"].get("run"), r["data"]["sluice"].get("revision")) for r in self.records.values()]
        if made_of not in recorded:
            yield f"pod {pod['metadata']['name']} of {made_of} without a record; there are {recorded}"
        there = {m["metadata"]["name"] for m in self.maps.values()}
        if not mounted(pod) & there:
            yield f"pod {pod['metadata']['name']} without its ConfigMap: {mounted(pod)}, there are {there}"

    def breaches(self):
        """What is wrong at this moment."""
        for role, limit in self.limit.items():
            mine = [p for p in self.pods.values() if label(p, "component") == role]
            live = [p for p in mine if is_live(p)]
            if len(live) > limit:
                yield f"{len(live)} live {role}s where {limit} are planned"
            if self.known and len(live) <= self.want[role]:
                self.limit[role] = self.want[role]
            places = [PLACE.search(p["metadata"]["name"]).group("role", "index") for p in live]
            if len(set(places)) < len(places):
                yield f"two live pods in one place: {sorted(p['metadata']['name'] for p in live)}"
            # A terminating pod still runs.
            running = [p for p in mine if p["status"].get("phase") not in ("Failed", "Succeeded")]
            if role == "jobmanager" and not self.ha and len(running) > 1:
                yield f"{[p['metadata']['name'] for p in running]} run at once without HA"
        running = [p for p in self.pods.values() if p["status"].get("phase") not in ("Failed", "Succeeded")]
        names = sorted(p["metadata"]["name"] for p in running)
        if len({label(p, "run") for p in running}) > 1:
            yield f"pods of two runs at once: {names}"
        if len({PLACE.search(name)["revision"] for name in names}) > 1:
            yield f"pods of two revisions at once: {names}"


def label(pod, name):
    return pod["metadata"]["labels"].get("sluice.dev/" + name)


def mounted(pod):
    """Names of the ConfigMaps that POD mounts."""
    names = set()
    for volume in pod.get("spec", {}).get("volumes", []):
        for source in [volume, *volume.get("projected", {}).get("sources", [])]:
            names.add(source.get("configMap", {}).get("name"))
    return names - {None, "kube-root-ca.crt"}


def owner(obj):
    return next((r["uid"] for r in obj["metadata"].get("ownerReferences", []) if r.get("controller", True)), None)


def breaches(history):
    """Every moment of HISTORY at which there was what may not be."""
    found, promises = [], {}
    for version, kind, change, obj in history:
        uid = obj["metadata"]["uid"] if kind == "FlinkCluster" else owner(obj)
        wrong = []
        if kind == "FlinkCluster":
            if uid in promises:
                promises[uid].set(obj)
            elif change != "DELETED":
                promises[uid] = Promise(obj)
            if change == "DELETED" and uid in promises:
                promises[uid].deleting = True
        elif uid in promises:  # else made in the moment of its owner's end: the collector takes it; or not ours
            wrong += promises[uid].child(kind, change, obj)
        if uid in promises:
            wrong += promises[uid].breaches()
            found += [f"at version {version}: {promises[uid].name}: {text}" for text in wrong]
    return found
