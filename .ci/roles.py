# SPDX-License-Identifier: Apache-2.0
"""Compares the table of roles with what the comments of the calls say: each comment ends with "Roles: AGENT, CLIENT."."""

import re

TABLE = "common/contract/roles.def"
ROW = re.compile(r"^MAY_CALL\(CALL_(\w+),\s*([A-Z_ |\n]+)\)", re.MULTILINE)
SERVICE = re.compile(r"^service (\w+) \{")
RPC = re.compile(r"^  rpc (\w+)\(")
COMMENT = re.compile(r"^  // (.*)")
SAID = re.compile(r"(?:^|\. )Roles: ([A-Z_, ]+)\.$")


def snake(name):
    """"OpenCase" as "OPEN_CASE", as the build does it."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()


def table(root):
    return {call: [word.strip() for word in words.split("|")]
            for call, words in ROW.findall((root / TABLE).read_text())}


def findings(root, names):
    rows = table(root)
    return [finding for name in names if re.match(r"proto/amends/v1/\w+\.proto$", name)
            for finding in in_proto(name, (root / name).read_text().splitlines(), rows)]


def in_proto(name, lines, rows):
    service, comment = "", []
    for number, line in enumerate(lines, 1):
        if match := SERVICE.match(line):
            service = match[1]
        if match := RPC.match(line):
            call = f"{snake(service)}_{snake(match[1])}"
            yield from (f"{name}:{number}: {what}" for what in about(call, " ".join(comment), rows.get(call)))
        match = COMMENT.match(line)
        comment = comment + [match[1]] if match else []


def about(call, comment, roles):
    """A call without a row does not compile; here it would only be told a second time."""
    said = SAID.search(comment)
    if not said:
        yield "the comment of the call does not end with 'Roles: ...' (common/contract/roles.def)"
    elif roles and said[1].split(", ") != roles:
        yield f"the comment says other roles of {call} than the table: {', '.join(roles)}"
