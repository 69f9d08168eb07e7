# SPDX-License-Identifier: Apache-2.0
"""Flink's HA ConfigMaps, written by hand: KWOK's pods run no Flink."""

FINALIZER = "sluice.dev/cleanup"
LEADER = "control-plane.alpha.kubernetes.io/leader"


def run_of(pods):
    return pods[0]["metadata"]["labels"]["sluice.dev/run"]


def map_name(cluster, run, job=None):
    return f"{cluster}-{run}-{job or 'cluster'}-config-map"


def make_map(api, ns, cluster, run, job=None, host=None, owner=None):
    """As Flink 2.x writes it: without the label configmap-type."""
    data = {"org.apache.flink.k8s.leader.restserver": f"5f2d,http://{host}:8081"} if host else {}
    if job:
        data |= {"checkpointID-0000000000000000001": "rO0ABXNy", "counter": "2"}
    metadata = {"name": map_name(cluster, run, job), "annotations": {LEADER: renewal(0)},
                "labels": {"app": f"{cluster}-{run}", "type": "flink-native-kubernetes"}}
    if owner:
        metadata["ownerReferences"] = [owner]
    return api.create("ConfigMap", ns, {"metadata": metadata, "data": data})


def renewal(count):
    return f'{{"holderIdentity":"a","leaseDuration":"PT4S","renewTime":"{count}","leaderTransitions":0}}'


def maps(api, ns, cluster):
    return [m for m in api.list("ConfigMap", ns, "type=flink-native-kubernetes")
            if m["metadata"]["name"].startswith(f"{cluster}-")]
