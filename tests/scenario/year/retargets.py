# SPDX-License-Identifier: Apache-2.0
"""Targets that are chosen anew while a clock runs, because the facts they go by have changed. A deadline comes
nearer in this way and never moves away."""

import dataclasses

from .deadlines import deadline, working
from .rules import DUE, QUARTER


def follow(clock, views, pauses_at):
    """The clock as the views after its begin leave its target. `pauses_at(clock, view)`: how it had stood and
    stands, as it was known then."""
    chosen = clock.target
    for view in views:
        target, calendar = view.target(clock.definition)
        if target != chosen:
            clock, chosen = _anew(clock, target, calendar, view.at, pauses_at(clock, view)), target
    return clock


def _anew(clock, target, calendar, now, pauses):
    before = dataclasses.replace(clock, pauses=pauses)
    old_due = before.at(DUE)
    aim, aimed_in, due = _aim(clock.started_at, target, calendar, now, pauses)
    note = now, old_due, min(old_due, due)
    clock = dataclasses.replace(clock, retargets=(*clock.retargets, note))
    if due >= old_due:
        return clock
    if pauses and pauses[-1][1] > now:
        return dataclasses.replace(clock, target=aim, calendar=aimed_in, not_before=now)
    come = ((one.percent, before.at(one.percent)) for one in clock.thresholds)
    return dataclasses.replace(clock, target=aim, calendar=aimed_in, not_before=now, came=now,
                               came_before=tuple(one for one in come if one[1] <= now))


def _aim(start, target, calendar, now, pauses):
    """(target, calendar, due): the later of the whole of it since the start, and a quarter of it from now on."""
    if target[0] == "time":
        used = _length(working(start, now, calendar, pauses))
        aim = "time", max(target[1], used + target[1] // QUARTER)
        return aim, calendar, deadline(start, aim, calendar, pauses)
    whole, soon = deadline(start, target, calendar, ()), _quarter_of_days(target, calendar, now)
    if soon <= whole:
        return target, calendar, whole
    return ("time", _length(working(start, soon, None, pauses))), None, soon


def _quarter_of_days(target, calendar, now):
    end, hours = deadline(now, target, calendar, ()), calendar if target[0] == "business_days" else None
    return deadline(now, ("time", _length(working(now, end, hours, ())) // QUARTER), hours, ())


def _length(stretches):
    return sum(end - begin for begin, end in stretches)
