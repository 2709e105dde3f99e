# SPDX-License-Identifier: Apache-2.0
"""amendsctl from end to end: every command of a recovery, tables, --json, exit codes."""

import datetime
import json
import subprocess
from pathlib import Path

import pytest

from harness import paths
from harness.api import new_id
from harness.process import wait_until

from .support.ctl import ask, ctl  # pylint: disable=unused-import
from .support.sample import unique

USAGE, NOT_FOUND, REFUSED, NOT_ALLOWED, AWAY = 1, 3, 4, 5, 7


def open_case(ask, **who):
    return ask("case", "open", "--trigger", "complaint", "--channel", "phone", "--customer-id",
               unique("customer"), "--failure-code", "billing.overcharge", "--failure-description",
               "Charged twice.", **who)["case"]


def put_agent(ask, name="ann"):
    ask("agent", "put", name, "--display-name", "Ann Lee", "--public-contact", "ann@example.org",
        "--level", "1", "--capacity", "5", "--skills", "billing:3", "--languages", "en")


def test_a_whole_recovery(world, ask):
    put_agent(ask)
    ask("agent", "presence", "available", who="ann")
    case = open_case(ask)["caseId"]
    world.settle()
    offer = ask("case", "get", case)["case"]["offers"][0]["offerId"]
    assert ask("offer", "accept", case, offer, who="ann")["case"]["owner"]["id"] == "ann"
    assert ask("case", "card", case)["ownerContact"] == "ann@example.org"
    ask("contact", "record", case, "--direction", "outbound", "--channel", "phone", "--outcome",
        "reached", who="ann")
    ask("act", "record", case, "--kind", "apology", "--note", "Sorry.", who="ann")
    ask("cause", "record", case, "--code", "billing.system", who="ann")
    remedy = ask("remedy", "propose", case, "--kind", "refund", "--amount", "40 USD",
                 who="ann")["remedy"]["remedyId"]
    ask("remedy", "answer", case, remedy, "--answer", "accepted", who="ann")
    ask("remedy", "fulfil", case, remedy, "--outcome", "fulfilled", "--external-reference", "RF-1")
    version = ask("case", "get", case)["case"]["version"]
    version = ask("case", "resolve", case, "--expected-version", version, who="ann")["case"]["version"]
    closed = ask("case", "close", case, "--expected-version", version, who="ann")["case"]
    assert closed["status"] == "CASE_STATUS_CLOSED"
    assert ask("case", "verify", case)["intact"] is True
    assert len(ask("case", "history", case)["events"]) == int(closed["version"])


def test_roles_shows_who_may_call_what(ctl):
    rows = dict(line.split(maxsplit=1) for line in ctl("roles").stdout.splitlines()[1:])
    assert rows["IntakeService/OpenCase"] == "AGENT, SUPERVISOR, CLIENT, GATEWAY"
    assert rows["AssignmentInternalService/Route"] == "INTERNAL"
    assert rows["grpc.health.v1.Health/Check"] == "(no credential)"


def test_tables_are_for_people(ctl, ask):
    case = open_case(ask)
    done = ctl("case", "list")
    heading, row = done.stdout.splitlines()
    assert heading.split()[:3] == ["reference", "case_id", "status"]
    assert case["caseId"] in row and "open" in row.lower()
    assert case["caseId"] in ctl("case", "get", case["caseId"]).stdout


def test_an_empty_list_is_no_error(ctl):
    assert ctl("case", "list").returncode == 0
    assert ctl("agent", "list").returncode == 0


def test_the_next_case(ask):
    put_agent(ask)
    case = open_case(ask)
    assert ask("offer", "request", who="ann")["case"]["caseId"] == case["caseId"]
    assert ask("offer", "request", who="ann") == {}


