# SPDX-License-Identifier: Apache-2.0
"""Climbing: the events of it, each a generator's (kind of event, fact, ...)."""

from .history import LevelIs, OwnerIs, Step
from .names import Ask, Cause, ClockKind, Direction, Do, Event, LevelAction, Owner
from .rules import DUE


def top(view):
    return len(view.policy.levels)


def arrive(view, to, *facts):
    """A stewarded case passes to the steward of the new level, and so does any that the level takes over."""
    if view.owner_kind == Owner.STEWARD or takes_over(view, to):
        yield (Event.OWNER_CHANGED, *facts, LevelIs(to), steward(view, to))
        yield (Event.ESCALATED,)
    else:
        yield (Event.ESCALATED, *facts, LevelIs(to))


def takes_over(view, level):
    return view.policy.level(level).action == LevelAction.TAKE_OVER


def steward(view, level):
    return OwnerIs(Owner.STEWARD, view.policy.level(level).steward)


def by_hand(view, to, now):
    yield from arrive(view, to, Step(now, now, Cause.HAND, view.round, None, 0, 0, view.level, to))


def broken_promise(view, clock, now):
    """Admitted before it was due; it climbs unless the case has done so at this instant. At the top it is
    recorded without an event of its own."""
    to = min(view.level + (view.level_since < now), top(view))
    step = Step(now, now, Cause.PROMISE, clock.round, clock.key, clock.instance, 0, view.level, to)
    yield from arrive(view, to, step) if to > view.level else [(None, step)]


def level_after(view, clock, rule):
    """Where a threshold takes the case: one that fell due before the case entered its level has been
    answered by that climb."""
    if not view.live:
        return view.level
    climbs = Do.CLIMB in rule.actions and clock.at(rule.percent) > view.level_since
    addressed = _addressed(view, clock) if rule.percent == DUE else 0
    return min(max(view.level + climbs, addressed), top(view))


def _addressed(view, clock):
    """The highest level that the customer wrote to since the clock began, if it measures their waiting: what
    began it may be a claim that came again."""
    words = [one for one in view.contacts if one.direction == Direction.INBOUND and one.asks == Ask.ANSWER and one.at >= clock.started_at]
    if clock.kind != ClockKind.NEXT_CONTACT or not all(box.get("customer") == {True} for box in clock.definition.start):
        return 0
    return max((one.addressed for one in words), default=0)
