# SPDX-License-Identifier: Apache-2.0
"""amendsctl for people: what reaches the terminal, what fits it, and what is said when something is wrong."""

import os
import re
import shutil
import subprocess

import pytest

from harness import paths
from harness.api import new_id

from .support import sample
from .support.ctl import ask, ctl  # pylint: disable=unused-import

LOST, AWAY, USAGE = 8, 7, 1
EVIL = "Hello\x1b[2J\u009b31m\u202e\n2  2026-01-01T00:00:00Z  CASE_CLOSED\tmallory\x7f"
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def plain(*words, env=None, **more):
    """amendsctl without a server of ours."""
    return subprocess.run([paths.program("amendsctl"), *words], capture_output=True, text=True, check=False,
                          timeout=60, env={**os.environ, **(env or {})}, **more)


# --- what others wrote ---

@pytest.mark.parametrize("columns", [0, 100])
def test_stored_text_is_shown_and_not_obeyed(world, ctl, columns):
    case = world.crm.OpenCase(**sample.claim(description=EVIL, customer_name="Eve\x1b]0;x\x07")).case
    for words in (["case", "history", case.case_id], ["case", "get", case.case_id], ["case", "list"],
                  ["--json", "case", "get", case.case_id], ["--wide", "case", "list"]):
        done = ctl(*words, columns=columns)
        assert done.returncode == 0 and not UNSAFE.search(done.stdout), (words, done.stdout)
    assert len(ctl("case", "history", case.case_id, columns=columns).stdout.splitlines()) == 2
    assert "\\x1b[2J\\u009b31m\\u202e\\n2" in ctl("case", "history", case.case_id).stdout


def test_json_keeps_what_was_stored(world, ask):
    case = world.crm.OpenCase(**sample.claim(description=EVIL)).case
    assert ask("case", "get", case.case_id)["case"]["failure"]["description"] == EVIL


def test_errors_with_stored_text_are_one_line(ctl):
    done = ctl("case", "get", "x\x1b[2J\ny")
    assert done.returncode == USAGE and not UNSAFE.search(done.stderr)
    assert "--case-id" in done.stderr


# --- lists and widths ---

def test_a_list_says_that_it_goes_on(world, ctl, ask):
    for _ in range(7):
        world.crm.OpenCase(**sample.claim())
    done = ctl("case", "list", "--page-size", "3")
    lines = done.stdout.splitlines()
    assert len(lines) == 5 and lines[-1] == "3 cases shown of more; --all shows all"
    done = ctl("case", "list", "--page-size", "3", "--all")
    lines = done.stdout.splitlines()
    assert len(lines) == 8 and len({line.split()[0] for line in lines}) == 8, done.stdout
    whole = ctl("case", "list")
    assert len(whole.stdout.splitlines()) == 8 and "more" not in whole.stdout
    assert len(ask("case", "list", "--page-size", "3")["cases"]) == 3
    assert len(ctl("--json", "case", "list", "--page-size", "3", "--all").stdout.splitlines()) == 3


def test_an_empty_list_says_so(ctl):
    assert ctl("case", "list", "--customer-id", "nobody").stdout == "no cases\n"
    assert ctl("agent", "list").stdout == "no agents\n"


def test_several_statuses(world, ctl):
    case = world.crm.OpenCase(**sample.claim()).case.case_id
    for words in (["--status", "open,in-progress"], ["--status", "closed", "--status", "OPEN"], ["--status=open"]):
        assert case in ctl("case", "list", *words).stdout
    assert ctl("case", "list", "--status", "in-progress,closed").stdout == "no cases\n"
    assert "none of open, in-progress" in ctl("case", "list", "--status", "open,shut").stderr


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_tables_fit_the_terminal(world, ctl, columns):
    case = world.crm.OpenCase(**sample.claim(customer_id="客" * 30)).case
    for words in (["case", "list"], ["case", "history", case.case_id], ["policy", "versions"]):
        for line in ctl(*words, columns=columns).stdout.splitlines():
            assert sum(2 if ord(one) > 0x2fff else 1 for one in line) <= columns, line
    assert case.case_id in ctl("case", "list", columns=columns).stdout
    assert "客" * 30 in ctl("--wide", "case", "list", columns=columns).stdout


