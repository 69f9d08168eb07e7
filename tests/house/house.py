#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of the house that a compiler doesn't know: which folder may include which, what pure code may not
reach for, banned functions, licence lines, header guards, length of files. Prints each offence; exit 1 if any."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# A folder may use itself and what stands above it.
ORDER = ["common/base", "common/json", "common/yaml", "common/http", "common/k8s", "common/refs", "common/kind", "common/flink", "common/policy",
         "common/kube", "common/world", "certs", "webhook", "controller/flink", "controller", "cli"]
PURE_FOLDERS = {"common/json", "common/k8s", "common/refs", "common/kind", "common/flink", "common/policy"}
PURE_FILES = {"webhook/review.c", "webhook/review.h", "webhook/review_audit.c", "webhook/review_cluster.c", "webhook/review_write.c",
              "webhook/review_policies.c", "webhook/review_policy.c", "webhook/review_run.h", "webhook/review_scale.c",
              "webhook/context.c", "webhook/context.h",
              "common/world/clusters.c", "common/world/clusters.h", "common/world/table.c", "common/world/table.h",
              "common/world/row_cluster.c", "common/world/row_namespace.c",
              "common/world/row_policy.c", "common/world/snapshot.c", "common/world/snapshot.h", "certs/policy.c", "certs/policy.h",
              "cli/judge.c", "cli/status_json.c", "cli/status_model.c", "cli/status_pods.c", "cli/status_text.c", "cli/text.c"}
SHELL_BASE = {"clock", "log", "log_batch", "log_sink", "metrics", "metrics_free", "metrics_process", "metrics_state", "metrics_text", "options", "options_main",
              "options_print", "os_file", "signals"}
# The controller's shell; everything else in the folder is its pure half.
CONTROLLER_FLINK_SHELL = {"prober", "prober_http", "prober_state", "prober_thread"}
CONTROLLER_SHELL = {"act", "auditor", "cache", "claims", "claims_follow", "echoes", "ha_store", "judging", "main", "metrics", "plan_settings",
                    "queue", "refusals", "strays", "strays_find", "settings", "workers"}
WORLD = re.compile(r"#include <(microhttpd|curl/|openssl/|gnutls/|yaml|pthread|sys/socket|netdb|unistd|time|fcntl|dirent)")
WORLD_WORDS = re.compile(r"\b(getenv|fopen|clock_gettime|time\(NULL\)|pthread_\w+|fprintf|printf)\s*\(")
BANNED = re.compile(r"(?<![\w.>])(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atof|gets|scanf|sscanf|alloca|system|popen|"
                    r"strtol|strtoul|strtoll|strtoull|cJSON_GetObjectItem|cJSON_Print\w*)\s*\(")
LENGTH_MAX = 450


def sources():
    names = subprocess.run(["git", "-C", str(ROOT), "ls-files", "*.c", "*.h", "*.def"], capture_output=True, text=True,
                           check=True).stdout.split()
    return [n for n in names if (ROOT / n).exists()]


def is_pure(name):
    folder, stem = str(pathlib.Path(name).parent), pathlib.Path(name).stem
    if folder == "common/base":
        return stem not in SHELL_BASE and stem != "macros"
    if folder == "controller/flink":
        return stem not in CONTROLLER_FLINK_SHELL
    if folder == "controller":
        return stem not in CONTROLLER_SHELL
    return folder in PURE_FOLDERS or name in PURE_FILES


def offences(name):
    text = (ROOT / name).read_text()
    lines = text.splitlines()
    folder = str(pathlib.Path(name).parent)
    if not lines or "SPDX-License-Identifier: Apache-2.0" not in lines[0]:
        yield 1, "the first line must be the SPDX line"
    if name.endswith(".h"):
        guard = "SLUICE_" + re.sub(r"[^A-Z0-9]", "_", name.removeprefix("common/").removesuffix(".h").upper()) + "_H"
        if f"#ifndef {guard}" not in text and not name.startswith("tests/"):
            yield 1, f"the header guard must be {guard}"
    if len(lines) > LENGTH_MAX and not name.startswith("tests/"):
        yield 1, f"{len(lines)} lines: over {LENGTH_MAX}, split it by what it does"
    for number, line in enumerate(lines, 1):
        code = re.sub(r'"(\\.|[^"\\])*"', '""', line.split("//")[0])
        if BANNED.search(code) and name != "common/base/parse_num.c":
            yield number, f"banned: {BANNED.search(code).group(1)}"
        included = re.match(r'#include "([^"]+)"', line)
        if included and folder in ORDER:
            other = str(pathlib.Path(included.group(1)).parent)
            if other in ORDER and ORDER.index(other) > ORDER.index(folder):
                yield number, f"{folder} stands above {other} and may not use it"
        if "<cjson/" in line or "<cJSON" in line:
            if not name.startswith("common/json/"):
                yield number, "cJSON is only seen in common/json"
        if is_pure(name):
            if WORLD.search(line) or WORLD_WORDS.search(code):
                yield number, "pure code may not reach for the world"
            if included and re.match(r"common/base/(" + "|".join(SHELL_BASE) + r")\.h", included.group(1)):
                yield number, f"pure code may not include {included.group(1)}"


bad = 0
for source in sources():
    if source.startswith("tests/") or source.startswith("dev/"):
        continue
    for at, what in offences(source):
        print(f"{source}:{at}: {what}")
        bad += 1
sys.exit(1 if bad else 0)
