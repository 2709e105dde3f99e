# SPDX-License-Identifier: Apache-2.0
"""When the clocks of a case start, stop, begin again, end and fire."""

import dataclasses

from . import ladder, pauses, thresholds
from .deadlines import deadline
from .facts import customer, facts, holds, of_clock
from .policy import FINAL, Threshold
from .thresholds import DUE

# Clocks that measure an offer, a remedy or a promise begin and end with it.
OF_A_SUBJECT = ("OFFER", "APPROVAL", "PROMISE", "FULFILMENT")
MILLISECOND = 1000
OWED = ("ACCEPTED", "FULFILLING")


@dataclasses.dataclass
class Clock:
    name: str
    kind: str
    round: int
    started_at: int
    target: tuple  # ("time", microseconds), ("business_days", n), ("days", n, zone)
    definition: object = None
    subject: str = ""
    calendar: object = None
    instance: int = 1
    state: str = "RUNNING"
    due_at: int = 0
    stopped_at: int = None
    breached_at: int = None
    pauses: list = dataclasses.field(default_factory=list)  # ended ones of this instance
    paused_at: int = None
    resume_at: int = None
    by_hand: bool = False  # the pause under way
    capped: bool = False  # resumed by a cap although the pause is still asked for
    fired: int = 0

    @property
    def key(self):
        """Names it across model and services."""
        return self.name, self.kind, self.round, self.subject

    def is_open(self):
        """It can still be stopped."""
        return self.state in ("RUNNING", "PAUSED") or (self.state == "BREACHED" and self.stopped_at is None)

    def at(self, percent):
        """The instant of a share of the target."""
        stood = list(self.pauses)
        if self.paused_at is not None:
            stood.append((self.paused_at, self.resume_at))
        return deadline(self.started_at, self.target, self.calendar, stood, percent)

    def next_threshold(self):
        """The next one that has not fired; 100 % is one even if the definition has none."""
        own = self.definition.thresholds if self.definition else []
        every = [*own, *([] if any(one.percent == DUE for one in own) else [Threshold(DUE)])]
        return min((one for one in every if one.percent > self.fired), key=lambda one: one.percent,
                   default=None)

    def next_at(self):
        """When it is to be looked at; None = never."""
        inputs = (self.state, self.instance, self.fired, self.stopped_at, self.resume_at, len(self.pauses))
        known = self.__dict__.get("_next")
        if known is None or known[0] != inputs:
            known = self.__dict__["_next"] = (inputs, self._next_at())
        return known[1]

    def _next_at(self):
        if self.state == "PAUSED":
            return self.resume_at
        threshold = self.next_threshold()
        return self.at(threshold.percent) if self.is_open() and threshold else None

    def closes(self):
        """Its end closes the case."""
        return self.definition is not None and any(
            one.percent == DUE and "CLOSE" in one.actions for one in self.definition.thresholds)


# --- one clock ---


def stop(case, clock, at, cancel=False):
    """Met or breached is what the timestamps say, not who looked first or what was told first."""
    told_late = clock.state in ("MET", "BREACHED") and clock.stopped_at is not None and at < clock.stopped_at
    if not clock.is_open() and (cancel or not told_late):
        return
    if clock.state == "PAUSED":
        pauses.end(clock, at)
    if cancel:
        clock.state = "CANCELLED" if clock.state == "RUNNING" else clock.state
    else:
        at = max(at, clock.started_at)
        at = min(at, clock.due_at) if clock.closes() else at
        pauses.cut(clock, at)
        if clock.is_open():
            thresholds.find(case, clock, at - 1)
        if at <= clock.due_at:
            clock.state, clock.breached_at = "MET", None
    clock.stopped_at = at


def call_off(case, clock, now):
    """What it measured is over; that it was late by then stays so."""
    if not clock.is_open():
        return
    if clock.state == "PAUSED":
        pauses.end(clock, now)
    if clock.kind != "OFFER" and not clock.closes():
        thresholds.find(case, clock, now - 1)
    stop(case, clock, now, cancel=True)


def begin(case, clock, at, values):
    """An instance of a definition: target, calendar and zone by the facts as they are."""
    definition = clock.definition
    target = next(what for when, what in definition.targets if holds(when, values) is not None)
    zone = case.policy.zone_of(definition.calendar, definition.customer_zone, case.zone)
    clock.target = (*target, zone) if target[0] == "days" else target
    clock.calendar = case.policy.calendar(definition.calendar, zone)
    clock.round, clock.started_at, clock.state, clock.fired = case.round, at, "RUNNING", 0
    clock.stopped_at = clock.breached_at = clock.paused_at = clock.resume_at = None
    clock.pauses, clock.capped = [], False
    clock.due_at = clock.at(DUE)
    clock.__dict__.pop("_next", None)


