#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Links between our pages lead somewhere, and each decision has a number of its own and its line in the index.  pages.py ROOT"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
faults = []


def text(page):
    """Without what stands in code."""
    return re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.S)


def anchors(page):
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


pages = [root / "README.md", root / "CONTRIBUTING.md", root / "dev/README.md", *sorted((root / "docs").rglob("*.md"))]
for page in pages:
    for link in re.findall(r"\]\(([^)\s]+)\)", text(page)):
        if re.match(r"\w+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            faults.append(f"{page.relative_to(root)}: {link} is not there")
        elif anchor and anchor not in anchors(target):
            faults.append(f"{page.relative_to(root)}: {path or 'the page'} has no heading for #{anchor}")

decisions = root / "docs/decisions"
index = dict(re.findall(r"^\| \[(\d{4})\]\((\S+)\) \|", (decisions / "README.md").read_text(encoding="utf-8"), re.M))
seen = {}
for page in sorted(decisions.glob("[0-9]*.md")):
    number = page.name[:4]
    if number in seen:
        faults.append(f"docs/decisions: {page.name} and {seen[number]} have one number")
    seen[number] = page.name
    if index.get(number) != page.name:
        faults.append(f"docs/decisions/README.md: no line for {page.name}")
    if not page.read_text(encoding="utf-8").startswith(f"# {number}: "):
        faults.append(f"docs/decisions/{page.name}: the title must begin with its number")
for fault in faults:
    print(fault, file=sys.stderr)
sys.exit(1 if faults or not seen else 0)
