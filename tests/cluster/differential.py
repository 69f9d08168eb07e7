#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds our schema verdict equal to the API server's.

A few thousand FlinkClusters and FlinkPolicies, mutated at every node of the CRD's schema, are created and updated with
dryRun=All on a real API server that has no webhooks for them, and judged by sluice's own schema check
(schema_verdict). Verdict and field paths must agree. The CRD is installed under a group of its own, so
that nothing else on the server is touched; the stored objects that the updates start from are written
while the CRD has no schema yet, so that they can be faulty too (the API server's ratchet).
"""
import argparse
import base64
import copy
import http.client
import json
import os
import random
import re
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

GROUP = "differential.sluice.dev"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
ABSENT = object()


class Kind:
    """What the CRD says of itself."""

    def __init__(self, crd):
        self.crd, names = crd, crd["spec"]["names"]
        self.is_cluster = names["kind"] == "FlinkCluster"
        self.head = {"apiVersion": f"{GROUP}/v1beta1", "kind": names["kind"]}
        place = "namespaces/default/" if crd["spec"]["scope"] == "Namespaced" else ""
        self.api = f"/apis/{GROUP}/v1beta1/{place}{names['plural']}"
        self.crd_path = f"{CRDS}/{crd['metadata']['name']}"
        self.schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


class Raw(str):
    """A number as it is to be written."""


def dump(value):
    """JSON text; Raw numbers keep their spelling."""
    def mark(v):
        if isinstance(v, Raw):
            return f"@raw:{v}@"
        if isinstance(v, dict):
            return {k: mark(x) for k, x in v.items()}
        if isinstance(v, list):
            return [mark(x) for x in v]
        return v
    return re.sub(r'"@raw:([^"@]*)@"', r"\1", json.dumps(mark(value)))


class Server:
    """One kept connection to the API server."""

    def __init__(self, kubeconfig, kubectl):
        text = subprocess.run(
            [kubectl, "--kubeconfig", kubeconfig, "config", "view", "--raw", "--minify", "-o", "json"],
            check=True, capture_output=True, text=True).stdout
        config = json.loads(text)
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.url = urllib.parse.urlsplit(cluster["server"])
        self.headers = {"Content-Type": "application/json"}
        if "token" in user:
            self.headers["Authorization"] = "Bearer " + user["token"]
        self.context = ssl.create_default_context()
        self.context.check_hostname = False
        with tempfile.TemporaryDirectory() as folder:
            def file_of(section, key):
                if key in section:
                    return section[key]
                if key + "-data" not in section:
                    return None
                path = os.path.join(folder, key)
                with open(path, "wb") as f:
                    f.write(base64.b64decode(section[key + "-data"]))
                return path
            self.context.load_verify_locations(file_of(cluster, "certificate-authority"))
            if file_of(user, "client-certificate"):
                self.context.load_cert_chain(file_of(user, "client-certificate"), file_of(user, "client-key"))
        self.local = threading.local()

    def call(self, method, path, body=None):
        """Status and parsed answer; busy servers are asked again."""
        for _ in range(50):
            conn = getattr(self.local, "conn", None)
            if conn is None:
                conn = self.local.conn = http.client.HTTPSConnection(
                    self.url.hostname, self.url.port or 443, context=self.context, timeout=60)
            try:
                conn.request(method, path, body.encode("utf-8", "surrogatepass") if body else None, self.headers)
                answer = conn.getresponse()
                data = answer.read()
            except (http.client.HTTPException, OSError):
                conn.close()
                self.local.conn = None
                time.sleep(0.1)
                continue
            if answer.status in (429, 503):
                time.sleep(0.2)
                continue
            try:
                return answer.status, json.loads(data)
            except ValueError:
                return answer.status, {"message": data.decode(errors="replace")}
        raise SystemExit(f"no answer from the API server for {method} {path}")


# ---- objects out of the schema ---------------------------------------------------------------------
def sample(schema, path=()):
    """A good value of that schema with every field set."""
    if schema.get("x-kubernetes-int-or-string"):
        return "1"
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        if "additionalProperties" in schema:
            return {"one": sample(schema["additionalProperties"]), "two": sample(schema["additionalProperties"])}
        return {k: sample(v, path + (k,)) for k, v in schema.get("properties", {}).items() if v.get("type")}
    if kind == "array":
        return [sample(schema["items"]), sample(schema["items"])]
    return {"integer": max(1, schema.get("minimum", 1)), "boolean": True, "string": "x"}[kind]


def nodes(schema, path=()):
    """Every place in the sample: (path, schema)."""
    yield path, schema
    for key, sub in schema.get("properties", {}).items():
        yield from nodes(sub, path + (key,))
    if "items" in schema:
        yield from nodes(schema["items"], path + (1,))
    if "additionalProperties" in schema:
        yield from nodes(schema["additionalProperties"], path + ("two",))


def change(obj, path, value):
    """A copy of OBJ with VALUE at PATH (ABSENT removes it); parents are made."""
    obj = copy.deepcopy(obj)
    at = obj
    for i, key in enumerate(path[:-1]):
        if isinstance(at, dict):
            at = at.setdefault(key, {})
        elif isinstance(at, list) and isinstance(key, int) and key < len(at):
            at = at[key]
        else:
            return obj
    last = path[-1]
    if isinstance(at, dict):
        if value is ABSENT:
            at.pop(last, None)
        else:
            at[last] = value
    elif isinstance(at, list) and isinstance(last, int) and last < len(at):
        if value is ABSENT:
            del at[last]
        else:
            at[last] = value
    return obj


COMMON = [ABSENT, None, True, False, 0, 1, -1, "", "x", "é", [], {}, [None], [[]], ["x"], [1], [{}],
          {"a": None}, {"a": 1}, {"a": "b"}, {"": ""}, Raw("1.5"), Raw("-0.0")]
NUMBERS = [Raw(n) for n in ("2147483647", "2147483648", "9007199254740991", "9007199254740992",
                            "-9007199254740991", "-9007199254740992", "9223372036854775807",
                            "9223372036854775808", "1e300", "-1e300", "1e-300", "0.5", "99.9")]
SPELLINGS = [Raw(n) for n in ("1.0", "2.0", "1e1", "1E+1", "10e-1")]


def strings(schema):
    yield from ("true", "1", " ", "a\nb", "a\"b", "\u2028", "🙂", "x" * 17)
    top = schema.get("maxLength")
    if top and top <= 32768:
        for char in ("a", "é", "€", "🙂"):
            yield char * top
            yield char * (top + 1)


def values(schema):
    yield from COMMON
    for word in schema.get("enum", []):
        yield from (word, word.lower(), word.upper(), word + " ", word[:-1])
    kind = schema.get("type")
    if kind == "integer":
        low, high = schema["minimum"], schema["maximum"]
        yield from (low - 1, low, low + 1, high - 1, high, high + 1)
        yield from NUMBERS
        yield from SPELLINGS
        yield from ("1", "0x1")
    elif kind == "string":
        yield from strings(schema)
    elif kind == "array":
        one = sample(schema["items"])
        top = schema.get("maxItems", 4)
        yield from ([one], [one] * top, [one] * (top + 1), [one, None], [None] * (top + 1), [one, 5, "y", True])
    elif kind == "object" and "additionalProperties" in schema:
        one = sample(schema["additionalProperties"])
        top = schema.get("maxProperties", 4)
        full = {f"k{i}": one for i in range(top)}
        yield from (full, {**full, "z": one}, {**full, "z": None}, {"a.b/c": one, "é": one, "": one},
                    {"a": one, "b": 5, "c": [], "d": None})
    elif schema.get("x-kubernetes-preserve-unknown-fields"):
        top = schema.get("maxProperties")
        if top:
            full = {f"k{i}": i for i in range(top - len(schema.get("properties", {})))}
            yield from (full, {f"k{i}": None for i in range(top)}, {f"k{i}": None for i in range(top + 1)})
        yield from ({"a": {"b": [None, {"c": None}]}},)
    if schema.get("x-kubernetes-int-or-string"):
        # 2^63 as a double is the largest int64 as well; we let both pass.
        yield from ("500m", "-1", "1.5", "not a quantity", 5, *SPELLINGS)
        yield from (n for n in NUMBERS if n != "9223372036854775808")
    if kind == "object" and "properties" in schema:
        yield from ({"nonsense": 1}, {k.upper(): 1 for k in schema["properties"]})


def create_cases(kind, rng):
    """Objects to create: (what, object)."""
    spec_schema = kind.schema["properties"]["spec"]
    spec = sample(spec_schema)
    full = {"metadata": {"name": "a"}, "spec": spec}
    places = [(("spec",) + p, s) for p, s in nodes(spec_schema)]
    pool = []
    for path, node in places:
        for value in values(node):
            pool.append((path, value))
            yield f"{path} = {value!r}"[:120], change(full, path, value)
    for i in range(700):
        obj = copy.deepcopy(full) if i % 2 else {"metadata": {"name": "a"}, "spec": {}}
        picks = rng.sample(pool, rng.randint(2, 5))
        for path, value in picks:
            obj = change(obj, path, value)
        yield f"{[p for p, _ in picks]}"[:200], obj
    for value in (ABSENT, None, [], "x", 5, {}):
        yield f"spec = {value!r}", change(full, ("spec",), value)
    if kind.is_cluster:
        yield from name_cases()
        yield from storage_cases()


def name_cases():
    long = "a" * 39
    for name in ("a", "a-b", "a1", long, long + "b", long + "bc", "1a", "a-", "-", "a.b", "A", "a_b", "é", "a\nb",
                 "a b", "x" * 63, "x" * 253, "x" * 254):
        yield f"name {name[:50]!r}", {"metadata": {"name": name}, "spec": {}}
    for prefix in ("a", "a-", "a" * 34, "a" * 35, "a" * 36, "1", "A", "a.", "-", "a" * 60):
        yield f"generateName {prefix!r}", {"metadata": {"generateName": prefix}, "spec": {}}


def storage_cases():
    for replicas in (ABSENT, None, 1, 2, 16):
        for storage in (ABSENT, None, {}, {"root": None}, {"root": "s3://x"}):
            for conf in (ABSENT, {}, {"high-availability.storageDir": "s3://x"},
                         {"high-availability.storageDir": None}, {"high-availability": {"storageDir": "x"}},
                         {"high-availability": {}}, {"high-availability": {"type": "x"}},
                         {"state.checkpoints.dir": "x"}):
                obj = {"metadata": {"name": "a"}, "spec": {}}
                obj = change(obj, ("spec", "jobManager", "replicas"), replicas)
                obj = change(obj, ("spec", "storage"), storage)
                yield f"JM {replicas} storage {storage} conf {conf}", change(obj, ("spec", "flinkConfiguration"), conf)


def stored_specs(kind):
    """Specs that updates start from; many are faulty."""
    spec_schema = kind.schema["properties"]["spec"]
    full = sample(spec_schema)
    yield {}
    yield full
    yield from stored_clusters() if kind.is_cluster else stored_policies()
    for path, node in nodes(spec_schema):
        if path:
            bad = {"integer": "3", "boolean": "true", "string": 5, "array": {}, "object": []}.get(node.get("type"))
            if bad is not None:
                yield change(full, path, bad)
        if "enum" in node:
            yield change(full, path, "no")
        if node.get("type") == "integer":
            yield change(full, path, node["maximum"] + 1)


def stored_policies():
    yield {"images": {"allowed": ["a", 5]}, "nonsense": {"x": 1}}
    yield {"images": {"allowed": ["x" * 600]}, "priority": 10**9}
    yield {"exempt": [{"namespace": 1, "junk": 2}, {"namespace": "a", "name": "b", "reason": "c"}]}
    yield {"match": {"namespaceSelector": {"matchLabels": {"a": 1, "b": None, "c": "d"}}}}
    yield {"match": {"namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "Has"}]}}}
    yield {"resources": {"taskManager": {"max": {"cpu": [], "memory": "1Gi"}}}}
    yield {"flinkConfiguration": {"required": {f"k{i}": i for i in range(257)}, "denied": "x"}}
    yield {"parallelism": {"min": 0, "max": "4"}}
    yield from ({"images": bad} for bad in (5, [], {"tags": []}, {"tags": {"denied": {}}}))


def stored_clusters():
    yield {"job": {}}
    for state in ("Running", "Suspended"):
        yield {"job": {"state": state}, "storage": {"root": "s3://a"}}
    yield {"storage": {"root": "s3://a"}}
    yield {"storage": {}}
    yield {"jobManager": {"replicas": 2}}
    yield {"jobManager": {"replicas": 2}, "podTemplate": {"spec": {}}}
    yield {"jobManager": {"replicas": 2}, "flinkConfiguration": {"a": "b"}}
    yield {"image": "a", "nonsense": {"x": 1}, "job": None}
    yield from ({"jobManager": []}, {"jobManager": {"replicas": "2"}}, {"jobManager": {"replicas": 17}})
    yield from ({"jobManager": {"replicas": 2}, "storage": bad} for bad in (5, {"root": 5}))
    yield {"jobManager": {"replicas": 2}, "flinkConfiguration": {"high-availability": "x"}}
    yield {"jobManager": {"replicas": 2}, "flinkConfiguration": {"high-availability": {"storageDir": 5}}}
    yield from ({"job": "x"}, {"job": {"state": "Stopped"}, "storage": {"root": "s3://a"}}, {"storage": []})
    yield {"taskManager": "x"}
    yield {"taskManager": {"replicas": "3"}}
    yield {"taskManager": {"replicas": -1}}
    yield {"taskManager": {"replicas": 0}}
    yield {"taskManager": {"replicas": 20000}}
    yield {"imagePullSecrets": [{"name": 1, "junk": 2}, {"name": "b"}]}
    yield {"logConfiguration": {"a": 1, "b": "x", "c": None}}
    yield {"flinkConfiguration": {f"k{i}": i for i in range(1025)}}
    yield {"mode": {"x": 1}, "parallelism": "y"}


POLICY_EDITS = [
    ("nothing", lambda s: s),
    ("enforcement", lambda s: change(s, ("enforcement",), "Warn")),
    ("priority", lambda s: change(s, ("priority",), 7)),
    ("one more image", lambda s: change(s, ("images", "allowed"), ["a", 5, "b"])),
    ("default image", lambda s: change(s, ("images", "default"), "changed")),
    ("drop images", lambda s: change(s, ("images",), ABSENT)),
    ("null images", lambda s: change(s, ("images",), None)),
    ("bad block", lambda s: change(s, ("storage",), "x")),
    ("one label more", lambda s: change(s, ("match", "namespaceSelector", "matchLabels", "z"), "new")),
    ("bad label", lambda s: change(s, ("match", "namespaceSelector", "matchLabels", "z"), 5)),
    ("one option more", lambda s: change(s, ("flinkConfiguration", "required", "z"), [])),
    ("other minimum", lambda s: change(s, ("parallelism", "min"), -1)),
    ("quantity", lambda s: change(s, ("resources", "taskManager", "max", "cpu"), 1.5)),
    ("exemption", lambda s: change(s, ("exempt",), [{"namespace": 1}, {"namespace": "a", "name": "b", "reason": "c"}])),
    ("unknown", lambda s: change(s, ("nonsense",), {"y": 2})),
]


def update_cases(kind, stored, rng):
    """(what, number of the stored object, new object): what people change, and what they leave."""
    edits = POLICY_EDITS if not kind.is_cluster else [
        ("nothing", lambda s: s),
        ("image", lambda s: change(s, ("image",), "changed")),
        ("replicas", lambda s: change(s, ("taskManager", "replicas"), 3)),
        ("drop job", lambda s: change(s, ("job",), ABSENT)),
        ("null job", lambda s: change(s, ("job",), None)),
        ("bad job", lambda s: change(s, ("job",), "x")),
        ("empty job", lambda s: change(s, ("job",), {})),
        ("suspend", lambda s: change(s, ("job", "state"), "Suspended")),
        ("drop storage", lambda s: change(s, ("storage",), ABSENT)),
        ("null root", lambda s: change(s, ("storage", "root"), None)),
        ("other root", lambda s: change(s, ("storage", "root"), "s3://b")),
        ("same root", lambda s: change(s, ("storage", "root"), "s3://a")),
        ("bad root", lambda s: change(s, ("storage", "root"), 5)),
        ("bad storage", lambda s: change(s, ("storage",), [])),
        ("two masters", lambda s: change(s, ("jobManager", "replicas"), 2)),
        ("bad replicas", lambda s: change(s, ("taskManager", "replicas"), "4")),
        ("unknown", lambda s: change(s, ("nonsense",), {"y": 2})),
        ("secrets", lambda s: change(s, ("imagePullSecrets",), [{"name": 1}, {"name": "c"}])),
        ("log", lambda s: change(s, ("logConfiguration",), {"a": 1, "z": "new"})),
        ("options", lambda s: change(s, ("flinkConfiguration", "k0"), "other")),
        ("empty template", lambda s: change(s, ("podTemplate",), {})),
    ]
    for i, spec in enumerate(stored):
        for what, edit in edits if i < 32 else edits[:2] + rng.sample(edits[2:], 5):
            yield f"{what} on {dump(spec)}"[:160], i, edit(spec)


# ---- the two verdicts ------------------------------------------------------------------------------
def flatten(path):
    """spec.x[key].y as the API server writes it: spec.x.key.y; list indexes stay."""
    return re.sub(r"\[(?!\d+\])([^\]]*)\]", r".\1", path).lstrip(".")


def paths_of(status, answer):
    """None when accepted, else the set of paths that the API server names, and whether it stopped there."""
    if status in (200, 201):
        return None, False
    if status not in (400, 422):
        raise SystemExit(f"unexpected answer {status}: {answer}")
    causes = answer.get("details", {}).get("causes", [])
    stopped = any("some validation rules were not checked" in c.get("message", "") for c in causes)
    paths = {CEL_ERROR if "evaluating rule" in c.get("message", "") else flatten(c["field"])
             for c in causes if c.get("field") not in (None, "", "<nil>")}
    return paths, stopped or status == 400


CEL_ERROR = "a rule that can't be evaluated"  # a stored value of a wrong type; told on the rule's node
CEL = {"schema.name", "schema.job_kept", "schema.storage_kept", "schema.ha_needs_storage"}


def compare(theirs, stopped, ours):
    """None, or what differs."""
    denied = {(rule, flatten(path)) for rule, path in ours["denied"]}
    mine = {path for _, path in denied}
    if (theirs is None) != (not mine):
        return "verdict"
    if theirs is None or stopped and not theirs:
        return None
    if "metadata.name" in mine:
        theirs = theirs - {"metadata.generateName"}  # the prefix of a bad name, judged twice
    if CEL_ERROR in theirs and any(rule in CEL for rule, _ in denied):
        theirs = theirs - {CEL_ERROR} | {path for rule, path in denied if rule in CEL}
    # Where spec or taskManager is no object, the API server names the replicas that `scale` looks for in it.
    scale = {"spec", "spec.taskManager"} if "spec.taskManager.replicas" in theirs else set()
    missing = {p for p in theirs - mine if not any(p.startswith(m + ".") for m in mine & scale)}
    extra = {p for r, p in denied if p not in theirs | scale and not (stopped and r in CEL)}
    return "paths" if missing or extra else None


def is_float(obj, *path):
    for key in path:
        obj = obj.get(key) if isinstance(obj, dict) else None
    return isinstance(obj, float)


def forget_spelling(theirs, text):
    """For `scale` and for CEL the API server takes an integer as it is spelled, 2.0 being none, but writes
    it as 2 into the review, so that no webhook can know: such faults are left out."""
    obj = json.loads(text)
    if theirs is not None and is_float(obj, "spec", "taskManager", "replicas"):
        theirs = theirs - {"spec.taskManager.replicas"} or None
    if theirs is not None and is_float(obj, "spec", "jobManager", "replicas"):
        theirs = theirs - {CEL_ERROR} or None
    return theirs


class Verdicts:
    """Our program, asked line by line."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lock = threading.Lock()

    def ask(self, obj_text, old_text):
        return self.ask_line('{"object": %s%s}' % (obj_text, f', "oldObject": {old_text}' if old_text else ""))

    def ask_line(self, line):
        with self.lock:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())


