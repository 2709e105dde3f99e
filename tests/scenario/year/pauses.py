# SPDX-License-Identifier: Apache-2.0
"""Clocks that stand still: by hand or by their definition, never longer than its caps."""

import dataclasses

from . import thresholds
from .calendars import ENDLESS
from .facts import holds
from .thresholds import DUE


@dataclasses.dataclass
class Wish:
    """What the case wants of a clock."""

    since: int = None  # None = that it goes on
    until: int = ENDLESS  # at most; or since when it should have gone on
    by_hand: int = None  # since when by hand


def cut(clock, at):
    """What came after an end that is told late was no pause of the clock."""
    kept = [(since, min(until, at)) for since, until in clock.pauses if since < at]
    if kept != clock.pauses:
        clock.pauses = kept
        clock.due_at = clock.at(DUE)


def end(clock, at):
    """Ends the pause under way, or by its own end if that is before."""
    at = min(at, clock.resume_at)
    if at > clock.paused_at:
        clock.pauses.append((clock.paused_at, at))
    clock.state, clock.paused_at, clock.resume_at = "RUNNING", None, None
    clock.due_at = clock.at(DUE)


def _own_wish(definition, values, now):
    resumed, paused = holds(definition.resume, values), holds(definition.pause, values)
    if resumed is not None:
        return Wish(until=resumed)
    return Wish(until=now) if paused is None else Wish(paused)


def _wish(case, clock, values, now):
    definition = clock.definition
    if clock.kind == "STATUTORY" or clock.target[0] != "time" or not definition.pause_single:
        return Wish(until=now)
    own = _own_wish(definition, values, now)
    by_hand, since = values["paused"]
    if not by_hand:
        return own
    return Wish(since if own.since is None else min(own.since, since), case.resume_at, since)


def _cap(clock, since):
    used = sum(until - begun for begun, until in clock.pauses)
    left = min(clock.definition.pause_single, clock.definition.pause_total - used)
    return since + max(left, 0)


def settle(case, clock, values, now):
    if clock.state not in ("RUNNING", "PAUSED"):
        return
    wish = _wish(case, clock, values, now)
    if clock.state == "PAUSED":
        _go_on(clock, wish, now)
    if clock.state == "RUNNING" and wish.since is not None:
        _begin(case, clock, wish)
    if clock.state == "PAUSED" and clock.resume_at <= now:
        _go_on(clock, wish, now)
    if wish.since is None:
        clock.capped = False


def _go_on(clock, wish, now):
    """A pause under way lasts, gets another end, or is over."""
    if wish.since is None:
        end(clock, max(now if clock.by_hand else wish.until, clock.paused_at))
        return
    most = _cap(clock, clock.paused_at)
    if clock.resume_at > now or not _another(clock, wish):
        clock.resume_at = min(wish.until, most)
        clock.by_hand = clock.by_hand or wish.by_hand is not None
    if clock.resume_at <= now:
        clock.capped = clock.resume_at == most
        end(clock, clock.resume_at)
    else:
        clock.due_at = clock.at(DUE)


def _another(clock, wish):
    """The pause has run out, and what is wanted now is a new one."""
    if wish.by_hand is None:
        return clock.by_hand
    return wish.by_hand > clock.resume_at


def _begin(case, clock, wish):
    last = max((until for _, until in clock.pauses), default=clock.started_at)
    # A cap ends the pause that reached it, not one by hand that began since.
    if clock.capped and (wish.by_hand is None or wish.by_hand <= last):
        return
    since = max(wish.by_hand if clock.capped else wish.since, last)
    until = min(wish.until, _cap(clock, since))
    if until <= since:
        clock.capped = True
        return
    thresholds.find(case, clock, since)
    if clock.state != "RUNNING":
        return
    clock.state, clock.paused_at, clock.resume_at = "PAUSED", since, until
    clock.by_hand, clock.capped = wish.by_hand is not None, False
    clock.due_at = clock.at(DUE)
