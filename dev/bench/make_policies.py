#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints COUNT FlinkPolicies as one JSON List, of which three are for the namespace of the bodies.

The three use every block and let the bodies in: one for all namespaces, one by a glob, one by name. The others
are other teams', matched by names, globs and exclusions.
"""
import json
import sys


def policy(name, match, **blocks):
    return {"apiVersion": "sluice.dev/v1beta1", "kind": "FlinkPolicy", "metadata": {"name": name, "generation": 1},
            "spec": {"match": match, **blocks}}


def blocks(enforcement, repository):
    return {
        "enforcement": enforcement,
        "images": {"allowed": [f"{repository}/**", "registry.example.org/base/flink"], "defaultTag": "{flinkVersion}",
                   "tags": {"required": True, "denied": ["latest", "*-SNAPSHOT"], "pattern": "[0-9]*"},
                   "flinkVersions": ["1.18..1.20", "2.x"]},
        "iamRoles": {"required": True, "allowed": ["arn:aws:iam::123456789012:role/{namespace}/*"]},
        "parallelism": {"default": 4, "max": 256},
        "jobManager": {"replicas": {"default": 2, "min": 1}},
        "taskManager": {"replicas": {"max": 128}},
        "resources": {"jobManager": {"max": {"cpu": "4", "memory": "8Gi"}}, "taskManager": {"max": {"cpu": "8", "memory": "32Gi"}}},
        "flinkConfiguration": {"defaults": {"execution.checkpointing.interval": "60s"}, "denied": ["security.*", "env.java.*"]},
        "storage": {"required": True, "allowed": ["s3://flink-*", "s3://flink-*/**"]},
        "pods": {"hostPath": "Deny", "privileged": "Deny", "hostNetwork": "Deny", "hostPID": "Deny", "hostIPC": "Deny"},
        "job": {"jarSchemes": ["local", "s3"], "requiredLabels": ["team"]},
    }


OURS = [policy("everywhere", {}, priority=100, **blocks("Deny", "registry.example.com/flink")),
        policy("finance", {"namespaces": ["pay*", "ledger-*"]}, priority=50, **blocks("Warn", "registry.example.com")),
        policy("payments", {"namespaces": ["payments"]}, priority=10, **blocks("Audit", "registry.example.com/flink"))]


def other(i):
    match = [{"namespaces": [f"team-{i}"]}, {"namespaces": [f"team-{i}-*", f"lab-{i}-*"]},
             {"namespaces": ["*"], "excludeNamespaces": ["payments", "ledger-*"]}][i % 3]
    return policy(f"team-{i:03d}", match, priority=i % 7, **blocks("Deny", f"registry.example.com/team-{i}"))


count = int(sys.argv[1])
json.dump({"apiVersion": "v1", "kind": "List", "items": (OURS + [other(i) for i in range(count - len(OURS))])[:count]}, sys.stdout)
print()
