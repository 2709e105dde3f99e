# SPDX-License-Identifier: Apache-2.0
"""What the services recorded against what the model says."""

import datetime

from .calendars import EPOCH
from .names import ClockKind, ClockState, Event, Status
from .records import stamp

MOST_RETARGETS = 16  # that the services show of an instance
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
    pauses = " ".join(f"[{clock_time(since)} to {clock_time(until)}]" for since, until in clock.stood)
    return (f"{ClockKind.word(clock.kind)} {clock.name} {clock.subject} {ClockState.word(clock.state)} "
            f"round {clock.round} instance {clock.instance} {times} fired {clock.fired} {pauses}")


# --- a clock, as both show it ---


def clock_row(clock):
    return (clock.state, clock.instance, *(getattr(clock, name) for name in TIMES))


def clock_seen(clock):
    """What an event shows of the model's."""
    return (*clock_row(clock), clock.fired, clock.next_at, clock.pauses, clock.pause, clock.retargets[-MOST_RETARGETS:])


def _stamp_of(shown, field):
    return stamp(getattr(shown, field)) if shown.HasField(field) else None


def _pause_of(shown):
    return stamp(shown.start_time), stamp(shown.end_time)


def _retarget_of(shown):
    return stamp(shown.retarget_time), stamp(shown.old_due_time), stamp(shown.new_due_time)


def shown_clock(shown):
    times = (_stamp_of(shown, field) for field in ("start_time", "due_time", "stop_time", "breach_time"))
    fired = -shown.fired_before.seconds if shown.HasField("fired_before") else shown.fired_percent
    return (shown.state, shown.instance, *times, fired, _stamp_of(shown, "next_time"),
            tuple(map(_pause_of, shown.pauses)), _pause_of(shown.pause) if shown.HasField("pause") else None,
            tuple(map(_retarget_of, shown.retargets)))


def shown_key(shown):
    return shown.name, shown.kind, shown.round, shown.subject_id


# --- the events of one instant ---


def events(life, group):
    """The events of one command against the model's of the same instant. Of each clock the last event that
    shows it counts."""
    _kinds(life, group)
    shown = {shown_key(one): one for event in group for one in event.detail.clocks}
    known = {one.key: one for one in life.case.clocks}
    for key, one in shown.items():
        ours = clock_seen(known[key]) if key in known else "no such clock"
        if shown_clock(one) != ours:
            differ(life, f"clock {key} in event {group[-1].seq}", shown_clock(one), ours)


def _kinds(life, group):
    """Which there are, in which order, with status, severity and level after each."""
    theirs = [(one.kind, one.detail.status, one.detail.severity, one.detail.level) for one in group]
    ours = [(kind, view.status, view.severity, view.level) for kind, view in life.case.told_at(group[0].at)]
    if theirs != ours:
        differ(life, f"kind, status, severity and level of events {group[0].seq} to {group[-1].seq}",
               _words(theirs), _words(ours))


def _words(rows):
    return [f"{Event.word(kind)} {Status.word(status)} {severity} {level}" for kind, status, severity, level in rows]


# --- every row at the end ---


def rows(records, lives):
    """How many clocks and steps there were."""
    cases = records.cases()
    clocks = steps = 0
    for life in lives:
        view = life.case.view
        ours = (view.status, view.severity, view.level, view.round, view.owner_id)
        if cases[life.case_id] != ours:
            differ(life, "the case's row", cases[life.case_id], ours)
        clocks += _clock_rows(records, life)
        steps += _step_rows(records, life)
        ours = {one.id: (one.state, one.due_at) for one in view.promises}
        if records.promises(life.case_id) != ours:
            differ(life, "promises", records.promises(life.case_id), ours)
    return clocks, steps


def _clock_rows(records, life):
    theirs = {key: row[1:] for key, row in records.clocks(life.case_id).items()}
    ours = {one.key: clock_row(one) for one in life.case.clocks}
    for key in sorted({*theirs, *ours}):
        if theirs.get(key) != ours.get(key):
            differ(life, f"the row of clock {key}", theirs.get(key), ours.get(key))
    return len(ours)


def _step_rows(records, life):
    ids = {row[0]: key for key, row in records.clocks(life.case_id).items()}
    theirs, ours = records.steps(life.case_id, ids), life.case.steps
    for step in sorted({*theirs, *ours}, key=repr):
        if theirs.count(step) != ours.count(step):
            differ(life, f"the record of {step}", f"{theirs.count(step)} of it", ours.count(step))
    return len(ours)
