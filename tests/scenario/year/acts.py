# SPDX-License-Identifier: Apache-2.0
"""Each act, once on the services and once on the model, at the instant the services gave it."""

from harness.api import message, v1

from .calendars import DAY, HOUR, MINUTE, SECOND
from . import lives
from .history import Contact
from .names import Answer, Ask, Direction, Event, Outcome, Owner, PromiseKind, RemedyState
from .records import stamp

WORDLESS = ("EXPEDITE", "REDO", "UPGRADE", "GIFT", "PROCESS_FIX")
REASONS = ("CUSTOMER_ASKED", "AWAITING_CUSTOMER", "AWAITING_THIRD_PARTY", "CUSTOMER_AWAY", "FORCE_MAJEURE")


def timestamp(at):
    return message("google.protobuf.Timestamp")(seconds=at // 1_000_000, nanos=at % 1_000_000 * 1000)


class Acts:
    """`people` {name: Principal} by level: [[level 1 ...], [level 2 ...], ...]."""

    def __init__(self, world, people, dice):
        self.world, self.people, self.dice = world, people, dice
        self.by_name = {one.id: one for level in people for one in level}

    def do(self, what, life, now):
        """Does it; the instant it was done at, None when there was nothing to do."""
        return getattr(self, what)(life.case, life, now)

    def anybody(self, case=None):
        """The owner rather often, else any agent."""
        if case and case.view.owner_kind == Owner.AGENT and self.dice.random() < 0.7:
            return self.owner(case)
        return self.dice.choice([one for level in self.people for one in level])

    def owner(self, case):
        return self.by_name[case.view.owner_id]

    def _past(self, since, now):
        """Some instant before, not long ago."""
        return self.dice.randint(max(since, now - 4 * DAY), now - SECOND)

    # --- towards the customer ---

    def _contact(self, case, life, direction, outcome, at=None, level=0, asks=0, channel=None):
        channel = channel or self.dice.choice((v1.CHANNEL_PHONE, v1.CHANNEL_EMAIL))
        response = self.anybody(case).RecordContact(
            case_id=life.case_id, direction=direction, outcome=outcome, channel=channel, addressed_level=level,
            asks=asks, contact_time=timestamp(at) if at else None)
        done = stamp(response.case.update_time)
        asks = asks or (Ask.ANSWER if direction == Direction.INBOUND else 0)
        case.contact(Contact(response.contact_id, at or done, direction, outcome, channel, level, asks), done)
        return done

    def _out(self, case, life, outcome, at=None):
        return self._contact(case, life, Direction.OUTBOUND, outcome, at)

    def _in(self, case, life, **more):
        return self._contact(case, life, Direction.INBOUND, 0, **more)

    def reached(self, case, life, now):
        return self._out(case, life, Outcome.REACHED)

    def reached_told_late(self, case, life, now):
        return self._out(case, life, Outcome.REACHED, self._past(case.view.opened.at, now))

    def tried(self, case, life, now):
        return self._out(case, life, self.dice.choice((Outcome.NO_ANSWER, Outcome.VOICEMAIL, Outcome.BOUNCED)))

    def written(self, case, life, now):
        """Sent, and perhaps read."""
        return self._contact(case, life, Direction.OUTBOUND, Outcome.SENT, channel=v1.CHANNEL_EMAIL)

    def automatic(self, case, life, now):
        """A program tells the customer something, and believes that it reached them."""
        return self._contact(case, life, Direction.OUTBOUND, Outcome.REACHED, channel=v1.CHANNEL_SYSTEM)

    def thanks(self, case, life, now):
        return self._in(case, life, asks=Ask.NOTHING)

    def correct(self, case, life, now):
        """Somebody looks at a contact of the customer again."""
        contact = self.dice.choice([one for one in case.view.contacts if one.direction == Direction.INBOUND])
        asks = Ask.NOTHING if contact.asks == Ask.ANSWER else Ask.ANSWER
        response = self.anybody().CorrectContact(case_id=life.case_id, contact_id=contact.id, asks=asks)
        done = stamp(response.case.update_time)
        case.correct(contact.id, asks, done)
        return done

    def inbound(self, case, life, now):
        return self._in(case, life)

    def inbound_told_late(self, case, life, now):
        return self._in(case, life, at=self._past(case.view.opened.at, now))

    def inbound_to_the_top(self, case, life, now):
        return self._in(case, life, level=len(case.policy.levels))

    def again(self, case, life, now):
        """The customer claims again."""
        graver = self.dice.randint(1, 5)
        response = self.world.crm.OpenCase(**{**life.fields, "severity": graver})
        assert response.joined and response.case.case_id == life.case_id, "a repeat claim joins the case"
        case.join(graver, stamp(response.case.update_time))
        return stamp(response.case.update_time)

    def say(self, case, life, now):
        kind = self.dice.choice((v1.ACT_KIND_APOLOGY, v1.ACT_KIND_EXPLANATION))
        response = self.anybody(case).RecordAct(case_id=life.case_id, kind=kind, note="-")
        case.act(stamp(response.case.update_time))
        return stamp(response.case.update_time)

    def cause(self, case, life, now):
        response = self.anybody(case).RecordRootCause(case_id=life.case_id, code="process.handover")
        case.find_cause(stamp(response.case.update_time))
        return stamp(response.case.update_time)

    # --- remedies ---

    def propose(self, case, life, now):
        kind = v1.RemedyKind.Value(f"REMEDY_KIND_{self.dice.choice(WORDLESS)}")
        response = self.anybody(case).ProposeRemedy(case_id=life.case_id, kind=kind)
        done = stamp(response.case.update_time)
        case.remedy(Event.REMEDY_PROPOSED, response.remedy.remedy_id, RemedyState.OFFERED, done)
        return done

    def _some_remedy(self, case, *states):
        return self.dice.choice([one for one in case.view.remedies if one.state in states])

    def answer(self, case, life, now):
        remedy = self._some_remedy(case, RemedyState.OFFERED)
        said = self.dice.choice(("ACCEPTED", "ACCEPTED", "ACCEPTED", "DECLINED", "COUNTERED"))
        response = self.anybody(case).RecordCustomerResponse(
            case_id=life.case_id, remedy_id=remedy.id, answer=Answer[said])
        done = stamp(response.case.update_time)
        case.remedy(Event.REMEDY_ANSWERED, remedy.id, RemedyState[said], done)
        return done

    def _report(self, case, life, remedy, outcome, state):
        response = self.world.crm.ReportFulfilment(
            case_id=life.case_id, remedy_id=remedy.id, outcome=outcome,
            external_reference=f"R-{remedy.id}" if outcome == v1.FULFILMENT_OUTCOME_FULFILLED else "")
        done = stamp(response.case.update_time)
        case.remedy(Event.REMEDY_FULFILMENT_REPORTED, remedy.id, state, done)
        return done

    def fulfil(self, case, life, now):
        remedy = self._some_remedy(case, RemedyState.ACCEPTED, RemedyState.FULFILLING)
        if remedy.state == RemedyState.ACCEPTED and self.dice.random() < 0.3:
            return self._report(case, life, remedy, v1.FULFILMENT_OUTCOME_STARTED, RemedyState.FULFILLING)
        if self.dice.random() < 0.15:
            return self._report(case, life, remedy, v1.FULFILMENT_OUTCOME_FAILED, RemedyState.FAILED)
        return self._report(case, life, remedy, v1.FULFILMENT_OUTCOME_FULFILLED, RemedyState.FULFILLED)

    def reverse(self, case, life, now):
        remedy = self._some_remedy(case, RemedyState.FULFILLED)
        return self._report(case, life, remedy, v1.FULFILMENT_OUTCOME_REVERSED, RemedyState.REVERSED)

    def deny(self, case, life, now):
        response = self.owner(case).DenyClaim(
            case_id=life.case_id, expected_version=self._version(life), reason="-",
            disclosure_channel=v1.CHANNEL_LETTER, disclosure_time=timestamp(now))
        case.deny(now, stamp(response.case.update_time))
        return stamp(response.case.update_time)

    # --- offers ---

    def offer_answer(self, case, life, now):
        offer = case.view.pending_offer()
        agent = self.by_name[offer.agent]
        if self.dice.random() < 0.8:
            done = stamp(agent.AcceptOffer(case_id=life.case_id, offer_id=offer.id).case.update_time)
            case.take(agent.id, done, offer.id)
        else:
            response = agent.DeclineOffer(case_id=life.case_id, offer_id=offer.id, reason="-")
            done = stamp(response.offer.decide_time)
            case.decline(offer, done)
        return done

    def ask_for_work(self, find):
        """Some agent asks for the next case; `find` gives the life of a case id. (life, instant, who), or
        None."""
        agent = self.anybody()
        response = agent.RequestAssignment(offer_only=self.dice.random() < 0.5)
        if not response.HasField("case"):
            return None
        life, offer = find(response.case.case_id), response.offer
        done = stamp(response.case.update_time)
        if offer.state == v1.OFFER_STATE_PENDING:
            life.case.offer(offer.offer_id, agent.id, stamp(offer.expire_time), done)
        else:
            life.case.take(agent.id, done)
        return life, done, agent.id

    # --- promises ---

    def _promised(self, case, now):
        """An instant to promise, and when that is due in the hours of the customer."""
        ahead = self.dice.choice((self.dice.randint(2 * HOUR, DAY), self.dice.randint(DAY, 6 * DAY)))
        at = now + ahead // MINUTE * MINUTE
        return at, case.contact_hours().last_open(at) if case.contact_hours() else at

    def promise(self, case, life, now):
        at, due = self._promised(case, now)
        if due <= now + MINUTE:
            return None
        kind = self.dice.choice(("CALL_BACK", "VISIT", "DELIVERY", "PAYMENT"))
        response = self.anybody(case).MakePromise(
            case_id=life.case_id, kind=PromiseKind[kind], description="-",
            promise_time=timestamp(at))
        done = stamp(response.case.update_time)
        case.promise(response.promise_id, PromiseKind[kind], due, done)
        return done

    def _settle(self, case, life, promise, outcome, **more):
        return self.anybody(case).SettlePromise(
            case_id=life.case_id, promise_id=promise.id,
            outcome=v1.PromiseOutcome.Value(f"PROMISE_OUTCOME_{outcome}"), **more)

    def _open_promise(self, case):
        return self.dice.choice(case.view.open_promises())

    def keep(self, case, life, now):
        promise = self._open_promise(case)
        done = stamp(self._settle(case, life, promise, "KEPT").case.update_time)
        case.keep(promise, done, done)
        return done

    def keep_told_late(self, case, life, now):
        promise = self.dice.choice([one for one in case.view.promises if lives.may_be_kept(one)])
        at = self._past(promise.made_at, now)
        done = stamp(self._settle(case, life, promise, "KEPT", keep_time=timestamp(at)).case.update_time)
        case.keep(promise, at, done)
        return done

    def renegotiate(self, case, life, now):
        promise = self._open_promise(case)
        at, due = self._promised(case, now)
        if due <= now + MINUTE:
            return None
        response = self._settle(case, life, promise, "RENEGOTIATED", customer_consented=True,
                                promise_time=timestamp(at))
        done = stamp(response.case.update_time)
        case.renegotiate(promise, response.promise_id, due, done)
        return done

    def admit(self, case, life, now):
        promise = self._open_promise(case)
        done = stamp(self._settle(case, life, promise, "BROKEN").case.update_time)
        case.admit_broken(promise, done)
        return done

    # --- pauses, rounds, the ladder ---

    def _version(self, life):
        return self.world.get(life).version

    def pause(self, case, life, now):
        until = now + self.dice.randint(HOUR, 6 * DAY) if self.dice.random() < 0.7 else None
        limit = case.longest_pause(now)
        if limit is None or (until and until > limit):
            return None
        response = self.owner(case).PauseCase(
            case_id=life.case_id, expected_version=self._version(life),
            reason=v1.PauseReason.Value(f"PAUSE_REASON_{self.dice.choice(REASONS)}"),
            resume_time=timestamp(until) if until else None)
        case.pause(stamp(response.case.pause.end_time), stamp(response.case.update_time))
        return stamp(response.case.update_time)

    def resume(self, case, life, now):
        response = self.anybody(case).ResumeCase(case_id=life.case_id)
        case.resume(stamp(response.case.update_time))
        return stamp(response.case.update_time)

    def escalate(self, case, life, now):
        to = self.dice.choice((0, 0, self.dice.randint(case.view.level + 1, len(case.policy.levels))))
        response = self.anybody(case).EscalateCase(case_id=life.case_id, reason="-", to_level=to)
        case.escalate(to or case.view.level + 1, stamp(response.case.update_time))
        return stamp(response.case.update_time)

    def acknowledge(self, case, life, now):
        steward = self.world.principal(case.policy.level(case.view.level).steward)
        who = self.dice.choice((steward, *(one for level in self.people[case.view.level - 1:] for one in level)))
        response = who.AcknowledgeEscalation(case_id=life.case_id)
        case.acknowledge(stamp(response.case.update_time))
        return stamp(response.case.update_time)

    def resolve(self, case, life, now):
        response = self.owner(case).ResolveCase(case_id=life.case_id, expected_version=self._version(life))
        case.resolve(stamp(response.case.update_time))
        return stamp(response.case.update_time)

    def close(self, case, life, now):
        if not case.may_close():
            return None
        response = self.owner(case).CloseCase(case_id=life.case_id, expected_version=self._version(life))
        case.close(stamp(response.case.update_time))
        return stamp(response.case.update_time)

    def reopen(self, case, life, now):
        response = self.anybody(case).ReopenCase(case_id=life.case_id, expected_version=self._version(life),
                                                 reason="-")
        life.reopenings += 1
        case.reopen(case.view.owner_kind == Owner.AGENT, True, stamp(response.case.update_time))
        return stamp(response.case.update_time)

    def leave(self, case, life, now):
        """Nobody touches it any more."""
        life.next_act = None
        return None
