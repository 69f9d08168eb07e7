#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the bodies that the benchmark posts: AdmissionReviews as the API server sends them, of 3.8 and 33 KB.

The large ones hold 180 environment variables, 128 configuration keys and managedFields; an update holds
the object twice. Texts are drawn out until the size is met, so that each body is what its name says.
"""
import json
import pathlib

HERE = pathlib.Path(__file__).parent / "bodies"
SMALL, LARGE = 3800, 33000

OPTIONS = """execution.checkpointing.interval=30s execution.checkpointing.timeout=10min execution.checkpointing.min-pause=5s
execution.checkpointing.max-concurrent-checkpoints=1 execution.checkpointing.unaligned.enabled=true
execution.checkpointing.tolerable-failed-checkpoints=3 state.backend.incremental=true state.checkpoints.num-retained=5
restart-strategy.type=exponential-delay restart-strategy.exponential-delay.initial-backoff=1s
restart-strategy.exponential-delay.max-backoff=1min restart-strategy.exponential-delay.backoff-multiplier=1.5
taskmanager.memory.managed.fraction=0.4 taskmanager.memory.network.fraction=0.1 taskmanager.network.memory.buffers-per-channel=2
web.refresh-interval=3000 web.history=5 rest.await-leader-timeout=30s akka.ask.timeout=10s heartbeat.interval=10s
heartbeat.timeout=50s slot.request.timeout=5min cluster.evenly-spread-out-slots=true pipeline.object-reuse=true
pipeline.auto-watermark-interval=200ms parallelism.unused=1 metrics.reporters=prom
metrics.reporter.prom.factory.class=org.apache.flink.metrics.prometheus.PrometheusReporterFactory
metrics.reporter.prom.port=9249 metrics.scope.jm=jm metrics.scope.tm=tm jobmanager.execution.failover-strategy=region
table.exec.mini-batch.enabled=true table.exec.mini-batch.allow-latency=5s table.exec.mini-batch.size=5000"""


def options(count):
    known = dict(pair.split("=", 1) for pair in OPTIONS.split() if "unused" not in pair)
    own = {f"s3.k-{i:03d}": f"v-{i:03d}" for i in range(count)}
    return dict(list({**known, **own}.items())[:count])


def cluster(envs, keys, fill, update):
    lean = update and envs == 0  # an update holds the object twice
    spec = {
        "image": "registry.example.com/flink/fraud:1.20.1-r42",
        "flinkVersion": "1.20",
        "iamRole": "arn:aws:iam::123456789012:role/payments/fraud",
        "parallelism": 8,
        "storage": {"root": "s3://flink-state"},
        "plugins": ["s3-hadoop"],
        "jobManager": {"replicas": 2, "resources": {"requests": {"cpu": "1", "memory": "2Gi"}, "limits": {"memory": "2Gi"}}},
        "taskManager": {"replicas": 4, "slots": 2,
                        "resources": {"requests": {"cpu": "2", "memory": "4Gi"}, "limits": {"memory": "4Gi"}}},
        "podTemplate": {"metadata": {"labels": {"team": "payments"}, "annotations": {"example.com/cost-centre": "4711"}},
                        "spec": {"containers": [{"name": "flink-main-container",
                                                 "env": [{"name": f"SET_{i:03d}", "value": f"{i:03d}" + "v" * fill}
                                                         for i in range(envs)]}]}},
        "flinkConfiguration": options(keys),
        "job": {"jarURI": "local:///opt/flink/usrlib/fraud.jar", "entryClass": "com.example.Fraud",
                "args": ["--topic", "payments" + "t" * (fill if lean else 0)], "upgradeMode": "Savepoint"},
    }
    if lean:
        del spec["podTemplate"], spec["jobManager"]["resources"], spec["taskManager"]["resources"]
    metadata = {"name": "fraud", "namespace": "payments", "labels": {"team": "payments", "app": "fraud"},
                "annotations": {"example.com/owner": "payments@example.com"}}
    if update:
        metadata.update(uid="8b1f7d0a-2f0e-4a53-9f4e-6a1c0b9f6d11", resourceVersion="48211", generation=3,
                        creationTimestamp="2026-11-01T08:00:00Z")
    if not lean:
        metadata["managedFields"] = [managed_fields(spec, keys > 32)]
    return sort({"apiVersion": "sluice.dev/v1beta1", "kind": "FlinkCluster", "metadata": metadata, "spec": spec})


def sort(value):
    """The API server keeps a custom resource as maps, whose keys Go writes in their order."""
    if isinstance(value, dict):
        return {key: sort(value[key]) for key in sorted(value)}
    return [sort(item) for item in value] if isinstance(value, list) else value


def managed_fields(spec, whole):
    def owned(value):
        return {f"f:{k}": owned(v) for k, v in value.items()} if isinstance(value, dict) else {}

    part = {k: v for k, v in spec.items() if whole or k not in ("podTemplate", "flinkConfiguration")}
    return {"apiVersion": "sluice.dev/v1beta1", "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": owned(part)},
            "manager": "kubectl", "operation": "Apply", "time": "2026-11-01T08:00:00Z"}


def review(operation, envs, keys, fill):
    update = operation == "UPDATE"
    new = cluster(envs, keys, fill, update)
    old = json.loads(json.dumps(new)) if update else None
    if update:
        new["spec"]["job"]["args"] = ["--topic", "payments-v2"]
    kind = {"group": "sluice.dev", "version": "v1beta1", "kind": "FlinkCluster"}
    resource = {"group": "sluice.dev", "version": "v1beta1", "resource": "flinkclusters"}
    return {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "kind": kind, "resource": resource, "requestKind": kind,
        "requestResource": resource, "name": "fraud", "namespace": "payments", "operation": operation,
        "userInfo": {"username": "system:serviceaccount:payments:deployer", "uid": "14", "groups":
                     ["system:serviceaccounts", "system:serviceaccounts:payments", "system:authenticated"]},
        "object": new, "oldObject": old, "dryRun": False,
        "options": {"kind": f"{operation.title()}Options", "apiVersion": "meta.k8s.io/v1", "fieldManager": "kubectl",
                    "fieldValidation": "Strict"}}}


def fitted(operation, envs, keys, size):
    """The largest filling that stays within SIZE."""
    best = None
    for fill in range(2000):
        text = json.dumps(review(operation, envs, keys, fill), separators=(",", ":"))
        if len(text) > size:
            break
        best = text
    assert best, f"{operation} of {envs} variables doesn't fit {size} bytes"
    return best


HERE.mkdir(exist_ok=True)
for name, operation, envs, keys, size in [
        ("create-small", "CREATE", 12, 10, SMALL), ("update-small", "UPDATE", 0, 2, SMALL),
        ("create-large", "CREATE", 180, 128, LARGE), ("update-large", "UPDATE", 180, 128, LARGE)]:
    text = fitted(operation, envs, keys, size)
    (HERE / f"{name}.json").write_text(text)
    print(f"{name}: {len(text)} bytes")