def test_columns_are_aligned_by_width(world, ctl):
    for name in ("客" * 5, "ü" * 9, "plain"):
        world.crm.OpenCase(**sample.claim(customer_id=name))
    heading, *rows = ctl("case", "list").stdout.splitlines()
    places = {sum(2 if ord(one) > 0x2fff else 1 for one in row[:row.index("billing.")]) for row in rows}
    assert places == {heading.index("code")}


def test_a_narrow_table_leaves_out_whole_columns_first(world, ctl):
    world.crm.OpenCase(**sample.claim(customer_id="c-" + "x" * 50))
    heading, row, note = ctl("case", "list", columns=70).stdout.splitlines()
    assert heading.split() == ["reference", "case_id", "status", "customer_id"] and "x…" in row
    assert note == "7 columns find no room; --wide shows them"


def test_times_are_in_the_readers_zone(world, ctl):
    case = world.crm.OpenCase(**sample.claim()).case.case_id
    zone = {"TZ": "IST-05:30"}
    assert re.search(r"T[0-9:]+\+05:30", ctl("case", "history", case, env=zone).stdout)
    assert re.search(r"[0-9]+s ago", ctl("case", "list", columns=200).stdout)
    assert re.search(r"open_time +\S+Z \([0-9]+s ago\)", ctl("case", "get", case, columns=200).stdout)
    assert "ago" not in ctl("--wide", "case", "list", columns=200).stdout


@pytest.mark.parametrize("given, found", [
    ("2020-01-01T00:00:00+01:00", True), ("2020-01-01T00:00:00z", True), ("2099-01-01T00:00:00-03:30", False),
])
def test_times_may_have_an_offset(world, ctl, given, found):
    world.crm.OpenCase(**sample.claim())
    done = ctl("case", "list", "--open-time-from", given)
    assert done.returncode == 0 and (len(done.stdout.splitlines()) == 2) == found, done.stderr


@pytest.mark.parametrize("given", ["2020-01-01T00:00:00", "2020-01-01T00:00:00+1", "2020-01-01T00:00:00+01:0",
                                   "2020-01-01T00:00:00+01:00x", "2020-01-01T00:00:00+24:00", "2020-01-01T00:00:00.Z"])
def test_a_time_without_a_whole_offset_is_refused(given):
    done = plain("case", "list", "--open-time-from", given)
    assert done.returncode == USAGE and "is not a time like" in done.stderr


def test_a_write_answers_with_what_the_next_command_needs(world, ctl):
    done = ctl("case", "open", "--trigger", "complaint", "--channel", "phone", "--customer-id", "c", "--failure-code",
               "billing.overcharge", "--failure-description", "Twice.")
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert names == ["joined", "case_id", "version", "status", "owner.id", "level"], done.stdout
    wide = ctl("--wide", "case", "open", "--trigger", "complaint", "--channel", "phone", "--customer-id", "d",
               "--failure-code", "billing.overcharge", "--failure-description", "Twice.")
    assert "clocks" in wide.stdout


def test_zero_is_shown(ctl):
    ctl("agent", "put", "zoe", "--display-name", "Zoe", "--level", "1", "--capacity", "0")
    assert ctl("agent", "list").stdout.splitlines()[1].split()[-2:] == ["0", "0"]
    assert re.search(r"^  capacity +0$", ctl("agent", "get", "zoe").stdout, re.MULTILINE)


# --- output that cannot be written ---

