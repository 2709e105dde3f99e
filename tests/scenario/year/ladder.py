# SPDX-License-Identifier: Apache-2.0
"""Thresholds carried out and the ladder climbed."""

import dataclasses

from . import clocks
from .facts import facts
from .policy import LIVE
from .thresholds import DUE

WORST = 5  # severity


@dataclasses.dataclass(frozen=True, order=True)
class Step:
    """A row of escalation. `clock` is a Clock's key, or None; then the instance is none of the model's."""

    at: int
    due_at: int
    cause: str
    round: int
    clock: tuple
    instance: int
    threshold: int
    from_level: int
    to_level: int


def event(case, now):
    """After every change: the status, the clocks, and what was found to have come."""
    case.derive_status()
    clocks.settle(case, now)
    record(case, now)


def record(case, now):
    """What fell due first is recorded first, each once; each may find more."""
    if case.recording:
        return
    case.recording = True
    while case.found:
        first = min(case.found, key=lambda one: one.due)
        case.found.remove(first)
        _threshold(case, first, now)
        _restart(case, first, now)
    case.recording = False


def _restart(case, found, now):
    clock = found.clock
    goes_round = case.status in LIVE or (clock.closes() and case.status == "RESOLVED")
    if "RESTART" in found.rule.actions and clock.is_open() and clock.instance == found.instance and goes_round:
        clocks.begin_again(case, clock, now, facts(case, now))
        event(case, now)


def _threshold(case, found, now):
    rule, before, live = found.rule, case.level, case.status in LIVE
    to = _level_after(case, found)
    if live and "RAISE_SEVERITY" in rule.actions:
        case.severity = min(case.severity + 1, WORST)
    case.steps.append(Step(now, found.due, "CLOCK", found.clock.round, found.clock.key, found.instance,
                           rule.percent, before, to))
    if found.clock.kind == "PROMISE" and rule.percent == DUE:
        _break_promise(case, found.clock.subject)
    event(case, now)
    if to > before:
        _arrive(case, to, now)
    taken = to > before and case.policy.level(to).action == "TAKE_OVER"
    if live and "REASSIGN" in rule.actions and case.owner_kind == "AGENT" and not taken:
        to_steward(case, now)


def _level_after(case, found):
    """A threshold that fell due before the case entered its level has been answered by that climb."""
    if case.status not in LIVE:
        return case.level
    top, to = len(case.policy.levels), case.level
    if "CLIMB" in found.rule.actions and to < top and found.due > case.level_since:
        to += 1
    addressed = _addressed(case, found) if found.rule.percent == DUE else 0
    return max(to, min(addressed, top))


def _addressed(case, found):
    """The highest level that the customer wrote to since the clock began, if their word began it."""
    words = [one for one in case.contacts if one.direction == "INBOUND" and one.at >= found.started_at]
    if found.clock.kind != "NEXT_CONTACT" or found.started_at not in [one.at for one in words]:
        return 0
    return max(one.addressed for one in words)


def _break_promise(case, promise_id):
    for promise in case.promises:
        if promise.id == promise_id and promise.state == "OPEN":
            promise.state = "BROKEN"


def climb(case, cause, to, now):
    """For another cause than a clock."""
    case.steps.append(Step(now, now, cause, case.round, None, 0, 0, case.level, to))
    _arrive(case, to, now)


def broken_promise(case, clock, climbs, now):
    """Admitted before it was due; it climbs unless the case has done so at this instant."""
    to = min(case.level + climbs, len(case.policy.levels))
    case.steps.append(Step(now, now, "PROMISE", clock.round, clock.key, clock.instance, 0, case.level, to))
    if to > case.level:
        _arrive(case, to, now)


def reopen(case, now):
    """A round starts one level higher."""
    to = min(case.level + 1, len(case.policy.levels))
    case.steps.append(Step(now, now, "REOPENED", case.round, None, 0, 0, case.level, to))
    case.level, case.level_since, case.acknowledged_at = to, now, None


def _arrive(case, to, now):
    level = case.policy.level(to)
    case.level, case.level_since, case.acknowledged_at = to, now, None
    if case.owner_kind == "STEWARD" or level.action == "TAKE_OVER":
        to_steward(case, now)
    event(case, now)


def to_steward(case, now):
    case.owner_kind, case.owner_id, case.owner_since = "STEWARD", case.policy.level(case.level).steward, now
    case.end_offers("RESCINDED", now)
    event(case, now)
