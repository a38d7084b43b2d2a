#!/usr/bin/env python3
"""Check that every relative link in the project's Markdown files leads to a file, and to a heading in it."""

import re
import subprocess
import sys
from pathlib import Path

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.S | re.M)


def anchors(text):
    """The anchors that a Markdown renderer makes of the headings, and those written by hand."""
    found, seen = set(), {}
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", FENCE.sub("", text), re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*]", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        found.add(f"{slug}-{count}" if count else slug)
    return found | set(re.findall(r'(?:id|name)="([^"]+)"', text))


def broken(file):
    """The links of one file that lead nowhere."""
    text = FENCE.sub("", file.read_text(encoding="utf-8"))
    text = re.sub(r"`[^`\n]*`", "", text)
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        goal = file.parent / path if path else file
        if not goal.exists():
            yield f"{file}: no such file: {target}"
        elif anchor and goal.suffix == ".md" and anchor not in anchors(goal.read_text(encoding="utf-8")):
            yield f"{file}: no such heading: {target}"


def main():
    listed = subprocess.run(["git", "ls-files", "*.md"], check=True, capture_output=True, text=True)
    files = [Path(line) for line in listed.stdout.splitlines()]
    faults = [fault for file in files for fault in broken(file)]
    print("\n".join(faults) or f"{len(files)} documents, every link leads somewhere")
    return 1 if faults else 0


sys.exit(main())