def begin_again(case, clock, at, values):
    clock.instance += 1
    begin(case, clock, at, values)


def start(case, definition, at, values, subject=""):
    clock = Clock(definition.name, definition.kind, case.round, at, (), definition, subject)
    begin(case, clock, at, values)
    case.clocks.append(clock)
    return clock


def start_until(case, kind, subject, since, due):
    """A clock whose instant is given: an offer, a promise. It measures whole milliseconds."""
    definition = case.policy.of_kind(kind)
    span = -((since - due) // MILLISECOND) * MILLISECOND
    clock = Clock(definition.name if definition else "", kind, case.round, due - span, ("time", span),
                  definition, subject, due_at=due)
    case.clocks.append(clock)
    return clock


# --- after every change of a case ---


def settle(case, now):
    values = facts(case, now)
    if case.status in FINAL:
        _end_all(case, values, now)
        return
    for clock in case.clocks:
        if clock.round != case.round and clock.kind not in OF_A_SUBJECT:
            call_off(case, clock, now)
    for definition in case.policy.clocks:
        if definition.kind not in OF_A_SUBJECT:
            _settle_one(case, definition, values, now)
    _settle_fulfilments(case, values, now)
    case.end_pause(now)


def _stopped(case, clock, values):
    """Since when its stop holds; None when it does not."""
    return holds(clock.definition.stop, of_clock(values, case, clock))


def _end_all(case, values, now):
    """Nothing is measured any more; what was late by then was late."""
    for clock in case.clocks:
        if not clock.is_open():
            continue
        measured = clock.definition is not None and clock.kind not in OF_A_SUBJECT
        stopped = _stopped(case, clock, values) if measured else None
        if stopped is not None:
            stop(case, clock, stopped)
        else:
            call_off(case, clock, now)


def _settle_one(case, definition, values, now):
    clock = next((one for one in case.clocks if one.definition is definition and one.round == case.round), None)
    if clock is not None and clock.is_open():
        _settle_open(case, clock, values, now)
    elif clock is not None:
        stopped = _stopped(case, clock, values)
        if stopped is not None:
            stop(case, clock, stopped)
    if clock is None or not clock.is_open():
        _maybe_start(case, definition, clock, values, now)


def _settle_open(case, clock, values, now):
    if holds(clock.definition.cancel, values) is not None:
        call_off(case, clock, now)
        return
    stopped = _stopped(case, clock, values)
    if stopped is not None:
        stop(case, clock, stopped)
    elif not _maybe_reset(case, clock, values):
        pauses.settle(case, clock, values, now)


def _maybe_reset(case, clock, values):
    definition = clock.definition
    since = holds(definition.reset, of_clock(values, case, clock, latest=True))
    if since is None or since <= clock.started_at or holds(definition.start, values) is None:
        return False
    stop(case, clock, since)
    begin_again(case, clock, since, values)
    return True


def _maybe_start(case, definition, before, values, now):
    since = holds(definition.start, values)
    if since is None or (before is not None and not definition.again):
        return
    if holds(definition.cancel, values) is not None or holds(definition.stop, values) is not None:
        return
    if before is None:
        before = start(case, definition, since, values)
    else:
        begin_again(case, before, max(since, before.stopped_at), values)
    pauses.settle(case, before, values, now)


def _settle_fulfilments(case, values, now):
    definition = case.policy.of_kind("FULFILMENT")
    for remedy in case.remedies if definition else ():
        clock = next((one for one in case.clocks if one.subject == remedy.id), None)
        if clock is None and remedy.state in OWED:
            start(case, definition, remedy.accepted_at, values, remedy.id)
        elif clock is not None and clock.is_open() and remedy.state == "FULFILLED":
            stop(case, clock, remedy.fulfilled_at)
        elif clock is not None and remedy.state not in OWED:
            call_off(case, clock, now)


# --- time passes ---


def fire(case, clock, now):
    """What is done when the clock's next_at has passed: one threshold after the other."""
    if clock.state == "PAUSED" and clock.next_at() <= now:
        case.changed(now)
    while clock.state != "PAUSED" and clock.next_at() is not None and clock.next_at() <= now:
        rule = clock.next_threshold()
        if "CLOSE" in rule.actions:
            _fire_close(case, clock, rule, now)
        else:
            thresholds.find(case, clock, clock.next_at())
        ladder.record(case, now)


def _fire_close(case, clock, rule, now):
    """The follow-up window ended without a word; of what cannot close, it begins again."""
    waits, since = customer(case)
    silent = not waits or since > clock.due_at
    if case.status == "RESOLVED" and case.passes_gate() and silent:
        stop(case, clock, clock.due_at)
        clock.fired = rule.percent
        case.close(now)
        return
    told = dataclasses.replace(rule, actions=frozenset(rule.actions) | {"RESTART"})
    thresholds.note(case, clock, told, clock.due_at)
