# SPDX-License-Identifier: Apache-2.0
"""Every console block of README.md is played: its commands, in order, and the output that is printed below them.

Ids, times, hashes, ports and spaces may differ; "..." stands for any text, and alone in a line for any lines.
"""

import contextlib
import os
import re
import signal
import subprocess

import pytest

from harness import api, paths
from harness.cluster import SERVICES, migrate
from harness.credentials import Credentials
from harness.process import free_port, http_status, wait_until

from .support.world import World

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
ctl() {{ amendsctl "$@"; }}
cd {folder} && {setup}
{command}
"""
# What the commands after it need, too.
KEPT = r"[A-Z]+=\S+|\w+\(\) \{.*\}"


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
    """Runs commands of a block one after the other, with the ids and variables of this run. `settle` is called before
    each; `started` are the programs that run in the background."""

    def __init__(self, folder, environment, settle=lambda: None):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AMENDS_")}
        programs = paths.program("amendsctl").parent
        self._environment = {**kept, "PATH": f"{programs}:{kept['PATH']}", "TZ": "UTC", **environment}
        self._folder, self._settle, self._ids, self._setup = folder, settle, {}, ["true"]
        self.started = []

    def play(self, command, lines):
        for here, there in self._ids.items():
            command = command.replace(here, there)
        if re.fullmatch(KEPT, command):
            self._setup.append(command)
        elif command.endswith(" &"):
            self.started.append(self._start(command.removesuffix(" &"), stdout=None))
            self._wait_ready()
        elif not command.startswith(("alias ", "export ")):
            self._compare(command, lines, self._run(command))

    def play_all(self, *blocks):
        for block in blocks:
            for command, lines in steps(block):
                self.play(command, lines)

    def _start(self, command, **options):
        script = SHELL.format(folder=self._folder, setup="; ".join(self._setup), command=command)
        return subprocess.Popen(["bash", "-c", script], stderr=subprocess.STDOUT, text=True, env=self._environment,
                                start_new_session=True, **options)

    def _wait_ready(self):
        url = f"http://{self._environment['AMENDS_ADMIN']}/readyz"
        wait_until(lambda: http_status(url)[0] == 200 or self.started[-1].poll() is not None, "the services to be ready")

    def _run(self, command):
        self._settle()
        waits = command.replace(" offer watch", " --timeout-ms 2000 offer watch")
        with self._start(waits, stdout=subprocess.PIPE) as process:
            return process.communicate(timeout=60)[0]

    def _compare(self, command, lines, output):
        print(f"$ {command}\n{output}")
        if not lines:
            return
        printed = re.fullmatch(shown(lines), output)
        assert printed, f"$ {command}\n{output}\nREADME says\n" + "\n".join(lines)
        for here, there in zip(UUID.findall("\n".join(lines)), printed.groups()):
            self._ids.setdefault(here, there)

    def close(self):
        for process in self.started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)


@pytest.fixture
def terminal(make_cluster, tmp_path):
    """The shell of a reader who has typed `./dev run --no-story` and what it printed."""
    credentials = Credentials(tmp_path / "secrets").make_files()
    cluster = make_cluster(auth="required", tls=credentials.tls)
    migrate(cluster.postgres, cluster.name, "demo", first_key=credentials.first_key)
    credentials.make_keys(cluster.replica("intake").address)
    credentials.write_contexts({kind: cluster.replica(kind).address for kind in SERVICES}, "demo")
    return Terminal(tmp_path, {"AMENDS_CONFIG": str(credentials.contexts)}, World(cluster, "demo").settle)


@pytest.fixture
def empty_terminal(environment, tmp_path):
    """The shell of somebody who has an empty database, and no port of ours is free."""
    name = environment.next_name()
    environment.postgres.create_database(name)
    address, admin = (f"127.0.0.1:{free_port()}" for _ in range(2))
    one = Terminal(tmp_path, {"AMENDS_PG": environment.postgres.conninfo(name), "AMENDS_LISTEN": address,
                              "AMENDS_SERVER": address, "AMENDS_ADMIN": admin, "AMENDS_CONFIG": str(tmp_path / "none")})
    yield one
    one.close()
    environment.postgres.drop_database(name)


README = (paths.ROOT / "README.md").read_text()


def test_the_table_of_calls_is_the_contract():
    rows = re.findall(r"^\| `(\w+Service)`[^|]*\| ([\w, ]+) \|$", README, re.MULTILINE)
    told = {service: calls.split(", ") for service, calls in rows}
    ours = {service.name: [method.name for method in service.methods]
            for service in map(api.service, api.services()) if service.name != "AssignmentInternalService"}
    assert {name: sorted(calls) for name, calls in told.items()} == {
        name: sorted(calls) for name, calls in ours.items()}


def test_every_block_is_played():
    assert len(BLOCK.findall(README)) == 4


def test_every_block_does_what_readme_says(terminal):
    terminal.play_all(*BLOCK.findall(README)[:2])


def test_securing_it_does_what_readme_says(empty_terminal):
    blocks = BLOCK.findall(README)[2:]
    assert len(steps(blocks[0])) <= 10
    empty_terminal.play_all(*blocks)
    assert empty_terminal.started[0].poll() is None