def test_lost_output_is_exit_8():
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([paths.program("amendsctl"), "policy", "default"], stdout=full,
                              stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert done.returncode == LOST and "could not be written" in done.stderr


def test_a_closed_pipe_does_not_stop_a_write(world, ctl, tmp_path):
    bundle = tmp_path / "bundle.yaml"
    text = ctl("policy", "default").stdout
    bundle.write_text(text.replace("{severity: 5, target: 1h}", "{severity: 5, target: 30m}", 1))
    reading, writing = os.pipe()
    os.close(reading)
    address = world.cluster.replica("intake").address
    done = subprocess.run([paths.program("amendsctl"), "--intake", address, "--tenant", world.tenant, "--as", "crm",
                           "policy", "apply", bundle], stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60)
    os.close(writing)
    assert (done.returncode, done.stderr) == (LOST, b"")
    assert world.crm.GetPolicy().version.version == 2


def test_an_unchanged_policy_is_not_applied_again(world, ctl, tmp_path):
    bundle = tmp_path / "bundle.yaml"
    bundle.write_text(ctl("policy", "get").stdout)
    done = ctl("policy", "apply", bundle)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["no changes", "version 1 is the current one already, with the same source"]
    assert ctl("policy", "diff", bundle).stdout.splitlines()[-1] == "no changes"
    assert len(world.crm.ListPolicyVersions().versions) == 1


# --- failures ---

def test_an_unknown_outcome_names_the_request_id(world, ctl):
    case = world.crm.OpenCase(**sample.claim()).case.case_id
    words = ["case", "escalate", case, "--reason", "Loud."]
    done = ctl(*words, assignment="127.0.0.1:1", who="crm")
    assert done.returncode == AWAY and "connection refused" in done.stderr
    request_id = re.search(r"--request-id ([0-9a-f-]{36})", done.stderr)[1]
    resolution = world.cluster.replica("resolution")
    resolution.pause()
    try:
        late = ctl("--timeout-ms", "300", "act", "record", case, "--kind", "apology", "--request-id", request_id)
    finally:
        resolution.resume()
    assert late.returncode == AWAY and f"--request-id {request_id}" in late.stderr
    assert "no answer in time" in late.stderr
    assert "--request-id" not in ctl("case", "list", intake="127.0.0.1:1").stderr


def test_the_second_address_is_tried(world, ctl):
    # As the default: first the service's own port, then that of `amends serve`.
    both = f"ipv4:127.0.0.1:1,{world.cluster.replica('intake').address}"
    assert ctl("case", "list", intake=both).stdout == "no cases\n"


def test_no_jargon_of_the_library(ctl):
    for address in ("127.0.0.1:1", "no-such-host.invalid:7401"):
        done = ctl("--timeout-ms", "3000", "case", "list", intake=address)
        assert done.returncode == AWAY and address in done.stderr
        for word in ("ipv4:", "C-ares", "subchannel", "UNKNOWN", "last error"):
            assert word not in done.stderr, done.stderr


def test_a_wrong_port_is_told(world, ctl):
    done = ctl("--timeout-ms", "5000", "case", "list", intake=world.cluster.replica("intake").admin)
    assert done.returncode == AWAY and "no gRPC server" in done.stderr, done.stderr
    done = ctl("case", "list", intake=world.cluster.replica("resolution").address)
    assert done.returncode == 2 and "UNKNOWN_METHOD" in done.stderr, done.stderr


def test_a_wrong_field_is_named_as_its_flag(ctl):
    done = ctl("case", "open", "--trigger", "complaint", "--channel", "phone", "--customer-id", "c")
    assert done.returncode == USAGE and "  failure (--failure-code, --failure-description" in done.stderr
    done = ctl("case", "open", "--trigger", "complaint", "--channel", "phone", "--customer-id", "c", "--failure-product",
               "x")
    assert done.returncode == USAGE and "  --failure-code: " in done.stderr
    done = ctl("agent", "put", "ann", "--level", "1", "--skills", "billing:9")
    assert re.search(r"^  --skills\S*: ", done.stderr, re.MULTILINE), done.stderr


# --- help ---

@pytest.mark.parametrize("words", [["-h"], ["help"], ["--help"], []])
def test_help(words):
    done = plain(*words)
    assert done.returncode == 0 and "policy apply" in done.stdout and "--timeout-ms" in done.stdout


@pytest.mark.parametrize("words", [["case", "--help"], ["case", "-h"], ["help", "case"], ["case", "help"]])
def test_help_of_a_noun(words):
    done = plain(*words)
    assert done.returncode == 0 and "case reopen" in done.stdout and "agent" not in done.stdout


@pytest.mark.parametrize("words", [["help", "case", "list"], ["case", "list", "-h"], ["case", "list", "--help"]])
def test_help_of_a_command(words):
    done = plain(*words)
    assert done.returncode == 0 and "--failure-code" in done.stdout and "--all" in done.stdout


@pytest.mark.parametrize("words", [["version"], ["--version"]])
def test_version(words):
    done = plain(*words)
    of_amends = subprocess.run([paths.program("amends"), "serve", "--version"], capture_output=True, text=True,
                               check=True, timeout=60).stdout
    assert done.returncode == 0 and done.stdout == f"amendsctl {of_amends}"


@pytest.mark.parametrize("words, meant", [
    (["cse", "list"], "did you mean case?"), (["case", "lsit"], "did you mean list?"),
    (["case", "list", "--failure", "x"], "did you mean --failure-code?"),
    (["case", "open", "--customer", "x"], "did you mean --customer-id, --customer-name"),
    (["case", "open", "--trigger", "complant"], "complaint, survey, follow-up-request"),
    (["case", "open", "--trigger", "complant"], "did you mean complaint?"),
    (["--tenat", "x", "case", "list"], "did you mean --tenant?"),
    (["case"], "case needs a verb: open, get, list"),
    (["case", "list", "--customer-id", "a", "--customer-id", "b"], "second time"),
    (["case", "list", "--page-size"], "needs a value"), (["case", "list", "--json=maybe"], "neither true nor false"),
    (["case", "list", "-x"], "two hyphens"), (["remedy", "propose", "x", "--amount", "0.0000000001 USD"], "amount"),
])
def test_a_wrong_word_says_what_was_perhaps_meant(words, meant):
    done = plain(*words)
    assert done.returncode == USAGE and meant in done.stderr, done.stderr


def test_every_option_is_a_variable(ctl):
    assert ctl("case", "list", env={"AMENDS_JSON": "true"}).stdout == "{}\n"
    done = plain("case", "list", env={"AMENDS_TIMEOUT_MS": "soon"})
    assert done.returncode == USAGE and "AMENDS_TIMEOUT_MS" in done.stderr
    assert ctl("--json=false", "case", "list", env={"AMENDS_JSON": "1"}).stdout == "no cases\n"


# --- completion ---

def complete(shell, *words):
    """What the shell offers at the end of the words."""
    program = paths.program("amendsctl")
    script = plain("completion", shell).stdout
    if shell == "bash":
        quoted = " ".join(f"'{word}'" for word in words)
        script += f"\nCOMP_WORDS=('{program}' {quoted}); COMP_CWORD={len(words)}; _amendsctl\n" + \
                  "printf '%s\\n' \"${COMPREPLY[@]}\"\n"
    elif shell == "fish":
        script += f"\ncomplete -C '{' '.join(['amendsctl', *words])}'\n"
    folder = os.path.dirname(program)
    done = subprocess.run([shell, "-c", script], capture_output=True, text=True, check=False, timeout=60,
                          env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"})
    assert not done.stderr, done.stderr
    return [line.partition("\t")[0] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("shell", ["bash", "fish"])
@pytest.mark.parametrize("words, offered", [
    (["ca"], ["case", "cause"]), (["case", "re"], ["reopen", "resolve", "resume"]),
    (["case", "list", "--fail"], ["--failure-code"]), (["agent", "presence", "a"], ["available", "away"]),
    (["case", "list", "--status", "clo"], ["closed"]), (["case", "list", "--al"], ["--all"]),
    (["--tenant", "case", "pol"], ["policy"]), (["--js"], ["--json"]),
])
def test_shells_complete(shell, words, offered):
    if not shutil.which(shell):
        pytest.skip(f"no {shell}")
    assert sorted(complete(shell, *words)) == offered


def test_zsh_accepts_the_script():
    if not shutil.which("zsh"):
        pytest.skip("no zsh")
    script = plain("completion", "zsh").stdout
    done = subprocess.run(["zsh", "-fc", "autoload -Uz compinit; compinit -D -u\n" + script], capture_output=True,
                          text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_of_nothing_is_told_so(world, ctl, ask):
    ask("agent", "put", "ann", "--display-name", "Ann", "--level", "1", "--capacity", "5")
    done = ctl("offer", "request", who="ann")
    assert (done.returncode, done.stdout) == (0, "no case waits that you may take\n")
    assert ctl("case", "get", new_id()).returncode == 3
