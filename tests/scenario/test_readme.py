# SPDX-License-Identifier: Apache-2.0
"""Every console block of README.md is played: its commands, in order, and the output that is printed below them.

Ids, times, hashes, ports and spaces may differ; "..." stands for any text, and alone in a line for any lines.
"""

import os
import re
import subprocess

import pytest

from harness import api, paths


BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
# What differs from run to run, and what it looks like in any of them.
VARIES = {
    UUID.pattern: f"({UUID.pattern})",
    r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z",
    r"\b[0-9a-f]{64}\b": r"[0-9a-f]{64}",
    r"\b127\.0\.0\.1:[0-9]+": r"127\.0\.0\.1:[0-9]+",
    r"\.\.\.": r".*",
}
SHELL = """
ctl() {{ {program} --intake={intake} --assignment={assignment} --resolution={resolution} --tenant={tenant} "$@"; }}
cd {folder} && {setup}
{command}
"""


def steps(block):
    """[(command, lines of its output)]"""
    found = []
    for line in block.replace("\\\n", "").splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif line.strip():
            found[-1][1].append(line)
    return found


def pattern(line):
    """The regular expression of what a line of README stands for."""
    parts = re.split("(" + "|".join(VARIES) + r"|\s+)", line.strip())
    form = ""
    for part in parts:
        like_it = next((like for what, like in VARIES.items() if re.fullmatch(what, part)), None)
        form += like_it or (r"\s+" if part.isspace() else re.escape(part))
    return form


def shown(lines):
    """One expression for all lines of an output; a line of three dots is any number of lines."""
    return "".join(r"(?:.*\n)*" if line.strip() == "..." else rf"\s*{pattern(line)}\s*\n" for line in lines)


class Terminal:
    """Runs commands of a block one after the other, with the ids and variables of this run."""

    def __init__(self, world, folder):
        servers = {kind: world.cluster.replica(kind).address for kind in ("intake", "assignment", "resolution")}
        self._shell = {**servers, "program": paths.program("amendsctl"), "tenant": world.tenant, "folder": folder}
        self._world, self._ids, self._setup = world, {}, ["true"]

    def play(self, command, lines):
        for here, there in self._ids.items():
            command = command.replace(here, there)
        if re.fullmatch(r"[A-Z]+=\S+", command):
            self._setup.append(command)
        elif not command.startswith("alias "):
            self._compare(command, lines, self._run(command))

    def _run(self, command):
        self._world.settle()
        waits = command.replace(" offer watch", " --timeout-ms 2000 offer watch")
        script = SHELL.format(**self._shell, setup="; ".join(self._setup), command=waits)
        done = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False, timeout=60, env={**os.environ, "AMENDS_AS": "crm", "TZ": "UTC"})
        return done.stdout

    def _compare(self, command, lines, output):
        print(f"$ {command}\n{output}")
        if not lines:
            return
        printed = re.fullmatch(shown(lines), output)
        assert printed, f"$ {command}\n{output}\nREADME says\n" + "\n".join(lines)
        for here, there in zip(UUID.findall("\n".join(lines)), printed.groups()):
            self._ids.setdefault(here, there)


@pytest.fixture
def terminal(world, tmp_path):
    return Terminal(world, tmp_path)


README = (paths.ROOT / "README.md").read_text()


def test_the_table_of_calls_is_the_contract():
    rows = re.findall(r"^\| `(\w+Service)`[^|]*\| ([\w, ]+) \|$", README, re.MULTILINE)
    told = {service: calls.split(", ") for service, calls in rows}
    ours = {service.name: [method.name for method in service.methods]
            for service in map(api.service, api.services()) if service.name != "AssignmentInternalService"}
    assert {name: sorted(calls) for name, calls in told.items()} == {
        name: sorted(calls) for name, calls in ours.items()}


def test_every_block_does_what_readme_says(terminal):
    blocks = BLOCK.findall(README)
    assert len(blocks) == 2
    for block in blocks:
        for command, lines in steps(block):
            terminal.play(command, lines)
