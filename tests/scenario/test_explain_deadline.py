# SPDX-License-Identifier: Apache-2.0
"""ExplainDeadline: the parts of time join, add up to the target and end at the deadline - for every
clock, in zones with clock changes, with holidays and pauses, at every threshold."""

import pytest

from harness.api import new_id, v1
from harness.errors import refused

from .support import sample
from .support.policy import apply, current, with_clocks

# `desk` has hours over midnight; `year` has so few parts that a whole year of them is shown, whenever the
# test runs, with both clock changes and with a week off that always has working days.
WEEK_OFF = "\n".join(f"      - {{date: 2026-12-{day}, name: Week off, yearly: yes}}" for day in range(24, 31))
CALENDARS = f"""\
calendars:
  desk:
    time_zone: Europe/London
    weekly: {{mon-fri: ["09:00-12:30", "13:15-17:30"], sat: 22:00-02:00}}
    holidays:
      - {{date: 2026-12-31, name: New Year's Eve, hours: 12:00-24:00, yearly: yes}}
  year:
    time_zone: Europe/London
    weekly: {{mon: 09:00-17:30, wed: 09:00-17:30, fri: 09:00-17:30}}
    holidays:
{WEEK_OFF}
"""
# Nothing climbs, so that the owner stays.
CLOCKS = """\
  first_response:
    kind: first_response
    calendar: desk
    target: 8h
    thresholds: [{at: 100%, notify: owner}]
  resolution:
    kind: resolution
    calendar: year
    target: 1351h
    thresholds: [{at: 100%, notify: owner}]
    pause_limit: {single: 60d, total: 90d}
  year:
    kind: statutory
    target: 365d
    thresholds: [{at: 100%, notify: owner}]
  weeks:
    kind: statutory
    calendar: desk
    target: {business_days: 40}
    thresholds: [{at: 100%, notify: owner}]
  long:
    kind: statutory
    calendar: desk
    target: 9000h
    thresholds: [{at: 100%, notify: owner}]
  cadence:
    kind: next_contact
    calendar: year
    zone: customer
    start: {status: live}
    stop: {contact: reached}
    target: 1351h
    thresholds: [{at: 100%, notify: owner}]
"""
WORKING = v1.DEADLINE_PART_KIND_WORKING


def us(time):
    return time.seconds * 1_000_000 + time.nanos // 1000


def explain(who, case, clock, percent=0):
    return who.ExplainDeadline(case_id=case.case_id, clock_id=clock.clock_id, percent=percent)


def check(answer, clock, percent):
    """What every answer must be."""
    assert answer.clock == clock
    at, sum_us = us(clock.start_time), 0
    for part in answer.parts:
        assert us(part.start_time) == at < us(part.end_time)
        at = us(part.end_time)
        counts = part.kind == WORKING or clock.target_unit == v1.TARGET_UNIT_BUSINESS_DAYS
        sum_us += (at - us(part.start_time)) if counts else 0
        assert (part.counted_ms > 0) <= counts
        assert bool(part.label) == (part.kind in (v1.DEADLINE_PART_KIND_HOLIDAY, v1.DEADLINE_PART_KIND_PAUSED))
    if not answer.truncated:
        assert at == us(answer.due_time)
        assert sum_us // 1000 == answer.counted_ms
        assert sum(part.counted_ms for part in answer.parts) == answer.counted_ms
    if clock.target_unit == v1.TARGET_UNIT_UNSPECIFIED:
        assert answer.counted_ms == clock.target_ms * percent // 100
    if percent == 100:
        assert answer.due_time == clock.due_time


def check_all(world, case, percents=(1, 50, 75, 100, 150, 400)):
    """Every clock of the case at every threshold, by both replicas; the answers at 100 %."""
    whole = {}
    for clock in world.get(case).clocks:
        dues = []
        for percent in percents:
            answer = explain(world.crm, case, clock, percent)
            check(answer, clock, percent)
            dues.append(us(answer.due_time))
        assert dues == sorted(dues)
        whole[clock.name] = explain(world.crm, case, clock)
        check(whole[clock.name], clock, 100)
    return whole


@pytest.fixture
def desk(world):
    apply(world, with_clocks(current(world).source, CLOCKS, CALENDARS))
    return world


