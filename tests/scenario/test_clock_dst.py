# SPDX-License-Identifier: Apache-2.0
"""Deadlines over every change of the clocks in a year, in zones that do it differently: they fall due at
the instant that zoneinfo says, not a moment before, and fire right behind it."""

import datetime
import json
from zoneinfo import ZoneInfo

import pytest

from harness.api import v1

from .year.bundle import YEAR
from .year.calendars import DAY, HOUR, SECOND, instant, micros, wall
from .year.records import stamp

ZONES = ("Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca")
NIGHT = (datetime.time(22), datetime.timedelta(hours=8))
CLOCKS = {
    "next_day": {"kind": "statutory", "zone": "customer", "target": {"days": 1}},
    "night": {"kind": "statutory", "calendar": "night", "zone": "customer", "target": "8h"},
    "a_day": {"kind": "statutory", "target": "24h"},
}
BUNDLE = {"amends": 1, "time_zone": "UTC", "calendars": {"night": {"weekly": {"mon-sun": "22:00-06:00"}}},
          "clocks": CLOCKS}


def changes(zone):
    """The instants at which the zone's clocks are moved in the year, by looking at every half hour."""
    at = datetime.datetime(YEAR, 1, 1, tzinfo=datetime.timezone.utc)
    there, found = ZoneInfo(zone), []
    while at.year == YEAR:
        later = at + datetime.timedelta(minutes=30)
        if at.astimezone(there).utcoffset() != later.astimezone(there).utcoffset():
            found.append((micros(later), zone))
        at = later
    return found


# In the order of time, because the cluster's clock only moves on.
CHANGES = sorted(one for zone in ZONES for one in changes(zone))


def test_every_zone_has_its_changes():
    assert {zone: len(changes(zone)) for zone in ZONES} == dict.fromkeys(ZONES, 2)


def move_to(world, at):
    now = world.cluster.sql("select (extract(epoch from clock_timestamp()) * 1000000)::int8")[0][0]
    world.advance((at - now - world.cluster.clock.offset_us) / SECOND)


def open_case(world, zone):
    world.crm.ApplyPolicy(source=json.dumps(BUNDLE), expected_version=1)
    return world.open("staff_conduct", customer_time_zone=zone)


def expected(opened, zone):
    """When each clock is due, one day and one night after the other."""
    shown = wall(opened, zone)
    return {"next_day": instant(shown + datetime.timedelta(days=1), zone), "a_day": opened + DAY,
            "night": _eight_hours_of_nights(opened, zone)}


def _eight_hours_of_nights(opened, zone):
    left, date = 8 * HOUR, wall(opened, zone).date() - datetime.timedelta(days=1)
    while True:
        begins = datetime.datetime.combine(date, NIGHT[0])
        begin = max(instant(begins, zone), opened)
        end = instant(begins + NIGHT[1], zone, second=True)
        if end - begin >= left:
            return begin + left
        left -= max(end - begin, 0)
        date += datetime.timedelta(days=1)


def check_deadlines(world, case, zone):
    due = {one.name: stamp(one.due_time) for one in case.clocks}
    assert due == expected(stamp(case.open_time), zone)
    for at in sorted(set(due.values())):
        move_to(world, at - 30 * SECOND)
        assert breaches(world, case, due) == {name: one for name, one in due.items() if one < at}
        move_to(world, at + SECOND)
        assert breaches(world, case, due) == {name: one for name, one in due.items() if one <= at}


def breaches(world, case, names):
    return {one.name: stamp(one.breach_time) for one in world.get(case).clocks
            if one.name in names and one.state == v1.CLOCK_STATE_BREACHED}


@pytest.mark.parametrize("at, zone", CHANGES, ids=lambda one: str(one).replace("/", "_"))
def test_deadlines_over_a_change_of_the_clocks(world, at, zone):
    move_to(world, at - 9 * HOUR)
    case = open_case(world, zone)
    promised_in_the_hour(world, case, at, ZoneInfo(zone))
    check_deadlines(world, case, ZoneInfo(zone))


def promised_in_the_hour(world, case, at, zone):
    """A wall time that does not exist moves forward; one that comes twice is the first."""
    ann = world.agent("ann", present=False)
    shown = wall(at - SECOND, zone) + datetime.timedelta(seconds=1)
    moved = wall(at, zone) - shown
    told = shown + moved / 2
    made = ann.MakePromise(case_id=case.case_id, kind=v1.PROMISE_KIND_CALL_BACK, description="a call",
                           local_time=told.isoformat())
    promise = next(one for one in made.case.promises if one.promise_id == made.promise_id)
    assert stamp(promise.promise_time) == instant(told, zone)
    ann.SettlePromise(case_id=case.case_id, promise_id=made.promise_id, outcome=v1.PROMISE_OUTCOME_KEPT)


@pytest.mark.parametrize("year, zone", [(2044, "Asia/Kolkata"), (2048, "America/New_York")])
def test_a_leap_day(world, year, zone):
    move_to(world, micros(datetime.datetime(year, 2, 28, 12, tzinfo=datetime.timezone.utc)))
    case = open_case(world, zone)
    due = next(one.due_time for one in case.clocks if one.name == "next_day")
    shown = wall(stamp(due), ZoneInfo(zone))
    assert (shown.month, shown.day) == (2, 29)
    check_deadlines(world, case, ZoneInfo(zone))