# ---- the CRD ---------------------------------------------------------------------------------------
def read_crd(path, kubectl, kubeconfig):
    with open(path, encoding="utf-8") as f:
        text = re.sub(r"\bsluice\.dev\b", GROUP, f.read())
    out = subprocess.run([kubectl, "--kubeconfig", kubeconfig, "create", "--dry-run=client", "-o", "json", "-f", "-"],
                         input=text, check=True, capture_output=True, text=True).stdout
    return json.loads(out)


def expect(result, *good):
    if result[0] not in good:
        raise SystemExit(f"unexpected answer {result[0]}: {json.dumps(result[1])[:2000]}")
    return result[1]


def wait_until(what, probe):
    end = time.monotonic() + 30
    while not probe():
        if time.monotonic() > end:
            raise SystemExit(f"waited in vain: {what}")
        time.sleep(0.1)


def remove_crd(server, kind):
    if server.call("DELETE", kind.crd_path)[0] != 404:
        wait_until("the CRD is gone", lambda: server.call("GET", kind.crd_path)[0] == 404)


def store(server, kind, specs):
    """Writes SPECS under a CRD without a schema, then gives it its own; returns the stored objects."""
    lax = copy.deepcopy(kind.crd)
    lax["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = {
        "type": "object", "x-kubernetes-preserve-unknown-fields": True}
    del lax["spec"]["versions"][0]["subresources"]
    expect(server.call("POST", CRDS, json.dumps(lax)), 201)
    wait_until("the CRD is served", lambda: server.call("GET", kind.api)[0] == 200)
    objects = []
    for i, spec in enumerate(specs):
        obj = {**kind.head, "metadata": {"name": f"s{i}"}, "spec": spec}
        made = expect(server.call("POST", kind.api, dump(obj)), 201)
        obj["metadata"]["resourceVersion"] = made["metadata"]["resourceVersion"]
        objects.append(obj)
    now = expect(server.call("GET", kind.crd_path), 200)
    now["spec"] = kind.crd["spec"]
    expect(server.call("PUT", kind.crd_path, json.dumps(now)), 200)
    probe = dump({**kind.head, "metadata": {"name": "a"}, "spec": 5})
    wait_until("the schema holds", lambda: server.call("POST", kind.api + "?dryRun=All", probe)[0] == 422)
    time.sleep(1)  # both handlers are swapped at once, but requests in flight still hold the old one
    return objects


