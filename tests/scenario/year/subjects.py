# SPDX-License-Identifier: Apache-2.0
"""Clocks that measure one offer, promise or remedy: they begin and end with it."""

from . import retargets
from .clocks import Clock, called_off, running, stopped
from .history import Closed, Offered, Promised, PromiseKept, RemedyIs
from .names import ClockKind, RemedyState
from .rules import OWED

MILLISECOND = 1000


def every(views, marks):
    view = views[-1]
    return [*_offers(view, views, marks), *_promises(view, views, marks), *_fulfilments(view, views, marks)]


def _clock(view, kind, born, subject, marks, goal, calendar, started_at):
    definition = view.policy.of_kind(kind)
    name = definition.name if definition else ""
    fired = marks.fired((name, kind, born.round, subject), 1)
    return Clock(name, kind, born.round, subject, 1, definition, calendar, goal, started_at, fired)


def _until(due, since):
    """(target, start) of a clock whose end is given: it measures whole milliseconds."""
    span = -((since - due) // MILLISECOND) * MILLISECOND
    return ("time", span), due - span


def _offers(view, views, marks):
    for row, one in zip(view.told(Offered), view.offers):
        goal, start = _until(one.expires_at, one.made_at)
        clock = _clock(view, ClockKind.OFFER, views[row.index], one.id, marks, goal, None, start)
        yield called_off(clock, (), one.ended_at) if one.ended_at else running(clock, (), view.at, ())


def _promises(view, views, marks):
    for row, one in zip(view.told(Promised), view.promises):
        goal, start = _until(one.due_at, one.made_at)
        clock = _clock(view, ClockKind.PROMISE, views[row.index], one.id, marks, goal, None, start)
        kept = next((kept for kept in view.told(PromiseKept) if kept.fact.id == one.id), None)
        over = one.over_at or _case_over(view, row.index, kept)
        yield _measured(view, clock, marks, row.index, kept and max(kept.fact.at, start), over)


def _case_over(view, since, stopped_by=None):
    """When the case ended while it was measured; None = it did not."""
    closed = view.after(Closed, since)
    return closed[0].at if closed and not (stopped_by and stopped_by.index < closed[0].index) else None


def _measured(view, clock, marks, born, stop, over):
    if over:
        return called_off(clock, (), over, (stop,) if stop else ())
    if stop:
        return stopped(clock, (), stop)
    return running(clock, (), view.at, marks.looked_at(clock.key, born))


def _fulfilments(view, views, marks):
    definition, rows = view.policy.of_kind(ClockKind.FULFILMENT), view.told(RemedyIs)
    for row in rows if definition else ():
        if row.fact.state == RemedyState.ACCEPTED:
            later = (one for one in rows if one.fact.id == row.fact.id and one.index > row.index)
            end = next((one for one in later if one.fact.state not in OWED), None)
            yield _fulfilment(view, views, marks, row, end)


def _fulfilment(view, views, marks, accepted, end):
    born = views[accepted.index]
    goal, calendar = born.target(view.policy.of_kind(ClockKind.FULFILMENT))
    clock = _clock(view, ClockKind.FULFILMENT, born, accepted.fact.id, marks, goal, calendar, accepted.at)
    given = end and end.fact.state == RemedyState.FULFILLED
    over = end.at if end and not given else _case_over(view, accepted.index, end)
    ends = [one.index for one in (end, *view.after(Closed, accepted.index)[:1]) if one]
    clock = retargets.follow(clock, views[accepted.index + 1:min(ends, default=None)], lambda so_far, view: ())
    return _measured(view, clock, marks, accepted.index, end.at if given else None, over)
