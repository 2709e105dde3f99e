# SPDX-License-Identifier: Apache-2.0
"""How a case stood at a moment of its history. Everything here is worked out from what had been told by
then, and nothing is kept that could be changed."""

import dataclasses
import functools

from . import conditions, status, talk, things
from .history import (Acknowledged, Acted, CauseFound, Claimed, Closed, Contact, Corrected, Denied, LevelIs, Opened, OwnerIs,
                      Paused, Reopened, Resolved, Resumed, Returned, SeverityRaised)
from .names import Channel, Direction, OfferState, Outcome, Owner, PromiseState, Status
from .rules import FIRST_LEVEL, LIVE, OWED, WORST

known = functools.cached_property


class View:
    def __init__(self, policy, history, index):
        self.policy, self.index, self.at = policy, index, history.moments[index].at
        self._history, self._since, self._targets = history, {}, {}

    def told(self, kind):
        return self._history.told(kind, self.index)

    def last(self, kind):
        rows = self.told(kind)
        return rows[-1] if rows else None

    def after(self, kind, index):
        return [row for row in self.told(kind) if row.index > index]

    def happened(self, kind):
        return bool(self.told(kind))

    # --- round, level, severity, owner ---

    @known
    def opened(self):
        return self.told(Opened)[0]

    @known
    def _round_row(self):
        return self.last(Reopened) or self.opened

    @known
    def round(self):
        return 1 + len(self.told(Reopened))

    @property
    def round_since(self):
        return self._round_row.at

    @known
    def _level_row(self):
        return self.last(LevelIs)

    @property
    def level(self):
        return self._level_row.fact.number if self._level_row else FIRST_LEVEL

    @property
    def level_since(self):
        return (self._level_row or self.opened).at

    @known
    def acknowledged_at(self):
        """Since the case is at its level."""
        rows = self.after(Acknowledged, (self._level_row or self.opened).index)
        return rows[-1].at if rows else None

    @known
    def severity(self):
        worst = self.opened.fact.severity
        for row in sorted((*self.told(Claimed), *self.told(SeverityRaised)), key=lambda row: row.index):
            claims = row.fact.severity if isinstance(row.fact, Claimed) else WORST
            worst = max(worst, min(claims, worst + 1))  # an application's word raises it by one
        return worst

    @known
    def _owner_row(self):
        return self.last(OwnerIs)

    @property
    def owner_kind(self):
        return self._owner_row.fact.kind if self._owner_row else Owner.STEWARD

    @property
    def owner_id(self):
        return self._owner_row.fact.id if self._owner_row else self.policy.level(FIRST_LEVEL).steward

    @property
    def owner_since(self):
        return (self._owner_row or self.opened).at

    @known
    def tier(self):
        """One that the policy does not know is none."""
        tier = self.opened.fact.tier
        return tier if tier in self.policy.tiers else ""

    # --- what was done ---

    @known
    def contacts(self):
        """As they were told and corrected."""
        asks = {row.fact.id: row.fact.asks for row in self.told(Corrected)}
        return [dataclasses.replace(row.fact, asks=asks.get(row.fact.id, row.fact.asks))
                for row in self.told(Contact)]

    @known
    def answered_at(self):
        """When the customer was reached."""
        return [one.at for one in self.contacts
                if one.direction == Direction.OUTBOUND and one.outcome == Outcome.REACHED
                and one.channel != Channel.SYSTEM]

    @known
    def talk(self):
        return talk.of(self)

    @known
    def remedies(self):
        return things.remedies(self)

    @known
    def promises(self):
        return things.promises(self)

    @known
    def offers(self):
        return things.offers(self)

    def pending_offer(self):
        return next((one for one in self.offers if one.state == OfferState.PENDING), None)

    def open_promises(self):
        return [one for one in self.promises if one.state == PromiseState.OPEN]

    def owes(self):
        return any(one.state in OWED for one in self.remedies)

    @property
    def acted(self):
        """In this round."""
        return any(row.at >= self.round_since for row in self.told(Acted))

    @property
    def cause_known(self):
        return self.happened(CauseFound)

    @property
    def denied_at(self):
        row = self.last(Denied)
        return row.fact.disclosed_at if row else None

    @known
    def pause(self):
        """(since, until) of the last one by hand in this round, or None."""
        rows = self.after(Paused, self._round_row.index)
        if not rows:
            return None
        ends = [one.at for kind in (Resumed, Resolved) for one in self.after(kind, rows[-1].index)]
        return rows[-1].at, min(rows[-1].fact.until, *ends) if ends else rows[-1].fact.until

    def stands(self, now):
        """The pause by hand under way; one whose end has passed is none."""
        return self.pause if self.pause and now < self.pause[1] else None

    # --- status ---

    @known
    def resolved_at(self):
        return self.last(Resolved).at

    @known
    def closed_at(self):
        return self.last(Closed).at

    @known
    def status(self):
        """What it was put to in this round, and since it went back to work; else what follows from what is
        left to do."""
        begun = max(row.index for row in (self._round_row, self.last(Returned) or self._round_row))
        if self.after(Closed, begun):
            return Status.CLOSED
        return Status.RESOLVED if self.after(Resolved, begun) else status.waits_for(self)

    def passes_gate(self):
        return status.passes_gate(self)

    @property
    def live(self):
        return self.status in LIVE

    def customer_waits(self):
        """True: since the first word that nobody answered. False: since the answer."""
        if self.talk.waits_since is not None:
            return True, self.talk.waits_since
        return False, self.round_since if self.talk.quiet_since is None else self.talk.quiet_since

    # --- conditions ---

    @known
    def facts(self):
        return conditions.facts(self)

    def since(self, definition, what, started_at=None):
        """Since when a condition of a definition holds; None when it does not. With `started_at` as the
        clock that began then sees it."""
        key = definition.name, what, started_at
        if key not in self._since:
            self._since[key] = conditions.since(self, definition, what, started_at)
        return self._since[key]

    def target(self, definition):
        """(target, calendar) by the facts as they stand."""
        if definition.name not in self._targets:
            self._targets[definition.name] = conditions.target(definition, self)
        return self._targets[definition.name]
