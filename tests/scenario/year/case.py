# SPDX-License-Identifier: Apache-2.0
"""One case of the model: what people do to it. Every act takes the instant that the services gave it."""

import copy
import dataclasses

from . import clocks, ladder
from .facts import customer
from .policy import LIVE


# Promises of what comes by itself; others the owner has to keep.
ON_ITS_WAY = ("DELIVERY", "PAYMENT")


@dataclasses.dataclass
class Contact:
    at: int
    direction: str
    outcome: str
    channel: int = 0
    addressed: int = 0


@dataclasses.dataclass
class Remedy:
    id: str
    state: str
    proposed_at: int
    accepted_at: int = None
    fulfilled_at: int = None


@dataclasses.dataclass
class Promise:
    id: str
    kind: str
    state: str
    made_at: int
    due_at: int
    kept_at: int = None


@dataclasses.dataclass
class Offer:
    id: str
    agent: str
    expires_at: int
    state: str = "PENDING"


class Case:
    def __init__(self, policy, number, now, *, severity, channel="PHONE", trigger="COMPLAINT", tier="",
                 zone=""):
        self.policy, self.number = policy, number
        self.severity, self.channel, self.trigger, self.tier, self.zone = severity, channel, trigger, tier, zone
        self.opened_at = self.round_since = self.level_since = self.owner_since = now
        self.status, self.level, self.round = "OPEN", 1, 1
        self.owner_kind, self.owner_id = "STEWARD", policy.level(1).steward
        self.contacts, self.remedies, self.promises, self.offers = [], [], [], []
        self.clocks, self.steps, self.found, self.story = [], [], [], []
        self.acted = self.cause_known = self.recording = False
        self.paused_at = self.resume_at = self.acknowledged_at = self.denied_at = None
        self.resolved_at = self.closed_at = None
        self.changed(now)

    # --- what it is ---

    def known_tier(self):
        return self.tier if self.tier in self.policy.tiers else ""

    def is_live(self):
        return self.status in LIVE

    def _of_round(self, at):
        return at is not None and at >= self.round_since

    def reached(self):
        """In this round; or it was tried often enough."""
        tries = [one for one in self.contacts if one.direction == "OUTBOUND" and self._of_round(one.at)]
        if any(one.outcome == "REACHED" for one in tries):
            return True
        attempts, channels, window = self.policy.unreachable
        times = [one.at for one in tries]
        return (len(tries) >= attempts and len({one.channel for one in tries}) >= channels
                and max(times) - min(times) >= window)

    def passes_gate(self):
        states = {one.state for one in self.remedies}
        given = any(one.state == "FULFILLED" and self._of_round(one.fulfilled_at) for one in self.remedies)
        return (self.reached() and self.acted and self.cause_known and not states & {"ACCEPTED", "FULFILLING"}
                and (given or self._of_round(self.denied_at))
                and not any(one.state == "OPEN" for one in self.promises))

    def derive_status(self):
        if self.status in LIVE:
            self.status = self._derived()

    def _derived(self):
        states = {one.state for one in self.remedies}
        if self.owner_kind == "STEWARD":
            return "OPEN"
        promised = [one for one in self.promises if one.state == "OPEN"]
        if not (self.reached() and self.acted and self.cause_known) or customer(self)[0]:
            return "IN_PROGRESS"
        if any(one.kind not in ON_ITS_WAY for one in promised):
            return "IN_PROGRESS"
        if states & {"ACCEPTED", "FULFILLING"} or promised:
            return "AWAITING_FULFILMENT"
        return "AWAITING_CUSTOMER" if "OFFERED" in states else "IN_PROGRESS"

    def may_resolve(self):
        return self.is_live() and self.owner_kind == "AGENT" and self.passes_gate()

    def twin(self):
        """The same case, to try something on."""
        shared = (self.policy, *self.policy.clocks, *self.policy.laid_out.values())
        return copy.deepcopy(self, {id(one): one for one in shared})

    def clock_of(self, subject):
        return next(one for one in reversed(self.clocks) if one.subject == subject)

    def next_at(self):
        """When some clock is to be looked at next."""
        times = [one.next_at() for one in self.clocks]
        return min((one for one in times if one is not None), default=None)

    def changed(self, now):
        ladder.event(self, now)

    # --- offers and owners ---

    def offer(self, offer, now):
        self.offers.append(offer)
        clocks.start_until(self, "OFFER", offer.id, now, offer.expires_at)
        self.changed(now)

    def end_offers(self, state, now, accepted=None):
        for offer in self.offers:
            if offer.state == "PENDING":
                offer.state = "ACCEPTED" if offer is accepted else state
                clocks.stop(self, self.clock_of(offer.id), now, cancel=True)

    def accept(self, offer, now):
        self.take(offer.agent, now, offer)

    def take(self, agent, now, offer=None):
        self.owner_kind, self.owner_id, self.owner_since = "AGENT", agent, now
        self.end_offers("RESCINDED", now, offer)
        self.changed(now)

    def end_offer(self, offer, state, now):
        """Declined or expired."""
        offer.state = state
        clocks.stop(self, self.clock_of(offer.id), now, cancel=True)
        self.changed(now)

    # --- towards the customer ---

    def contact(self, contact, now):
        self.contacts.append(contact)
        self.changed(now)

    def join(self, severity, now):
        """The customer claims again."""
        self.severity = max(self.severity, severity)
        self.changed(now)

    def act(self, now):
        self.acted = True
        self.changed(now)

    def find_cause(self, now):
        self.cause_known = True
        self.changed(now)

    def propose(self, remedy_id, now):
        self.remedies.append(Remedy(remedy_id, "OFFERED", now))
        self.changed(now)

    def answer(self, remedy, state, now):
        remedy.state = state
        remedy.accepted_at = now if state == "ACCEPTED" else None
        self.changed(now)

    def fulfil(self, remedy, state, now):
        remedy.state = state
        remedy.fulfilled_at = now if state == "FULFILLED" else remedy.fulfilled_at
        self.changed(now)

    def deny(self, disclosed_at, now):
        self.denied_at = disclosed_at
        self.changed(now)

    # --- promises ---

    def promise(self, promise, now):
        self.promises.append(promise)
        clocks.start_until(self, "PROMISE", promise.id, now, promise.due_at)
        self.changed(now)

    def keep(self, promise, at, now):
        """Also of one that was found broken meanwhile: the time decides, not who was first to tell."""
        promise.state = "KEPT" if at <= promise.due_at else "BROKEN"
        promise.kept_at = at
        clocks.stop(self, self.clock_of(promise.id), at)
        self.changed(now)

    def renegotiate(self, promise, successor, now):
        promise.state = "RENEGOTIATED"
        clocks.stop(self, self.clock_of(promise.id), now, cancel=True)
        self.promise(successor, now)

    def admit_broken(self, promise, now):
        promise.state = "BROKEN"
        clock = self.clock_of(promise.id)
        clocks.stop(self, clock, now, cancel=True)
        self.severity = min(self.severity + 1, ladder.WORST)
        before = self.level
        self.changed(now)
        ladder.broken_promise(self, clock, self.level == before, now)

    def contact_hours(self):
        """The calendar in which this customer may be contacted; None = always."""
        zone = self.policy.zone_of(self.policy.contact_calendar, self.policy.contact_customer_zone, self.zone)
        return self.policy.calendar(self.policy.contact_calendar, zone)

    # --- pauses, rounds, the ladder ---

    def pause(self, until, now):
        self.paused_at, self.resume_at = now, until
        self.changed(now)

    def longest_pause(self, now):
        """Until when the case may be paused by hand: as its most generous clock; None when none can be."""
        return max((one for one in map(lambda clock: self._longest(clock, now), self.clocks)
                    if one is not None and one > now), default=None)

    def _longest(self, clock, now):
        definition = clock.definition
        if (clock.round != self.round or clock.state not in ("RUNNING", "PAUSED") or definition is None
                or not definition.pause_single or clock.target[0] != "time"):
            return None
        since = clock.paused_at if clock.state == "PAUSED" else now
        used = sum(until - begun for begun, until in clock.pauses)
        return since + min(definition.pause_single, definition.pause_total - used)

    def may_close(self):
        return self.status == "RESOLVED" and self.owner_kind == "AGENT" and self.passes_gate()

    def resume(self, now):
        self.resume_at = now
        self.changed(now)

    def escalate(self, to, now):
        ladder.climb(self, "HAND", to, now)

    def acknowledge(self, now):
        self.acknowledged_at = now
        self.changed(now)

    def resolve(self, now):
        for remedy in self.remedies:
            remedy.state = "EXPIRED" if remedy.state == "OFFERED" else remedy.state
        self.resume_at = now if self.paused_at is not None else None
        self.status, self.resolved_at = "RESOLVED", now
        self.changed(now)

    def close(self, now):
        self.status, self.closed_at = "CLOSED", now
        self.changed(now)

    def reopen(self, fit, now):
        """`fit`: the former owner, an agent, goes on."""
        self.round, self.round_since = self.round + 1, now
        self.resolved_at = self.closed_at = self.paused_at = self.resume_at = None
        self.status = "OPEN"
        ladder.reopen(self, now)
        self.changed(now)
        if not fit:
            ladder.to_steward(self, now)

    def end_pause(self, now):
        """One by hand whose end has passed."""
        if self.paused_at is not None and self.resume_at <= now:
            self.paused_at = self.resume_at = None

    def fire(self, clock, now):
        clocks.fire(self, clock, now)
