# SPDX-License-Identifier: Apache-2.0
"""What a command does: it states its own events, and then the thresholds that have come are carried out, what
fell due first before all others, until none is left."""

from . import ladder
from .history import Closed, Fired, PromiseBroken, Restarted, SeverityRaised, Step
from .names import Cause, ClockKind, Do, Event, Owner, Status
from .rules import DUE


def command(case, now, events, looked_at=None):
    """`events` are (kind of event, fact, ...); a generator sees the case as the event before left it.
    `looked_at`: the key of the clock whose timer it is."""
    for kind, *facts in events:
        case.tell(now, kind, *facts)
    _carry_out_all(case, now, looked_at)


def _carry_out_all(case, now, looked_at):
    """A timer takes the thresholds of its clock one by one; what follows from one comes before the next."""
    while True:
        met = [one for one in case.instances if one.met]
        if not met:
            return
        # What ended is told before a clock that goes on fires once more.
        first = min(met, key=lambda one: (one.is_open(), one.key == looked_at, one.at(one.met.percent)))
        for kind, *facts in _carry_out(case, first, first.met, now):
            case.tell(now, kind, *facts)


def _carry_out(case, clock, rule, now):
    view = case.view
    fired = Fired(clock.key, clock.instance, rule.percent)
    if Do.CLOSE in rule.actions and _may_close(view):
        yield (Event.CASE_CLOSED, fired, Closed())
        return
    if view.status == Status.RESOLVED and _breaks_promise(view, clock, rule):
        yield from case.come_back(True, now)
    yield from _record(case.view, clock, rule, fired, now)
    yield from _restart(case, clock, rule)


def _breaks_promise(view, clock, rule):
    """That brings a resolved case back, before the breach does what it does to any case."""
    return clock.kind == ClockKind.PROMISE and rule.percent == DUE and any(
        one.id == clock.subject and one.kept_at is None for one in view.promises)


def _may_close(view):
    """The follow-up window ended without a word that is not answered, whenever that came."""
    return view.status == Status.RESOLVED and view.passes_gate()


def _record(view, clock, rule, fired, now):
    to = ladder.level_after(view, clock, rule)
    step = Step(now, clock.at(rule.percent), Cause.CLOCK, clock.round, clock.key, clock.instance, rule.percent,
                view.level, to)
    kind = Event.CLOCK_BREACHED if rule.percent == DUE else Event.CLOCK_THRESHOLD
    yield (kind, fired, step, *_consequences(view, clock, rule))
    if to > view.level:
        yield from ladder.arrive(view, to)
    yield from _reassign(view, rule, to)


def _consequences(view, clock, rule):
    if view.live and Do.RAISE_SEVERITY in rule.actions:
        yield SeverityRaised()
    if clock.kind == ClockKind.PROMISE and rule.percent == DUE:
        yield PromiseBroken(clock.subject, admitted=False)


def _reassign(view, rule, to):
    """Unless the level that it climbs to takes over anyway."""
    taken = to > view.level and ladder.takes_over(view, to)
    if view.live and Do.REASSIGN in rule.actions and view.owner_kind == Owner.AGENT and not taken:
        yield Event.OWNER_CHANGED, ladder.steward(view, to)


def _restart(case, clock, rule):
    """It goes round while the case is worked on; so does the end of a resolved case that cannot be closed."""
    again = Do.RESTART in rule.actions or Do.CLOSE in rule.actions
    goes_round = case.view.live or (clock.closes() and case.view.status == Status.RESOLVED)
    now_is = next((one for one in case.clocks if one.key == clock.key))
    if again and goes_round and now_is.is_open() and now_is.instance == clock.instance:
        yield Event.CLOCK_CHANGED, Restarted(clock.key, clock.instance)