def test_a_target_in_business_days_shows_every_day(desk):
    """The desk works on every day of the week: on Sunday until two in the night."""
    answer = check_all(desk, desk.open())["weeks"]
    assert [part.kind for part in answer.parts] == [WORKING] * 41
    for part in answer.parts:
        assert us(part.end_time) - us(part.start_time) <= 25 * 3600 * 1_000_000


def test_clocks_of_the_shipped_policy(world):
    case = world.open()
    answers = check_all(world, case)
    assert {"first_response", "resolution"} <= set(answers)
    for answer in answers.values():
        assert [part.kind for part in answer.parts] == [WORKING]


def test_working_hours_holidays_and_clock_changes(desk):
    case = desk.open(customer_time_zone="Australia/Lord_Howe")
    answers = check_all(desk, case)
    assert set(answers) == {"first_response", "resolution", "year", "weeks", "long", "cadence"}
    assert {part.label for part in answers["resolution"].parts if part.label} == {"Week off"}
    assert {part.shift_seconds for part in answers["resolution"].parts} == {0, 3600, -3600}
    assert {part.shift_seconds for part in answers["cadence"].parts} == {0, 1800, -1800}
    assert answers["cadence"].clock.time_zone == "Australia/Lord_Howe"


def test_a_long_way_is_cut_off_but_added_up(desk):
    case = desk.open()
    clock = next(one for one in desk.get(case).clocks if one.name == "long")
    answer = explain(desk.crm, case, clock)
    assert answer.truncated and len(answer.parts) == 500
    assert answer.counted_ms == 9000 * 3600 * 1000
    assert answer.due_time == clock.due_time


def test_pauses_are_parts(desk):
    ann = desk.agent("ann")
    case = ann.accept(desk.open())
    for days in (1, 3):
        desk.advance(2.5 * sample.DAY_S)
        case = ann.PauseCase(case_id=case.case_id, reason=v1.PAUSE_REASON_CUSTOMER_ASKED,
                             expected_version=desk.get(case).version).case
        check_all(desk, case)  # while it lasts
        desk.advance(days * sample.DAY_S + 0.5)
        case = ann.ResumeCase(case_id=case.case_id).case
    answers = check_all(desk, case)
    paused = [part for part in answers["resolution"].parts if part.kind == v1.DEADLINE_PART_KIND_PAUSED]
    assert len(paused) >= 2
    assert {part.label for part in paused} == {"CUSTOMER_ASKED"}
    statutory = answers["year"].parts
    assert not [part for part in statutory if part.kind == v1.DEADLINE_PART_KIND_PAUSED]


def test_a_clock_is_explained_by_its_own_version(desk):
    case = desk.open()
    before = explain(desk.crm, case, desk.get(case).clocks[0])
    apply(desk, with_clocks(desk.crm.GetPolicy(version=1).version.source,
                            "  first_response:\n    kind: first_response\n    target: 1h\n"))
    assert explain(desk.crm, case, before.clock) == before


def test_what_is_not_there(world):
    case = world.open()
    with refused("NOT_FOUND", "CASE_NOT_FOUND"):
        world.crm.ExplainDeadline(case_id=new_id(), clock_id=new_id())
    with refused("NOT_FOUND", "CLOCK_NOT_FOUND"):
        world.crm.ExplainDeadline(case_id=case.case_id, clock_id=new_id())
    with refused("INVALID_ARGUMENT") as caught:
        world.crm.ExplainDeadline(case_id="x", clock_id="y", percent=1001)
    assert sorted(caught.error.fields) == ["case_id", "clock_id", "percent"]
    for before in ({"seconds": -1}, {"seconds": 3653 * sample.DAY_S + 1}, {"seconds": 1, "nanos": 1}):
        with refused("INVALID_ARGUMENT") as caught:
            world.crm.ExplainDeadline(case_id=case.case_id, clock_id=new_id(), before=before)
        assert caught.error.fields == ["before"]
    with refused("INVALID_ARGUMENT") as caught:
        world.crm.ExplainDeadline(case_id=case.case_id, clock_id=new_id(), percent=5, before={"seconds": 1})
    assert caught.error.fields == ["before"]
