# SPDX-License-Identifier: Apache-2.0
"""A policy by which the desks are told by mail, made from the one that ships."""

import re
from pathlib import Path

DEFAULT = Path(__file__).resolve().parents[3] / "common" / "policy" / "bundles" / "default.yaml"
DESKS = {1: "desk@company.example", 2: "lead@company.example", 3: "manager@company.example", 4: "board@company.example"}
EVERYTHING = "{by: email}"


def bundle(*rules, language="", desks=DESKS, more=""):
    """`rules` of the section `notify`, else everything by mail; `more` is put into the section."""
    level = iter(sorted(desks))
    lines = ["amends: 2"]
    for line in DEFAULT.read_text().replace("amends: 1\n", "").splitlines():
        lines.append(line)
        if re.match(r"      id: steward", line):
            lines.append(f"      email: {desks[next(level)]}")
            lines += [f"      language: {language}"] if language else []
    channels = "".join(f"    - {rule}\n" for rule in rules or (EVERYTHING,))
    return "\n".join(lines) + f"\nnotify:\n  link: 'https://care.example/c/{{reference}}'\n{more}  channels:\n{channels}"


def apply(world, *rules, extra="", **of):
    world.crm.ApplyPolicy(expected_version=1, source=bundle(*rules, **of) + extra)