def run(server, verdicts, work, workers):
    """Every case: (what, method, path, object text, old text)."""
    found, counts, lock = [], {"accepted": 0, "denied": 0}, threading.Lock()
    queue = iter(work)

    def loop():
        while True:
            with lock:
                case = next(queue, None)
            if case is None:
                return
            what, method, path, text, old = case
            status, answer = server.call(method, path + "?dryRun=All", text)
            theirs, stopped = paths_of(status, answer)
            ours = verdicts.ask(text, old)
            if "error" in ours:
                raise SystemExit(f"{what}: {ours['error']}")
            wrong = compare(theirs, stopped, ours)
            if wrong and not compare(forget_spelling(theirs, text), stopped, ours):
                wrong = None
            with lock:
                if wrong:
                    found.append((wrong, what, answer.get("message", "accepted"), ours["denied"], text))
                counts["accepted" if theirs is None else "denied"] += 1

    threads = [threading.Thread(target=loop) for _ in range(workers)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return found, counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--kubectl", default="kubectl")
    parser.add_argument("--crd", required=True)
    parser.add_argument("--verdict", required=True, help="the program schema_verdict")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=4)
    args = parser.parse_args()
    started = time.monotonic()
    rng = random.Random(args.seed)
    server = Server(args.kubeconfig, args.kubectl)
    verdicts = Verdicts(args.verdict)
    kind = Kind(read_crd(args.crd, args.kubectl, args.kubeconfig))
    remove_crd(server, kind)
    try:
        stored = store(server, kind, list(stored_specs(kind)))
        work = [(what, "POST", kind.api, dump({**kind.head, **obj}), None) for what, obj in create_cases(kind, rng)]
        for what, i, spec in update_cases(kind, [o["spec"] for o in stored], rng):
            new = {**stored[i], "spec": spec}
            work.append((what, "PUT", f"{kind.api}/s{i}", dump(new), dump(stored[i])))
        found, counts = run(server, verdicts, work, args.workers)
    finally:
        remove_crd(server, kind)
    for wrong, what, theirs, ours, text in found[:40]:
        print(f"{wrong}: {what}\n  API server: {theirs[:500]}\n  sluice:     {ours or 'accepted'}\n  {text[:500]}")
    print(f"{kind.head['kind']}: {len(work)} objects ({len(stored)} stored ones to start from): {counts['accepted']} accepted, "
          f"{counts['denied']} denied by the API server; {len(found)} verdicts differ; seed {args.seed}, {time.monotonic() - started:.0f} s")
    # A test that compares nothing must not pass.
    few = counts["accepted"] < 500 or counts["denied"] < 500
    sys.exit(1 if found or few else 0)


if __name__ == "__main__":
    main()
