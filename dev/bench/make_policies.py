#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints COUNT FlinkPolicies as one JSON List, of which three are for the namespace of the bodies.

The three use every block, each with bounds of its own where platforms, departments and teams have them, and let the bodies in:
one for all namespaces, one by a glob, one by name. The others are other teams', matched by names, globs and exclusions.
"""
import json
import sys


def policy(name, match, **blocks):
    return {"apiVersion": "sluice.dev/v1beta1", "kind": "FlinkPolicy", "metadata": {"name": name, "generation": 1},
            "spec": {"match": match, **blocks}}


def blocks(enforcement, repository, cpu, schemes, role, bucket):
    return {
        "enforcement": enforcement,
        "images": {"allowed": [f"{repository}/**", "registry.example.org/base/flink"], "defaultTag": "{flinkVersion}",
                   "tags": {"required": True, "denied": ["latest", "*-SNAPSHOT"], "pattern": "[0-9]*"},
                   "flinkVersions": ["1.18..1.20", "2.x"]},
        "iamRoles": {"required": True, "allowed": [f"arn:aws:iam::123456789012:role/{role}"]},
        "parallelism": {"default": 4, "max": 8 * cpu},
        "jobManager": {"replicas": {"default": 2, "min": 1}},
        "taskManager": {"replicas": {"max": 4 * cpu}},
        "resources": {"jobManager": {"max": {"cpu": "4", "memory": "8Gi"}}, "taskManager": {"max": {"cpu": str(cpu), "memory": "32Gi"}}},
        "flinkConfiguration": {"defaults": {"execution.checkpointing.interval": "60s"}, "denied": ["security.*", "env.java.*"]},
        "storage": {"required": True, "allowed": [f"s3://{bucket}", f"s3://{bucket}/**"]},
        "pods": {"hostPath": "Deny", "privileged": "Deny", "hostNetwork": "Deny", "hostPID": "Deny", "hostIPC": "Deny"},
        "job": {"jarSchemes": schemes, "requiredLabels": ["team"]},
    }


OURS = [policy("everywhere", {}, priority=100,
               **blocks("Deny", "registry.example.com", 32, ["local", "s3", "https"], "*/*", "flink-*")),
        policy("finance", {"namespaces": ["pay*", "ledger-*"]}, priority=50,
               **blocks("Warn", "registry.example.com/flink", 16, ["local", "s3"], "{namespace}/*", "flink-state*")),
        policy("payments", {"namespaces": ["payments"]}, priority=10,
               **blocks("Audit", "registry.example.com/flink", 8, ["local"], "payments/*", "flink-state"))]


def other(i):
    match = [{"namespaces": [f"team-{i}"]}, {"namespaces": [f"team-{i}-*", f"lab-{i}-*"]},
             {"namespaces": ["*"], "excludeNamespaces": ["payments", "ledger-*"]}][i % 3]
    return policy(f"team-{i:03d}", match, priority=i % 7,
                  **blocks("Deny", f"registry.example.com/team-{i}", 8, ["local"], "{namespace}/*", f"team-{i}"))


count = int(sys.argv[1])
json.dump({"apiVersion": "v1", "kind": "List", "items": (OURS + [other(i) for i in range(count - len(OURS))])[:count]}, sys.stdout)
print()
