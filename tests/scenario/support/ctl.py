# SPDX-License-Identifier: Apache-2.0
"""Runs amendsctl, into a pipe or on a terminal of a given width."""

import fcntl
import json
import os
import struct
import subprocess
import termios

import pytest

from harness import paths


def on_terminal(argv, columns, env):
    """Runs the program with its output on a terminal; the finished process, as subprocess.run has it."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen(argv, stdout=theirs, stderr=subprocess.PIPE, env=env) as child:
        os.close(theirs)
        output = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            output += piece
        os.close(ours)
        errors = child.stderr.read()
    text = output.decode().replace("\r\n", "\n")
    return subprocess.CompletedProcess(argv, child.returncode, text, errors.decode())


@pytest.fixture
def ctl(world):
    """ctl("case", "list", who="ann") -> the finished process; with columns=80 it writes to a terminal."""

    def run(*words, who="crm", tenant=world.tenant, columns=0, env=None, **addresses):
        servers = {kind: world.cluster.replica(kind).address
                   for kind in ("intake", "assignment", "resolution")}
        options = [f"--{kind}={address}" for kind, address in {**servers, **addresses}.items()]
        argv = [paths.program("amendsctl"), *options, "--tenant", tenant, "--as", who, *words]
        environment = {**os.environ, "TZ": "UTC", **(env or {})}
        return on_terminal(argv, columns, environment) if columns else subprocess.run(
            argv, capture_output=True, text=True, check=False, timeout=60, env=environment)

    return run


@pytest.fixture
def ask(ctl):
    """The same with --json; it must succeed."""

    def run(*words, **who):
        done = ctl("--json", *words, **who)
        assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    return run
