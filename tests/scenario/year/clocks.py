# SPDX-License-Identifier: Apache-2.0
"""An instance of a clock as it follows from where it ran, for how long it stood still, and what has fired."""

import dataclasses
import functools

from .deadlines import deadline
from .names import ClockKind, ClockState, Do
from .pauses import cut, may_pause
from .policy import Threshold
from .rules import DUE


@dataclasses.dataclass(frozen=True)
class Clock:
    name: str
    kind: int
    round: int
    subject: str
    instance: int
    definition: object
    calendar: object
    target: tuple  # ("time", microseconds), ("business_days", n), ("days", n, zone)
    started_at: int
    fired: int = 0
    state: int = ClockState.RUNNING
    stopped_at: int = None
    pauses: tuple = ()  # ended ones
    pause: tuple = None  # the one under way
    come_by: int = 0  # thresholds up to here have come and are to be carried out
    retargets: tuple = ()  # (instant, due before, due after)
    not_before: int = 0  # the last re-target that moved it: no share of the new target came before
    came: int = 0  # the last of those at which it ran
    came_before: tuple = ()  # (percent, instant): shares of a target before it that had come by then
    rests: frozenset = frozenset()  # those of the pauses for which the case was resolved

    @property
    def key(self):
        """Names it across model and services."""
        return self.name, self.kind, self.round, self.subject

    @property
    def stood(self):
        return (*self.pauses, self.pause) if self.pause else self.pauses

    def at(self, percent):
        """The instant of a share of the target, whichever was the target then."""
        before = dict(self.came_before).get(percent)
        return self.by_target(percent) if before is None else before

    def by_target(self, percent):
        """The instant of a share of the present target: not before those that stand before it."""
        own = self._own(percent)
        order = [one.percent for one in self.thresholds]
        first = order[:order.index(percent)] if percent in order and percent < DUE else []
        return max([own, *map(self._own, first)])

    def _own(self, percent):
        return max(deadline(self.started_at, self.target, self.calendar, self.stood, percent), self.not_before)

    @property
    def due_at(self):
        return self.at(DUE)

    @property
    def breached_at(self):
        return self.due_at if self.state == ClockState.BREACHED else None

    def is_open(self):
        """It can still be stopped."""
        return self.stopped_at is None

    @functools.cached_property
    def thresholds(self):
        """In order. 100 % is one even if the definition has none."""
        own = self.definition.thresholds if self.definition else []
        if any(one.percent == DUE for one in own):
            return own
        early = [one for one in own if one.percent < DUE]
        return [*early, Threshold(DUE), *own[len(early):]]

    @functools.cached_property
    def next_threshold(self):
        """The next one that has not fired."""
        order = [one.percent for one in self.thresholds]
        place = order.index(self.fired) + 1 if self.fired else 0
        return self.thresholds[place] if place < len(order) else None

    @functools.cached_property
    def next_at(self):
        """When its timer comes; None = never."""
        if self.pause:
            return self.pause[1]
        return self.at(self.next_threshold.percent) if self.is_open() and self.next_threshold else None

    @functools.cached_property
    def met(self):
        """The threshold that has come and is to be carried out, or None."""
        rule = self.next_threshold
        return rule if rule and self.at(rule.percent) <= self.come_by else None

    def longest_pause(self, now):
        """Until when it may stand still by hand; None when it may not."""
        if self.state not in (ClockState.RUNNING, ClockState.PAUSED) or not may_pause(self.definition, self.target):
            return None
        used = sum(until - begun for begun, until in self.pauses if (begun, until) not in self.rests)
        left = min(self.definition.pause_single, self.definition.pause_total - used)
        return (self.pause[0] if self.pause else now) + left

    def closes(self):
        """Its end closes the case."""
        return self.definition is not None and any(
            one.percent == DUE and Do.CLOSE in one.actions for one in self.definition.thresholds)

    def escalates(self):
        """Whether it is late when it is called off late: not what was offered, nor what closes the case."""
        return self.kind != ClockKind.OFFER and not self.closes()


def running(clock, pauses, seen, looked_at):
    """An open one, as the look at `seen` finds it. `looked_at`: when its timer came."""
    come_by = max([*looked_at, *(since for since, _ in pauses), clock.came])
    if clock.fired >= DUE:
        return dataclasses.replace(clock, pauses=pauses, come_by=come_by, state=ClockState.BREACHED)
    pause = pauses[-1] if pauses and pauses[-1][1] > seen else None
    return dataclasses.replace(
        clock, pauses=pauses[:-1] if pause else pauses, pause=pause, come_by=come_by,
        state=ClockState.PAUSED if pause else ClockState.RUNNING)


def stopped(clock, pauses, at):
    """Met or breached is what the timestamps say, not who looked first or what was told first."""
    whole = dataclasses.replace(clock, pauses=cut(pauses, at))
    at = min(at, whole.due_at) if clock.closes() else at
    state = ClockState.MET if at <= whole.due_at else ClockState.BREACHED
    return dataclasses.replace(whole, state=state, stopped_at=at, come_by=at - 1)


def called_off(clock, pauses, at, told_late=()):
    """Neither met nor breached, unless it was late by then. `told_late` are stops that are told after it:
    one of them may still show that it was met."""
    whole = dataclasses.replace(clock, pauses=cut(pauses, at))
    if clock.fired >= DUE or (clock.escalates() and whole.due_at < at):
        return dataclasses.replace(stopped(clock, pauses, min([at, *told_late])), come_by=at - 1)
    return dataclasses.replace(whole, state=ClockState.CANCELLED, stopped_at=at,
                               come_by=at - 1 if clock.escalates() else 0)
