# SPDX-License-Identifier: Apache-2.0
"""The tenant's policy bundle: as data, as the text that is applied (JSON is YAML), and as the model
understands it. Conditions and thresholds are written out, so that nothing hangs on what a kind of clock
has when a bundle does not say; only the ladder's clocks come by what levels have."""

import datetime
import json
import re

from .calendars import DAY, HOUR, MINUTE
from .names import Channel, ClockKind, Do, LevelAction, Owner, Status, Trigger
from .policy import Definition, Level, Policy, Threshold
from .rules import DUE, FINAL, LIVE

YEAR = 2041  # after the end of 32-bit time, with a DST change in every one of the zones
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SECOND = MINUTE // 60
UNITS = {"w": 7 * DAY, "d": DAY, "h": HOUR, "m": MINUTE, "s": MINUTE // 60}
NAMED = {"status": Status, "channel": Channel, "trigger": Trigger, "owner": Owner}
GROUPS = {"live": LIVE, "final": FINAL}
ABSENT = {"contact": "none", "customer": "quiet", "remedy": "none", "promise": "none"}


def _calendars():
    return {
        "office": {
            "weekly": {"mon-fri": ["09:00-12:30", "13:15-17:30"], "sat": "10:00-14:00"},
            "dates": {f"{YEAR}-03-31": "00:00-06:00", f"{YEAR}-06-03": "closed",
                      f"{YEAR}-10-27": ["00:30-03:30", "22:00-02:00"]},
            "holidays": [
                {"date": "2026-12-25", "name": "Christmas Day", "yearly": True},
                {"date": "2026-12-26", "name": "Boxing Day", "yearly": True},
                {"date": "2026-01-01", "name": "New Year", "yearly": True},
                {"date": f"{YEAR}-04-19", "name": "Good Friday"},
                {"date": f"{YEAR}-04-22", "name": "Easter Monday"},
                {"date": f"{YEAR}-12-24", "name": "Christmas Eve", "hours": "12:45-24:00"},
            ]},
        "contact": {"weekly": {"mon-fri": "08:00-20:00", "sat-sun": "10:00-18:30"}},
        "night": {"time_zone": "America/New_York",
                  "weekly": {"mon-fri": ["22:00-06:00", "12:00-13:00"], "sat-sun": "22:00-06:00"},
                  "dates": {f"{YEAR}-{month:02}-{day:02}": "closed" for month in (2, 5, 8, 11) for day in (6, 20)},
                  "holidays": [{"date": f"{YEAR}-07-04", "name": "Independence Day"}]},
    }


def _clocks():
    return {
        "first_response": {
            "kind": "first_response", "calendar": "office", "start": {"status": "live"},
            "stop": {"contact": "reached"}, "cancel": {"status": "resolved"},
            "targets": [{"severity": 5, "target": "1h"}, {"severity": 4, "tier": "gold", "target": "2h30m"},
                        {"severity": ["3", "4"], "target": "8h"}, {"target": "16h"}],
            "thresholds": [{"at": "25%", "raise_priority": "20m"}, {"at": "-40m", "notify": "owner"},
                           {"at": "100%", "do": "climb"}, {"at": "150%", "do": "climb", "notify": "next"}]},
        "public": {
            "kind": "first_response", "calendar": "night", "start": {"status": "live", "channel": "social"},
            "stop": {"contact": "reached"}, "cancel": {"status": "resolved"}, "target": "3h20m",
            "thresholds": [{"at": "100%", "do": ["climb", "raise_severity"]}]},
        "resolution": {
            "kind": "resolution", "calendar": "office", "start": {"status": "live"},
            "stop": {"status": "resolved"}, "pause": {"status": "awaiting_customer"},
            "resume": {"customer": "waits"}, "pause_limit": {"single": "50h", "total": "3d"},
            "targets": [{"severity": 5, "target": "18h"}, {"severity": 4, "target": "30h"}, {"target": "45h"}],
            "thresholds": [{"at": "70%", "raise_priority": "30m"}, {"at": "-90m", "do": "raise_severity"},
                           {"at": "100%", "do": "climb"}, {"at": "150%", "do": ["reassign", "co_own"]}, {"at": "400%", "do": "climb"}]},
        "reply": {
            "kind": "next_contact", "calendar": "contact", "zone": "customer", "again": True,
            "start": {"customer": "waits", "status": ["live", "resolved"]}, "stop": {"customer": "quiet"},
            "target": "8h", "pause_limit": {"single": "1d", "total": "30h"},
            "thresholds": [{"at": "50%", "notify": "owner"}, {"at": "100%", "do": "climb"},
                           {"at": "300%", "do": ["climb", "take_over"]}]},
        "cadence": {
            "kind": "next_contact", "again": False,
            "start": [{"contact": "reached", "status": "live"}, {"acknowledged": "yes", "status": "live"},
                      {"progress": "yes", "status": "live"}],
            "stop": {"status": "resolved"}, "reset": {"contact": "reached"}, "target": "11d",
            "pause_limit": {"single": "3d", "total": "4d"},
            "thresholds": [{"at": "100%", "do": "restart", "notify": ["owner", "steward"]}]},
        "acknowledgement": {
            "kind": "statutory", "calendar": "office", "start": {"status": "live"},
            "stop": {"contact": "reached"},
            "targets": [{"severity": 5, "target": {"business_days": 1}}, {"target": {"business_days": 3}}],
            "thresholds": [{"at": "-2h", "notify": "owner"}, {"at": "-15m", "do": "raise_severity"},
                           {"at": "100%", "do": "climb"}]},
        "final_answer": {
            "kind": "statutory", "zone": "customer", "start": {"status": "live"},
            "stop": {"status": "resolved"},
            "targets": [{"severity": 5, "target": {"days": 14}}, {"severity": 4, "target": {"days": 28}},
                        {"target": {"days": 56}}],
            "thresholds": [{"at": "75%", "notify": "next"}, {"at": "100%", "do": "climb"}]},
        "fulfilment": {
            "kind": "fulfilment", "calendar": "office",
            "targets": [{"severity": 5, "target": "6h"}, {"target": "20h"}],
            "thresholds": [{"at": "50%", "notify": "owner"}, {"at": "100%", "do": "climb"}]},
        "promise": {
            "kind": "promise",
            "thresholds": [{"at": "-2d", "notify": "owner"}, {"at": "-3h", "notify": "steward"},
                           {"at": "100%", "do": ["climb", "raise_severity"]}]},
        "follow_up": {
            "kind": "follow_up", "start": {"status": "resolved"}, "stop": {"status": "closed"},
            "cancel": {"status": "live"}, "target": "7d",
            "thresholds": [{"at": "50%", "notify": "owner"}, {"at": "100%", "do": "close"}]},
    }


def _level(name, action, cost, clock=None):
    level = {"name": name, "steward": {"id": f"desk-{name}", "name": name, "contact": f"ask for {name}"},
             "action": action, "cost_per_touch": str(cost), "authority": {"all": "unlimited"}}
    return {**level, **({"clock": clock} if clock else {})}


def bundle():
    failures = {code: {"name": code, "severity": 3, "remedy": "apology"}
                for code in ("billing", "delivery", "conduct")}
    return {
        "amends": 2, "currency": "GBP", "time_zone": "Europe/London", "tiers": ["gold", "silver"],
        "calendars": _calendars(), "failures": failures, "clocks": _clocks(),
        "ladder": [_level("front", "inform", 5),
                   _level("lead", "inform", 20, {"calendar": "office", "target": "8h"}),
                   _level("manager", "co_own", 80, {"calendar": "office", "zone": "customer", "target": "12h"}),
                   _level("executive", "take_over", 400, {"target": "30h"})],
        "promises": {"contact_hours": "contact", "zone": "customer", "ahead": "60d"},
        "assignment": {"offer_timeout": "4h", "decline_cooldown": "1h"},
    }


def text():
    return json.dumps(bundle(), indent=1)


# --- for the model ---


def duration(words):
    return sum(int(count) * UNITS[unit] for count, unit in re.findall(r"(\d+)([wdhms])", words))


def _each(value):
    return value if isinstance(value, list) else [value]


def _values(fact, word):
    """What one word allows."""
    if fact == "status" and word in GROUPS:
        return GROUPS[word]
    if fact in NAMED:
        return {NAMED[fact][word]}
    if fact in ABSENT:
        return {word != ABSENT[fact]}
    if fact in ("acknowledged", "progress"):
        return {word == "yes"}
    return {int(word) if fact in ("severity", "level") else word}


def _allowed(fact, words):
    return frozenset().union(*(_values(fact, word) for word in _each(words)))


def _condition(boxes):
    return [{fact: _allowed(fact, values) for fact, values in box.items()} for box in _each(boxes)]


def _target(words):
    if isinstance(words, dict):
        return next(iter(words.items()))
    return "time", duration(words)


def _targets(clock):
    rows = clock.get("targets") or ([{"target": clock["target"]}] if "target" in clock else [])
    return [([{fact: _allowed(fact, row[fact]) for fact in row if fact != "target"}], _target(row["target"]))
            for row in rows]


def _threshold(rule):
    actions = {Do[one] for one in _each(rule.get("do", []))}
    actions |= {Do.RAISE_PRIORITY} if "raise_priority" in rule else set()
    at = rule["at"]
    return Threshold(int(at[:-1]) if at.endswith("%") else -duration(at[1:]) // SECOND, frozenset(actions))


def _definition(name, clock):
    limit = clock.get("pause_limit", {"single": "0s", "total": "0s"})
    conditions = {what: _condition(clock[what])
                  for what in ("start", "stop", "cancel", "reset", "pause", "resume") if what in clock}
    return Definition(
        name, ClockKind[clock["kind"]], **conditions, pause_single=duration(limit["single"]),
        pause_total=duration(limit["total"]), calendar=clock.get("calendar", ""),
        customer_zone=clock.get("zone") == "customer", again=clock.get("again", False),
        targets=_targets(clock), thresholds=[_threshold(rule) for rule in clock["thresholds"]])


def _level_definition(number, top, clock):
    """Watches the level until its people take notice or make progress."""
    start = [{"level": {number}, "acknowledged": {False}, "status": LIVE}]
    others = set(range(1, top + 1)) - {number}
    return Definition(
        f"level.{number}", ClockKind.LEVEL, start=start, stop=[{"acknowledged": {True}}, {"progress": {True}}],
        cancel=[{"level": others}, {"status": FINAL | {Status.RESOLVED}}], calendar=clock.get("calendar", ""),
        customer_zone=clock.get("zone") == "customer", targets=_targets(clock),
        thresholds=[Threshold(DUE, frozenset({Do.RESTART if number == top else Do.CLIMB}))])


def _hours(words):
    return [] if words == "closed" else [tuple(one.split("-")) for one in _each(words)]


def _weekly(hours):
    out = {}
    for days, words in hours.items():
        first, _, last = days.partition("-")
        for day in range(WEEKDAYS.index(first), WEEKDAYS.index(last or first) + 1):
            out[day] = _hours(words)
    return out


def _calendar(words):
    date = datetime.date.fromisoformat
    dates = {date(day): hours for day, hours in words.get("dates", {}).items()}
    holidays = [(date(one["date"]), *(one.get("hours") or "00:00-24:00").split("-"), one.get("yearly", False))
                for one in words.get("holidays", [])]
    # A closed date is off from midnight to midnight, whatever hours its time is of.
    holidays += [(day, "00:00", "24:00", False) for day, hours in dates.items() if hours == "closed"]
    return {"weekly": _weekly(words["weekly"]), "holidays": holidays,
            "dates": {day: _hours(hours) for day, hours in dates.items() if hours != "closed"}}


def policy():
    data = bundle()
    levels = [Level(one["name"], one["steward"]["id"], LevelAction[one["action"]]) for one in data["ladder"]]
    clocks = [_definition(name, clock) for name, clock in data["clocks"].items()]
    clocks += [_level_definition(number, len(levels), one["clock"])
               for number, one in enumerate(data["ladder"], 1) if "clock" in one]
    return Policy(
        zone=data["time_zone"], tiers=data["tiers"], levels=levels, clocks=clocks,
        calendars={name: _calendar(words) for name, words in data["calendars"].items()},
        days=(datetime.date(YEAR - 1, 12, 1), datetime.date(YEAR + 2, 6, 1)),
        zones={name: words["time_zone"] for name, words in data["calendars"].items() if "time_zone" in words},
        contact_calendar=data["promises"]["contact_hours"], contact_customer_zone=True)


