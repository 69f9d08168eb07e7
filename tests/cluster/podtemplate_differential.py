#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds our check of pod templates equal to the API server's decoder.

Every field of every type that a PodTemplateSpec reaches, by the server's own OpenAPI, is set to values of
every type, in a core PodTemplate with dryRun=All. The server answers 400 where it can't decode a value, and
names unknown fields as a warning; what it finds wrong later (422) is no matter of types.
"""
import argparse
import json
import sys
import threading
import time

from differential import Raw, Server, Verdicts, dump

ROOT = "io.k8s.api.core.v1.PodTemplateSpec"
URL = "/api/v1/namespaces/default/podtemplates?dryRun=All&fieldValidation=Warn"
VALUES = [None, True, "x", "500m", 5, [], ["x"], [5], [{}], {}, {"a": "b"}, {"a": 5}, {"a": {}},
          Raw("1.5"), Raw("2147483648"), Raw("1e300")]
# Times are kept as they are by everything that reads templates, and nobody sets them there.
SKIPPED = {"io.k8s.apimachinery.pkg.apis.meta.v1.Time", "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1",
           "io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry"}


def places(definitions):
    """(path, field schema): each type where it is reached first; a path step "[]" is a list's only item."""
    seen, queue = {ROOT}, [(ROOT, ())]
    while queue:
        name, path = queue.pop(0)
        for field, schema in definitions[name].get("properties", {}).items():
            here, target = path + (field,), schema
            if schema.get("type") == "array":
                target = schema["items"]
            ref = target.get("$ref", "").split("/")[-1]
            if ref in SKIPPED:
                continue
            yield here
            if definitions.get(ref, {}).get("properties") and ref not in seen:
                seen.add(ref)
                queue.append((ref, here + (("[]",) if target is not schema else ())))


def build(path, value):
    for step in reversed(path):
        value = [value] if step == "[]" else {step: value}
    return value


def judge(server, verdicts, path, value):
    """Whether the server could decode it, and what differs, or None."""
    template = dump(build(path, value))
    body = '{"apiVersion":"v1","kind":"PodTemplate","metadata":{"name":"a"},"template":%s}' % template
    status, answer = server.call("POST", URL, body)
    if status not in (201, 400, 422):
        raise SystemExit(f"unexpected answer {status}: {answer}")
    ours = verdicts.ask_line('{"podTemplate": %s}' % template)
    if (status == 400) != bool(ours["denied"]):
        return status != 400, f"{template}\n  API server: {status} {answer.get('message', '')[:300]}\n  sluice:     {ours}"
    return status != 400, None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--kubectl", default="kubectl")
    parser.add_argument("--verdict", required=True, help="the program schema_verdict")
    parser.add_argument("--workers", type=int, default=4)
    args = parser.parse_args()
    started = time.monotonic()
    server, verdicts = Server(args.kubeconfig, args.kubectl), Verdicts(args.verdict)
    definitions = server.call("GET", "/openapi/v2")[1]["definitions"]
    fields = list(places(definitions))
    work = iter([(path, value) for path in fields for value in VALUES])
    found, counts, lock = [], {True: 0, False: 0}, threading.Lock()

    def loop():
        while True:
            with lock:
                case = next(work, None)
            if case is None:
                return
            decoded, wrong = judge(server, verdicts, *case)
            with lock:
                counts[decoded] += 1
                if wrong:
                    found.append(wrong)

    threads = [threading.Thread(target=loop) for _ in range(args.workers)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for wrong in found[:40]:
        print(wrong)
    print(f"{len(fields)} fields of a pod template: {counts[True]} values the API server decodes, {counts[False]} it refuses; "
          f"{len(found)} verdicts differ; {time.monotonic() - started:.0f} s")
    # A test that compares nothing must not pass.
    sys.exit(1 if found or min(counts.values()) < 1000 else 0)


if __name__ == "__main__":
    main()
