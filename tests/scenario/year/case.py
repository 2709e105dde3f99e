# SPDX-License-Identifier: Apache-2.0
"""One case of the model: what people do to it. Every act takes the instant that the services gave it, and
only adds to the history; how the case and its clocks stand is worked out from that afresh."""

import functools

from . import driver, ladder, measured
from .history import (Acknowledged, Acted, Appealed, CauseFound, Claimed, Closed, Corrected, Denied, History, LevelIs, Looked, Moment,
                      Offered, OfferEnded, Opened, OwnerIs, Paused, PromiseBroken, Promised, PromiseKept,
                      PromiseReplaced, RemedyIs, Reopened, Resolved, Resumed, Returned, SeverityRaised, Step)
from .names import Ask, Cause, Direction, Event, OfferState, Owner, RemedyState, Status, Trigger
from .view import View


class Case:
    def __init__(self, policy, history=(), views=()):
        self.policy, self.history, self.views = policy, History(history), list(views)
        self.story = []

    @classmethod
    def opened(cls, policy, now, *, severity, channel, trigger=Trigger.COMPLAINT, tier="", zone=""):
        case = cls(policy)
        case.command(now, Event.CASE_OPENED, Opened(severity, channel, trigger, tier, zone))
        return case

    def twin(self):
        """The same case, to try something on."""
        return Case(self.policy, self.history.moments, self.views)

    # --- what it is ---

    @property
    def view(self):
        return self.views[-1]

    @functools.cached_property
    def instances(self):
        """Of the clocks, as of the last moment; see measured.every."""
        return measured.every(self.views)

    @functools.cached_property
    def clocks(self):
        return measured.shown(self.instances)

    @functools.cached_property
    def next_at(self):
        """When some clock is to be looked at next; None = never."""
        return min((one.next_at for one in self.clocks if one.next_at is not None), default=None)

    @property
    def steps(self):
        return [row.fact for row in self.view.told(Step)]

    def clock_of(self, subject):
        return next(one for one in self.clocks if one.subject == subject)

    def tell(self, now, event, *facts):
        """Adds a moment."""
        self.history.add(Moment(now, event, facts))
        self.views.append(View(self.policy, self.history, len(self.views)))
        for worked_out in ("instances", "clocks", "next_at"):
            self.__dict__.pop(worked_out, None)

    def command(self, now, event, *facts):
        """One of a single event."""
        driver.command(self, now, [(event, *facts)])

    def told_at(self, now):
        """[(event, view after it)] of an instant."""
        return [(moment.event, view) for moment, view in zip(self.history.moments, self.views)
                if moment.at == now and moment.event is not None]

    # --- offers and owners ---

    def offer(self, offer_id, agent, expires_at, now):
        self.command(now, Event.OFFER_MADE, Offered(offer_id, agent, expires_at))

    def decline(self, offer, now):
        self.command(now, Event.OFFER_DECLINED, OfferEnded(offer.id, OfferState.DECLINED))

    def expire(self, offer, now):
        self.command(now, Event.OFFER_EXPIRED, OfferEnded(offer.id, OfferState.EXPIRED))

    def take(self, agent, now, offer_id=""):
        self.command(now, Event.OWNER_CHANGED, OwnerIs(Owner.AGENT, agent, offer_id))

    # --- towards the customer ---

    def contact(self, contact, now, fit=True):
        asks = contact.direction == Direction.INBOUND and contact.asks == Ask.ANSWER
        driver.command(self, now, self._speak(fit, asks, now, Event.CONTACT_RECORDED, contact))

    def correct(self, contact_id, asks, now, fit=True):
        driver.command(self, now, self._speak(fit, asks == Ask.ANSWER, now, Event.CONTACT_CORRECTED,
                                              Corrected(contact_id, asks)))

    def join(self, severity, now, fit=True):
        driver.command(self, now, self._speak(fit, True, now, Event.SIGNAL_JOINED, Claimed(severity)))

    def _speak(self, fit, asks, now, *told):
        """A word of the customer, or to them."""
        yield told
        if asks and self.view.customer_waits()[0]:
            yield from self.come_back(fit, now, is_word=True)

    def come_back(self, fit, now, is_word=False):
        """`fit`: the former owner goes on."""
        view = self.view
        if view.status == Status.RESOLVED:
            yield from self._return(fit, now, self._appeals() if is_word else ())
        elif view.status == Status.CLOSED and now - view.closed_at <= view.policy.reopen_within:
            appeal = self._appeals() if is_word else ()
            yield from self._reopen(fit, now, bool(appeal), appeal)

    def _appeals(self):
        """The first word after a denial of this round."""
        denied = self.view.denied_at
        first = denied is not None and denied >= self.view.round_since and not self.view.happened(Appealed)
        return (Appealed(),) if first else ()

    def _return(self, fit, now, appeal):
        view = self.view
        yield (Event.CASE_RETURNED, Returned(), *appeal)
        if not fit:
            yield Event.OWNER_CHANGED, ladder.steward(self.view, view.level)
        if appeal and view.level < ladder.top(view):
            step = Step(now, now, Cause.REOPENED, view.round, None, 0, 0, view.level, view.level + 1)
            yield from ladder.arrive(self.view, view.level + 1, step)

    def act(self, now):
        self.command(now, Event.ACT_RECORDED, Acted())

    def find_cause(self, now):
        self.command(now, Event.ROOT_CAUSE_RECORDED, CauseFound())

    def remedy(self, event, remedy_id, state, now, fit=True):
        driver.command(self, now, self._remedy(fit, now, event, RemedyIs(remedy_id, state)))

    def _remedy(self, fit, now, *told):
        yield told
        if told[1].state == RemedyState.REVERSED:
            yield from self.come_back(fit, now)

    def deny(self, disclosed_at, now):
        self.command(now, Event.CLAIM_DENIED, Denied(disclosed_at))

    # --- promises ---

    def promise(self, promise_id, kind, due_at, now):
        self.command(now, Event.PROMISE_MADE, Promised(promise_id, kind, due_at))

    def keep(self, promise, at, now):
        self.command(now, Event.PROMISE_SETTLED, PromiseKept(promise.id, at))

    def renegotiate(self, promise, successor_id, due_at, now):
        self.command(now, Event.PROMISE_SETTLED, PromiseReplaced(promise.id),
                     Promised(successor_id, promise.kind, due_at))

    def admit_broken(self, promise, now):
        driver.command(self, now, self._admit(promise, now))

    def _admit(self, promise, now):
        yield Event.PROMISE_SETTLED, PromiseBroken(promise.id, admitted=True), SeverityRaised()
        yield from self.come_back(True, now)
        yield from ladder.broken_promise(self.view, self.clock_of(promise.id), now)

    def contact_hours(self):
        """The calendar in which this customer may be contacted; None = always."""
        name, customers = self.policy.contact_calendar, self.view.opened.fact.zone
        return self.policy.calendar(name, self.policy.zone_of(name, self.policy.contact_customer_zone, customers))

    # --- pauses, rounds, the ladder ---

    def pause(self, until, now):
        self.command(now, Event.CASE_PAUSED, Paused(until))

    def resume(self, now):
        self.command(now, Event.CASE_RESUMED, Resumed())

    def longest_pause(self, now):
        """Until when the case may be paused by hand: as its most generous clock; None when none can be."""
        ends = (one.longest_pause(now) for one in self.clocks if one.round == self.view.round)
        return max((end for end in ends if end is not None and end > now), default=None)

    def escalate(self, to, now):
        driver.command(self, now, ladder.by_hand(self.view, to, now))

    def acknowledge(self, now):
        self.command(now, Event.ESCALATION_ACKNOWLEDGED, Acknowledged())

    def may_resolve(self):
        return self.view.live and self.view.owner_kind == Owner.AGENT and self.view.passes_gate()

    def resolve(self, now):
        driver.command(self, now, self._resolve())

    def _resolve(self):
        """What was offered and not answered is not on offer any more."""
        for one in self.view.remedies:
            if one.state == RemedyState.OFFERED:
                yield Event.REMEDY_EXPIRED, RemedyIs(one.id, RemedyState.EXPIRED)
        yield Event.CASE_RESOLVED, Resolved()

    def may_close(self):
        view = self.view
        return view.status == Status.RESOLVED and view.owner_kind == Owner.AGENT and view.passes_gate()

    def close(self, now):
        self.command(now, Event.CASE_CLOSED, Closed())

    def reopen(self, fit, by_agent, now):
        """`fit`: the former owner, an agent, goes on."""
        appeal = self._appeals()
        driver.command(self, now, self._reopen(fit, now, by_agent or bool(appeal), appeal))

    def _reopen(self, fit, now, climbs, appeal):
        """A round starts one level higher for an agent's reason and for an appeal."""
        view = self.view
        to = min(view.level + climbs, ladder.top(view))
        step = Step(now, now, Cause.REOPENED, view.round + 1, None, 0, 0, view.level, to)
        yield (Event.CASE_REOPENED, Reopened(), LevelIs(to), step, *appeal)
        if not fit:
            yield Event.OWNER_CHANGED, ladder.steward(self.view, to)

    def look(self, clock, now):
        """The timer of a clock comes."""
        event = self._resumed(now) if clock.pause else None
        driver.command(self, now, [(event, Looked(clock.key))], looked_at=clock.key)

    def _resumed(self, now):
        """What tells that a pause is over: one by hand is over for the whole case."""
        by_hand = self.view.stands(self.view.at)
        return Event.CASE_RESUMED if by_hand and by_hand[1] <= now else Event.CLOCK_CHANGED
