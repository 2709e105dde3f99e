# SPDX-License-Identifier: Apache-2.0
"""amendsctl today and amendsctl work: what is due, where the reader is, and the command to type next."""

import re
import shlex

import pytest

from harness.api import v1

from .support import sample, steps
from .support.ctl import ask, ctl  # pylint: disable=unused-import

HOUR = 3600


@pytest.fixture
def ann(world):
    return world.agent("ann", present=False)


def today(ctl, *words, who="ann", **more):
    done = ctl("today", *words, who=who, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def commands(lines):
    return [line.strip() for line in lines if line.startswith("    amendsctl ")]


def type_in(ctl, command, who="ann"):
    """Types a command as it was printed."""
    words = shlex.split(command)
    assert words[0] == "amendsctl"
    done = ctl(*words[1:], who=who)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def test_nothing_at_all_says_so(ctl, ann):
    assert today(ctl) == ["nothing is to be done by you; what waits at the desk: amendsctl today --level 1"]
    assert today(ctl, "--level", "1") == ["nothing is to be done"]
    assert not ann.ListWork().items and ctl("work", "list", who="ann").stdout == "no items\n"


def test_a_recovery_is_led_by_the_commands_that_are_printed(world, ctl, ann):
    """From the desk to the last promise, with nothing but what `today` says."""
    case = world.open()
    lines = today(ctl, "--level", "1")
    assert lines[0] == "today" and "first response: J. D. (" in lines[1] and ", owner steward" in lines[1]
    type_in(ctl, commands(lines)[0])  # offer request
    lines = today(ctl)
    assert re.fullmatch(r"  \d\d:\d\d  first response: J\. D\. \(.*\), billing\.overcharge, severity 3", lines[1])
    type_in(ctl, commands(lines)[0])  # contact record
    due = sample.seconds(world.get(case).update_time) + 600
    ann.MakePromise(case_id=case.case_id, kind=v1.PROMISE_KIND_CALL_BACK, description="We call.",
                    promise_time=sample.timestamp(due))
    world.advance(1)
    ann.RecordContact(case_id=case.case_id, direction=v1.CONTACT_DIRECTION_INBOUND, channel=v1.CHANNEL_EMAIL,
                      outcome=v1.CONTACT_OUTCOME_REACHED)
    seen = set()
    for _ in range(10):
        due_today = commands(today(ctl))
        if not due_today:
            break
        seen.add(" ".join(due_today[0].split()[1:3]))
        type_in(ctl, due_today[0])
    assert {"promise settle", "contact record"} <= seen
    lines = today(ctl)
    assert lines[0] == "nothing is due today" and lines[1].startswith("next: ")
    assert [one.state for one in world.get(case).promises] == [v1.PROMISE_STATE_KEPT]


def test_an_offer_is_accepted_as_printed(world, ctl):
    world.agent("ben")
    case = world.open()
    lines = today(ctl, who="ben")
    assert "offer of a case" in lines[1]
    type_in(ctl, commands(lines)[0], who="ben")
    assert world.get(case).owner.id == "ben"


def test_what_is_overdue_comes_first(world, ctl, ann):
    first, second = (world.open() for _ in range(2))
    ann.take(), ann.take()
    world.advance(9 * HOUR)
    steps.reach(ann, second)
    due = sample.seconds(world.get(second).update_time) + 60
    ann.MakePromise(case_id=second.case_id, kind=v1.PROMISE_KIND_VISIT, description="We come.",
                    promise_time=sample.timestamp(due))
    lines = today(ctl)
    assert lines[0] == "overdue" and first.case_id in lines[2]
    assert "promise of a visit" in lines[lines.index("today") + 1]
    assert "1 overdue, 1 due today" in lines
    assert lines[-1].startswith("next: ")


def test_times_are_the_readers(world, ctl, ann):
    world.open()
    ann.take()
    due = ann.ListWork().items[0].due_time.seconds
    for zone, offset in (("UTC", 0), ("Asia/Kolkata", 5 * HOUR + 1800)):
        text = "\n".join(today(ctl, env={"TZ": zone}))
        assert f"{(due + offset) // HOUR % 24:02}:{(due + offset) // 60 % 60:02}" in text
    assert re.search(r"\(in \dh\d\dm\)", "\n".join(today(ctl, columns=200)))


def test_json_has_the_same_rows(world, ask, ann):
    world.open()
    ann.take()
    world.advance(9 * HOUR)
    items = ask("today", who="ann")["items"]
    assert [one["reason"] for one in items] == ["WORK_REASON_CLOCK"] and items[0]["overdue"]


def test_a_long_day_is_cut(world, ctl):
    eve = world.agent("eve", present=False, capacity=100)
    for _ in range(52):
        world.crm.OpenCase(**sample.claim())
    world.settle()
    for _ in range(52):
        eve.take()
    world.advance(9 * HOUR)
    lines = today(ctl, who="eve")
    assert len(commands(lines)) == 50 and lines[-1] == "50 overdue, 0 due today, and more: --all shows all"
    lines = today(ctl, "--all", who="eve")
    assert len(commands(lines)) == 52 and "52 overdue, 0 due today" in lines


def test_work_list_and_summary(world, ctl, ask, ann):
    case = world.open()
    ann.take()
    assert case.case_id in ctl("work", "list", who="ann").stdout
    assert case.case_id in ctl("work", "list", "--owner-id", "ann", "--reasons", "clock").stdout
    assert case.case_id not in ctl("work", "list", who="ann").stdout.replace(case.case_id, "", 1)
    world.advance(9 * HOUR)
    summary = ask("work", "summary", who="ann")
    assert summary["total"]["overdue"] == "1" and len(summary["reasons"]) == 4
    assert ctl("work", "summary", "--time-zone", "Europe/London", who="ann").returncode == 0
