# SPDX-License-Identifier: Apache-2.0
"""What the services recorded against what the model says."""

import datetime

from .calendars import EPOCH
from .records import clock_kind, clock_state, stamp, status

TIMES = ("started_at", "due_at", "stopped_at", "breached_at")


class Difference(AssertionError):
    """The first one, with the story of its case."""


def clock_time(at):
    if at is None:
        return "-"
    return (EPOCH + datetime.timedelta(microseconds=at)).strftime("%Y-%m-%d %a %H:%M:%S.%f")


def differ(life, what, theirs, ours):
    lines = [f"{what}: the services say {theirs}, the model {ours}", f"case {life.case_id}, opened with"
             f" {', '.join(f'{name}={value}' for name, value in sorted(life.fields.items()) if value)}"]
    lines += [f"  {clock_time(at)}  {words}" for at, words in life.case.story]
    lines += [f"  {clock}" for clock in map(describe, life.case.clocks)]
    raise Difference("\n".join(lines))


def describe(clock):
    times = " ".join(f"{name[:-3]} {clock_time(getattr(clock, name))}" for name in TIMES)
    pauses = " ".join(f"[{clock_time(since)} to {clock_time(until)}]" for since, until in clock.pauses)
    return (f"{clock.name} {clock.subject} {clock.state} round {clock.round} instance {clock.instance} {times} "
            f"fired {clock.fired} {pauses}")


def clock_fields(clock):
    """Of the model's, as an event shows one: what can be seen of a clock, times in order of TIMES."""
    return (clock.state, clock.instance, *(getattr(clock, name) for name in TIMES), clock.fired)


def shown_clock(shown):
    times = (shown.start_time, shown.due_time, shown.stop_time, shown.breach_time)
    given = [shown.HasField(name) for name in ("start_time", "due_time", "stop_time", "breach_time")]
    return (clock_state(shown.state), shown.instance,
            *(stamp(time) if there else None for time, there in zip(times, given)), shown.fired_percent)


def shown_key(shown):
    return shown.name, clock_kind(shown.kind), shown.round, shown.subject_id


def events(life, group):
    """The events of one command against the case after it. Of each clock the last event that shows it
    counts."""
    case, last = life.case, group[-1].detail
    ours = (case.status, case.severity, case.level)
    theirs = (status(last.status), last.severity, last.level)
    if theirs != ours:
        differ(life, f"status, severity and level after {group[-1].kind} {group[-1].seq}", theirs, ours)
    shown = {shown_key(one): one for event in group for one in event.detail.clocks}
    known = {one.key: one for one in case.clocks}
    for key, one in shown.items():
        if key not in known:
            differ(life, f"clock {key} in event {group[-1].seq}", shown_clock(one), "no such clock")
        if shown_clock(one) != clock_fields(known[key]):
            differ(life, f"clock {key} in event {group[-1].seq}", shown_clock(one), clock_fields(known[key]))


def rows(records, lives):
    """Every row at the end; how many clocks and steps there were."""
    cases = records.cases()
    clocks = steps = 0
    for life in lives:
        case = life.case
        ours = (case.status, case.severity, case.level, case.round, case.owner_id)
        if cases[life.case_id] != ours:
            differ(life, "the case's row", cases[life.case_id], ours)
        clocks += _clock_rows(records, life)
        steps += _step_rows(records, life)
        ours = {one.id: (one.state, one.due_at) for one in case.promises}
        if records.promises(life.case_id) != ours:
            differ(life, "promises", records.promises(life.case_id), ours)
    return clocks, steps


def _clock_rows(records, life):
    theirs = {key: row[1:] for key, row in records.clocks(life.case_id).items()}
    ours = {one.key: clock_fields(one)[:-1] for one in life.case.clocks}
    for key in sorted({*theirs, *ours}):
        if theirs.get(key) != ours.get(key):
            differ(life, f"the row of clock {key}", theirs.get(key), ours.get(key))
    return len(ours)


def _step_rows(records, life):
    ids = {row[0]: key for key, row in records.clocks(life.case_id).items()}
    theirs, ours = records.steps(life.case_id, ids), list(life.case.steps)
    for step in sorted({*theirs, *ours}, key=repr):
        if theirs.count(step) != ours.count(step):
            differ(life, f"the record of {step}", f"{theirs.count(step)} of it", ours.count(step))
    return len(ours)
