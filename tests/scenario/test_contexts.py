# SPDX-License-Identifier: Apache-2.0
"""Contexts of amendsctl: who somebody is where, kept in a file."""

import json
import os
import stat
import subprocess

import pytest

from harness import paths

from .support import sample

USAGE = 1
# Contexts of the person who runs the tests are not ours.
FORGOTTEN = ("AMENDS_CONTEXT", "AMENDS_TENANT", "AMENDS_AS", "AMENDS_SERVER", "XDG_CONFIG_HOME")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "contexts.yaml"


@pytest.fixture
def run(file):
    def run_it(*words, env=None):
        around = {name: value for name, value in os.environ.items() if name not in FORGOTTEN}
        return subprocess.run([paths.program("amendsctl"), *words], capture_output=True, text=True, check=False,
                              timeout=60, env={**around, "AMENDS_CONFIG": str(file), **(env or {})})
    return run_it


def write(file, text, mode=0o600):
    file.write_text(text)
    file.chmod(mode)


TWO = """# mine
current: here   # for now
contexts:
  here:
    server: 127.0.0.1:7400
    tenant: demo
  work:
    intake: intake.example.com:7401
    resolution: resolution.example.com:7403
    tenant: acme
    as: ann
"""


def test_contexts_are_listed(file, run):
    write(file, TWO)
    assert [line.split() for line in run("context", "list").stdout.splitlines()] == [
        ["NAME", "TENANT", "ADDRESS"], ["*", "here", "demo", "127.0.0.1:7400"],
        ["work", "acme", "intake.example.com:7401,resolution.example.com:7403"]]
    assert run("context", "list", "--context", "work").stdout.splitlines()[2].startswith("* work")
    answers = [json.loads(line) for line in run("--json", "context", "list").stdout.splitlines()]
    assert answers[1] == {"name": "work", "current": False, "options": {
        "intake": "intake.example.com:7401", "resolution": "resolution.example.com:7403", "tenant": "acme",
        "as": "ann"}}


def test_use_changes_one_line(file, run):
    write(file, TWO)
    done = run("context", "use", "work")
    assert (done.returncode, done.stdout) == (0, "work is the current context\n")
    assert file.read_text() == TWO.replace("current: here   # for now", "current: work")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    write(file, TWO.partition("contexts:")[1] + TWO.partition("contexts:")[2])
    assert run("context", "use", "here").returncode == 0
    assert file.read_text().startswith("current: here\ncontexts:")
    assert "but AMENDS_CONTEXT says work" in run("context", "use", "here", env={"AMENDS_CONTEXT": "work"}).stderr


def test_use_follows_a_link(file, run, tmp_path):
    real = tmp_path / "real.yaml"
    write(real, TWO)
    file.symlink_to(real)
    assert run("context", "use", "work").returncode == 0
    assert file.is_symlink() and "current: work" in real.read_text()


def test_show_says_what_goes_before(file, run):
    write(file, TWO)
    shown = run("context", "show").stdout
    assert shown.startswith(f"here ({file}:4)\n") and "tenant             demo\n" in shown
    shown = run("context", "show", "work", env={"AMENDS_TENANT": "other", "AMENDS_AS": "bob"}).stdout
    assert "tenant             other (AMENDS_TENANT says it instead of acme)" in shown
    assert "as                 bob (AMENDS_AS says it instead of ann)" in shown
    assert json.loads(run("--json", "context", "show", "here").stdout)["current"] is True


def test_unknown_contexts(file, run):
    write(file, TWO)
    for words in (["context", "use", "wrk"], ["context", "show", "wrk"], ["--context", "wrk", "case", "list"]):
        done = run(*words)
        assert done.returncode == USAGE
        assert f'no context "wrk" in {file}; it has here, work; did you mean work?' in done.stderr
    file.unlink()
    assert f"because there is no file {file}" in run("context", "use", "here").stderr
    assert run("context", "list").stdout == f"no contexts in {file}\n"
    assert "no context is chosen" in run("context", "show").stdout