def test_watch_prints_one_document_a_message(world, ctl, ask):
    put_agent(ask)
    ask("agent", "presence", "available", who="ann")
    case = open_case(ask)
    world.settle()
    done = ctl("--json", "--timeout-ms", "2000", "offer", "watch", who="ann")
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    assert any(one.get("case", {}).get("caseId") == case["caseId"] for one in messages)
    assert any(one.get("snapshotComplete") for one in messages)
    assert (done.returncode, done.stderr) == (0, ""), "the end of the time that was asked for is no failure"


@pytest.mark.parametrize("words", [
    [], ["case"], ["case", "nonsense"], ["case", "get"], ["case", "list", "--no-such-flag"],
    ["case", "open", "--trigger", "nonsense"], ["case", "get", "a", "b"],
    ["remedy", "propose", "x", "--amount", "forty"], ["case", "get", "not-a-uuid"],
])
def test_a_mistake_in_the_line_is_exit_1(ctl, words):
    done = ctl(*words)
    assert done.returncode == (0 if not words else USAGE), done.stderr
    assert done.stderr.strip() or not words


def test_not_found_is_exit_3(ctl):
    done = ctl("case", "get", new_id())
    assert done.returncode == NOT_FOUND
    assert "CASE_NOT_FOUND" in done.stderr


def test_refused_is_exit_4_and_lists_what_is_missing(ctl, ask):
    put_agent(ask)
    case = open_case(ask)
    version = ask("offer", "request", who="ann")["case"]["version"]
    done = ctl("case", "resolve", case["caseId"], "--expected-version", version, who="ann")
    assert done.returncode == REFUSED
    for item in ("CLOSE_GATE", "CONTACT", "ROOT_CAUSE", "ACT", "REMEDY_OR_DENIAL"):
        assert item in done.stderr


def test_not_allowed_is_exit_5(ctl, ask):
    case = open_case(ask)
    done = ctl("act", "record", case["caseId"], "--kind", "apology", who="crm")
    assert done.returncode == NOT_ALLOWED
    assert ctl("case", "list", tenant="nobody").returncode == NOT_ALLOWED


def test_away_is_exit_7(ctl):
    done = ctl("--timeout-ms", "2000", "case", "list", intake="127.0.0.1:1")
    assert done.returncode == AWAY
    assert "127.0.0.1:1" in done.stderr


def test_help_lists_commands_and_flags(ctl):
    assert "case open" in ctl("--help").stdout
    assert "--customer-id" in ctl("case", "open", "--help").stdout


def test_what_the_server_ignores_has_no_flag(ctl):
    text = ctl("agent", "put", "--help").stdout
    assert "--capacity" in text and "--expected-version" in text
    for flag in ("--load", "--presence", "--version", "--idle-since-time"):
        assert flag not in text


def test_a_day_that_is_not_in_the_calendar_is_refused(ctl):
    done = ctl("case", "list", "--open-time-from", "2026-02-31T00:00:00Z")
    assert done.returncode == 1
    assert "no day of the calendar" in done.stderr


# --- policy ---

@pytest.fixture
def bundle(tmp_path, ctl):
    """bundle(old=new, ...) -> a file with the shipped bundle, its texts replaced."""
    shipped = ctl("policy", "default").stdout

    def write(*pairs, name="bundle.yaml"):
        text = shipped
        for old, new in pairs:
            assert old in text, old
            text = text.replace(old, new, 1)
        file = tmp_path / name
        file.write_text(text)
        return str(file)

    return write


FASTER = ("{severity: 5, target: 1h}", "{severity: 5, target: 30m}")
WRONG = ("{severity: 5, target: 1h}", "{severity: 7, target: 1h}")


def line_of(file, text):
    lines = Path(file).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_the_shipped_bundle_is_printed_and_sound(ctl, bundle):
    done = ctl("policy", "lint", bundle())
    assert (done.returncode, done.stdout) == (0, f"{done.args[-1]}: no errors and no warnings\n")
    assert ctl("policy", "get").stdout == ctl("policy", "default").stdout


