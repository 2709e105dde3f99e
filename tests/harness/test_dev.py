# SPDX-License-Identifier: Apache-2.0
"""`./dev run`, `down` and `clean`: two at once, one after the other, and ^C."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from harness import dev, paths
from harness.cluster import Clock
from harness.credentials import PEOPLE, Credentials
from harness.process import Process, Recorded

# Runs harness.dev with a private folder of the test's own; ^C comes when the servers are up and the services are not.
DRIVER = """
import os, signal, sys
from pathlib import Path
from harness import dev, paths
paths.state_folder = lambda: Path(sys.argv[1])
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job begins with ^C ignored
dev.start_services = lambda *_: os.kill(os.getpid(), signal.SIGINT)
sys.exit(dev.main(*sys.argv[2:]))
"""


@pytest.fixture
def private(state_folder, monkeypatch):
    monkeypatch.setattr(paths, "state_folder", lambda: state_folder)
    return state_folder


def test_two_at_once_are_told_apart(private, capsys):
    with dev.alone():
        for command in ("run", "down", "clean"):
            assert dev.main(command) == 1
    assert capsys.readouterr().out.count("is at work") == 3


def test_run_leaves_alone_what_is_up(private, capsys):
    child = Process(dev.folder(), "amends-intake", ["sleep", "600"]).start()
    try:
        assert dev.main("run", "--no-story") == 1
        assert child.running()
        assert "already up: amends-intake" in capsys.readouterr().out
        assert dev.main("down") == 0
        told = capsys.readouterr().out
        assert "ended: amends-intake" in told and str(private) in told and "./dev clean" in told
    finally:
        child.kill()


def test_interrupted_run_leaves_nothing(state_folder):
    environment = {**os.environ, "PYTHONPATH": str(paths.ROOT / "tests")}
    with subprocess.Popen([sys.executable, "-c", DRIVER, state_folder, "run", "--no-story"], env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=paths.ROOT) as run:
        told = run.communicate(timeout=60)[0]
    assert run.returncode == 130 and "interrupted" in told and "Traceback" not in told, told
    assert not [one for one in Recorded.all_in(state_folder) if one.pid()]


def test_a_path_with_a_blank_is_not_used_in_connection_strings(monkeypatch, tmp_path):
    root = tmp_path / "my checkout"
    monkeypatch.setattr(paths, "ROOT", root)
    monkeypatch.setattr(paths, "server_user", lambda: None)
    folder = paths.state_folder()
    try:
        assert " " not in str(folder) and folder.parent == Path("/var/tmp")
    finally:
        folder.rmdir()


def test_an_interrupted_initdb_is_made_again(state_folder):
    from harness.servers import Postgres

    server = Postgres(state_folder / "pg")
    (server.folder / "data.new").mkdir()
    (server.folder / "data.new" / "PG_VERSION").write_text("15\n")
    server.start()
    try:
        assert server.execute("select 1") == [(1,)]
    finally:
        server.stop()
    assert not (server.folder / "data.new").exists()


def test_without_root_all_that_is_missing_is_named_at_once(tmp_path):
    """On a machine that has next to nothing, for a user who may install nothing."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("bash", "env", "readlink", "dirname", "mkdir", "grep", "cat"):
        (tools / tool).symlink_to(shutil.which(tool))
    for tool, text in (("id", "echo 1000"), ("dpkg-query", "exit 1")):
        (tools / tool).write_text(f"#!{shutil.which('bash')}\n{text}\n")
        (tools / tool).chmod(0o755)
    done = subprocess.run([paths.ROOT / "dev", "run"], env={"PATH": str(tools)}, capture_output=True, text=True,
                          check=False, timeout=60)
    assert done.returncode == 1
    line = next(line for line in done.stderr.splitlines() if "apt-get install" in line)
    for package in ("libgrpc-dev", "cmake", "python3-pytest", "redis-tools"):
        assert f" {package}" in line, done.stderr
    assert done.stderr.count("apt-get") == 2, done.stderr


def test_run_tells_by_how_much_the_stories_moved_the_time(tmp_path, capsys):
    clock = Clock(tmp_path / "clock")
    dev.print_time(clock)
    assert not capsys.readouterr().out
    Clock(tmp_path / "clock").advance(18 * 86_400)
    dev.print_time(clock)
    assert "18 days later than now" in capsys.readouterr().out


def test_contexts_name_files_that_are_there(tmp_path):
    """And nobody else can read a key."""
    credentials = Credentials(tmp_path / "secrets").make_files()
    credentials.write_contexts({"intake": "127.0.0.1:1"}, "demo")
    assert stat.S_IMODE(credentials.folder.stat().st_mode) == 0o700
    for file in (credentials.first_key, credentials.internal_key, credentials.contexts, credentials.tls.authority.key):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    text = credentials.contexts.read_text()
    assert "amends_" not in text and "    tls-ca: tls/ca.crt\n" in text and credentials.ca.exists()
    listed = subprocess.run([paths.program("amendsctl"), "context", "list"], capture_output=True, text=True, check=True,
                            timeout=60, env={"AMENDS_CONFIG": str(credentials.contexts)})
    assert len(listed.stdout.splitlines()) == 2 + len(PEOPLE) and "* demo" in listed.stdout, listed.stdout


def test_kept_keys_stay_and_others_go(tmp_path):
    credentials = Credentials(tmp_path / "secrets").make_files()
    first = credentials.first_key.read_text()
    assert Credentials(credentials.folder).make_files(keep=True).first_key.read_text() == first
    credentials.key_of("ann").touch()
    assert Credentials(credentials.folder).make_files().first_key.read_text() != first
    assert not credentials.key_of("ann").exists()