@pytest.mark.parametrize("text, line, what", [
    ("contexts:\n  a:\n    tennant: x\n", 3, "tennant is no option that a context may hold; did you mean tenant?"),
    ("contexts:\n  a:\n    json: true\n", 3, "is no option that a context may hold"),
    ("contexts:\n  a:\n    api-key: x\n", 3, "is a secret"),
    ("contexts:\n  a:\n    token: x\n", 3, "is a secret"),
    ("contexts:\n  a:\n    tenant: amends_k1_abc_def\n", 3, "is a secret"),
    ("contexts:\n  a:\n    as: eyJhbGciOi\n", 3, "is a secret"),
    ("contexts:\n  a:\n    tenant: [x]\n", 3, "is not one text"),
    ("contexts:\n  a: x\n", 2, "is no context"),
    ("contexts:\n  a b:\n    tenant: x\n", 2, "is no name"),
    ("contexts:\n  a:\n    tenant: x\n  a:\n    tenant: y\n", 4, "a"),
    ("context:\n  a:\n", 1, "neither `current`"),
    ("- a\n", 1, "neither `current`"),
    ("contexts: [\n", 2, ""),
])
def test_mistakes_are_told_with_their_line(file, run, text, line, what):
    write(file, text)
    for words in (["context", "list"], ["case", "list"]):
        done = run(*words)
        assert done.returncode == USAGE
        assert f"{file}:{line}:" in done.stderr and what in done.stderr
        assert "amends_k1" not in done.stderr and "eyJ" not in done.stderr


def test_all_mistakes_are_told(file, run):
    write(file, "contexts:\n  a:\n    x: 1\n    y: 2\n")
    assert len(run("context", "list").stderr.splitlines()) == 2


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_to_is_refused(file, run, mode):
    write(file, TWO, mode)
    done = run("case", "list")
    assert done.returncode == USAGE and "others may write to it: chmod go-w it" in done.stderr


def test_a_broken_file_does_not_stop_what_needs_none(file, run):
    write(file, "contexts: [")
    assert run("version").returncode == 0
    file.unlink()
    file.mkdir()
    assert "it is no file" in run("case", "list").stderr


def test_flag_then_environment_then_context(world, file, run):
    servers = "".join(f"    {kind}: {world.cluster.replica(kind).address}\n"
                      for kind in ("intake", "assignment", "resolution"))
    write(file, f"current: here\ncontexts:\n  here:\n    tenant: {world.tenant}\n    as: crm\n{servers}"
                f"  bad:\n    tenant: nobody\n{servers}")
    case = world.crm.OpenCase(**sample.claim()).case
    assert case.case_id[:8] in run("case", "list").stdout
    assert "no tenant nobody" in run("case", "list", env={"AMENDS_CONTEXT": "bad"}).stderr
    assert "no tenant nobody" in run("--context", "bad", "case", "list").stderr
    assert case.case_id[:8] in run("--context", "bad", "case", "list", env={"AMENDS_TENANT": world.tenant}).stdout
    done = run("--tenant", "nobody", "case", "list", env={"AMENDS_TENANT": world.tenant})
    assert "no tenant nobody" in done.stderr
    assert case.case_id[:8] in run("--context", "here", "case", "list", env={"AMENDS_CONTEXT": "bad"}).stdout


def test_where_the_file_is(file, run, tmp_path):
    place = tmp_path / "home" / ".config" / "amends" / "contexts.yaml"
    place.parent.mkdir(parents=True)
    write(place, TWO)
    around = {"AMENDS_CONFIG": "", "HOME": str(tmp_path / "home")}
    assert "work" in run("context", "list", env=around).stdout
    other = tmp_path / "xdg"
    (other / "amends").mkdir(parents=True)
    around["XDG_CONFIG_HOME"] = str(other)
    assert run("context", "list", env=around).stdout == f"no contexts in {other}/amends/contexts.yaml\n"


def test_names_are_completed(file, run):
    write(file, TWO)
    for words in (["context", "use", "w"], ["context", "show", "w"], ["--context", "w"]):
        assert run("complete-words", *words).stdout == "work\n", words

