# SPDX-License-Identifier: Apache-2.0
"""Clocks that stand still: by hand or by their definition, never longer than its caps."""

from . import thresholds
from .calendars import ENDLESS
from .facts import holds
from .thresholds import DUE


def end(clock, at):
    """Ends the pause under way, or by its own end if that is before."""
    at = min(at, clock.resume_at)
    if at > clock.paused_at:
        clock.pauses.append((clock.paused_at, at))
    clock.state, clock.paused_at, clock.resume_at = "RUNNING", None, None
    clock.due_at = clock.at(DUE)


def _wish(case, clock, values, now):
    """(since, until at most, by hand) while it should stand still, else (None, when it should go on)."""
    definition = clock.definition
    if clock.kind == "STATUTORY" or clock.target[0] != "time" or not definition.pause_single:
        return None, now
    if values["paused"][0]:
        return values["paused"][1], case.resume_at, True
    resumed, paused = holds(definition.resume, values), holds(definition.pause, values)
    if resumed is not None or paused is None:
        return None, now if resumed is None else resumed
    return paused, ENDLESS, False


def _cap(clock, since):
    used = sum(until - begun for begun, until in clock.pauses)
    left = min(clock.definition.pause_single, clock.definition.pause_total - used)
    return since + max(left, 0)


def settle(case, clock, values, now):
    if clock.state not in ("RUNNING", "PAUSED"):
        return
    wish = _wish(case, clock, values, now)
    wanted = wish[0] is not None
    if clock.state == "PAUSED":
        _go_on(clock, wish, now)
    if clock.state == "RUNNING" and wanted and not clock.capped:
        _begin(case, clock, wish)
    if clock.state == "PAUSED" and clock.resume_at <= now:
        _go_on(clock, wish, now)
    if not wanted:
        clock.capped = False


def _go_on(clock, wish, now):
    """A pause under way lasts, gets another end, or is over."""
    if wish[0] is None:
        end(clock, max(wish[1], clock.paused_at))
        return
    most = _cap(clock, clock.paused_at)
    # What has run out is one pause; the other begins where it ended.
    taken_over = clock.by_hand != wish[2] and clock.resume_at <= now
    if not taken_over:
        clock.resume_at = min(wish[1], most)
    if clock.resume_at <= now:
        capped = not taken_over and clock.resume_at == most
        end(clock, clock.resume_at)
        clock.capped = clock.capped or capped
    else:
        clock.due_at = clock.at(DUE)


def _begin(case, clock, wish):
    last = max((until for _, until in clock.pauses), default=clock.started_at)
    since = max(wish[0], last)
    until = min(wish[1], _cap(clock, since))
    if until <= since:
        clock.capped = True
        return
    thresholds.find(case, clock, since)
    if clock.state != "RUNNING":
        return
    clock.state, clock.paused_at, clock.resume_at, clock.by_hand = "PAUSED", since, until, wish[2]
    clock.due_at = clock.at(DUE)