def test_lint_says_where(ctl, bundle):
    file = bundle(WRONG)
    done = ctl("policy", "lint", file, intake="127.0.0.1:1")  # needs no server
    assert done.returncode == USAGE
    line = line_of(file, WRONG[1])
    assert done.stdout.startswith(f"{file}:{line}:{20}: error: clocks.first_response.targets[0]"), done.stdout
    problems = json.loads(ctl("--json", "policy", "lint", file).stdout)["problems"]
    assert problems[0]["line"] == line


def test_lint_of_no_file(ctl):
    done = ctl("policy", "lint", "/no/such/file")
    assert done.returncode == USAGE and "No such file" in done.stderr
    assert "FILE" in ctl("policy", "lint").stderr


def test_a_bundle_by_standard_input(ctl, bundle):
    done = subprocess.run([paths.program("amendsctl"), "policy", "lint", "-"], input="x: 1\n",
                          capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == USAGE and done.stdout.startswith("-:1:1: error: x: ")


def test_diff_shows_changes_and_applies_nothing(ctl, ask, bundle):
    done = ctl("policy", "diff", bundle(FASTER))
    assert done.returncode == 0 and "first_response" in done.stdout and "30m" in done.stdout
    done = ctl("policy", "diff", bundle(WRONG))
    assert done.returncode == USAGE and ": error: " in done.stdout
    assert len(ask("policy", "versions")["versions"]) == 1


def test_apply(ctl, ask, bundle):
    assert ctl("policy", "apply", bundle(WRONG)).returncode == USAGE
    done = ctl("policy", "apply", "--dry-run", bundle(FASTER))
    assert done.returncode == 0 and "30m" in done.stdout and "version" not in done.stdout.splitlines()[-1]
    assert len(ask("policy", "versions")["versions"]) == 1
    file = bundle(FASTER)
    done = ctl("policy", "apply", file)
    assert done.returncode == 0 and "30m" in done.stdout and "version 2" in done.stdout, done.stderr
    assert ctl("policy", "get").stdout == Path(file).read_text()
    assert ctl("policy", "get", "--version", "1").stdout == ctl("policy", "default").stdout
    listed = ctl("policy", "versions").stdout.splitlines()
    assert listed[0].split()[0] == "version" and listed[1].split()[:2] == ["2", "yes"]
    stale = ctl("policy", "apply", bundle(), "--expected-version", "1")
    assert stale.returncode == REFUSED and "VERSION_MISMATCH" in stale.stderr


def test_migrate_moves_also_what_goes_back_while_it_walks(world, ctl, ask, bundle):
    first, second = (open_case(ask)["caseId"] for _ in range(2))
    sql = world.cluster.sql
    assert ctl("policy", "apply", bundle(FASTER)).returncode == 0
    dry = ctl("policy", "migrate", "--dry-run", "--page-size", "1")
    assert dry.returncode == 0 and "(of 2 cases looked at)" in dry.stdout, dry.stderr
    # As soon as the first case has moved, the second one is before it.
    sql("create function go_back() returns trigger language plpgsql as $$ begin"
        f" update recovery_case set opened_at = opened_at - interval '1 year' where case_id = '{second}';"
        f" update case_work set opened_at = opened_at - interval '1 year' where case_id = '{second}';"
        " return null; end $$")
    sql("create trigger go_back after update of policy_version on recovery_case for each row"
        f" when (new.case_id = '{first}' and new.policy_version <> old.policy_version)"
        " execute function go_back()")
    try:
        done = ctl("policy", "migrate", "--page-size", "1")
    finally:
        sql("drop function go_back cascade")
    assert done.returncode == 0 and "(of 2 cases looked at)" in done.stdout, done.stderr
    assert {ask("case", "get", one)["case"]["policyVersion"] for one in (first, second)} == {2}


def test_explain(ctl, ask):
    case = open_case(ask)
    table = ctl("policy", "explain", case["caseId"]).stdout
    for word in ("first_response (FIRST_RESPONSE, RUNNING)", "resolution (RESOLUTION, RUNNING)",
                 "WORKING", "from", "until", "length", "counted"):
        assert word in table, table
    clock = next(one for one in case["clocks"] if one["name"] == "resolution")
    one = ctl("policy", "explain", case["caseId"], clock["clockId"]).stdout
    assert "3d 00:00:00 counted" in one and "first_response" not in one
    assert ctl("policy", "explain", case["caseId"], "resolution").stdout == one
    parts = json.loads(ctl("--json", "policy", "explain", case["caseId"], clock["clockId"],
                           "--percent", "50").stdout)["parts"]
    assert sum(int(part["countedMs"]) for part in parts) == 36 * 3600 * 1000
    before = ctl("policy", "explain", case["caseId"], clock["clockId"], "--before", "1h30m").stdout
    assert "-1h30m at" in before and "2d 22:30:00 counted" in before
    assert "needs a number and a unit" in ctl("policy", "explain", case["caseId"], "--before", "1").stderr
    assert ctl("policy", "explain", case["caseId"], "nonsense").returncode == NOT_FOUND
    assert ctl("policy", "explain", case["caseId"], new_id()).returncode == NOT_FOUND


def test_help_of_commands_with_files_and_choices(ctl):
    assert "usage: amendsctl policy apply FILE" in ctl("policy", "apply", "--help").stdout
    assert "[clock_id]" in ctl("policy", "explain", "--help").stdout
    assert "--dry-run" not in ctl("policy", "diff", "--help").stdout
    assert "usage: amendsctl audit [flags]" in ctl("audit", "--help").stdout


def test_audit_finds_nothing_in_a_sound_tenant(ctl, ask):
    open_case(ask)
    done = ctl("audit")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "0 findings in 1 open cases\n"


# --- clocks and the ladder by hand ---

def test_pauses_promises_and_the_ladder(ask):
    put_agent(ask)
    case = open_case(ask)["caseId"]

    def version():
        return ask("case", "get", case)["case"]["version"]

    in_a_month = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=30)
    ask("offer", "request", who="ann")
    paused = ask("case", "pause", case, "--reason", "customer-asked", "--expected-version", version(),
                 who="ann")["case"]
    assert "PAUSED" in {one["state"].removeprefix("CLOCK_STATE_") for one in paused["clocks"]}
    running = ask("case", "resume", case, who="ann")["case"]
    assert "PAUSED" not in {one["state"].removeprefix("CLOCK_STATE_") for one in running["clocks"]}
    made = ask("promise", "make", case, "--kind", "call-back", "--description", "Ann calls back",
               "--promise-time", f"{in_a_month:%Y-%m-%dT%H:%M:%SZ}", who="ann")
    settled = ask("promise", "settle", case, made["promiseId"], "--outcome", "kept", who="ann")["case"]
    assert settled["promises"][0]["state"] == "PROMISE_STATE_KEPT"
    raised = ask("case", "escalate", case, "--reason", "They ask for a lead.", who="ann")["case"]
    assert raised["level"] == 2
    ask("agent", "put", "lea", "--display-name", "Lea Roy", "--level", "2", "--capacity", "5")
    noticed = ask("escalation", "acknowledge", case, who="lea")["case"]
    assert noticed["acknowledger"] == "lea"


def test_a_customers_data(world, ctl, ask):
    customer = open_case(ask)["customerId"]
    document = json.loads(ctl("customer", "export", customer).stdout)
    assert document["customerId"] == customer and len(document["cases"]) == 1
    plan = ask("customer", "erase", customer, "--reason", "letter", "--include-open", "--dry-run")
    assert plan["erased"] == "1" and "certificate" not in plan
    done = ctl("customer", "erase", customer, "--reason", "letter", "--include-open")
    assert done.returncode == 0 and "erasure_id" in done.stdout.replace(" ", "_").lower()
    assert ctl("customer", "export", "nobody").returncode == NOT_FOUND
    wait_until(lambda: "ExportCustomer" in ctl("access", "list", "--customer-id", customer).stdout, "the record", 10)
