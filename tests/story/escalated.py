# SPDX-License-Identifier: Apache-2.0
"""Two recoveries that go wrong before they go right: silence up to the executive desk, and a promise that
is broken, a pause and a customer who comes back."""

import datetime
import zoneinfo

import acts
from harness.api import v1
from narration import clock_time, expect, later, owner_of, tell, word
from scenario.support import sample, steps

SECONDS_AFTER = 2


def until(world, case, name, says):
    """Moves the clock right behind the deadline of the case's clock of that name; the case then."""
    clock = next(one for one in world.get(case).clocks if one.name == name)
    wait = sample.seconds(clock.due_time) - sample.seconds(world.get(case).update_time) + SECONDS_AFTER
    later(f"{says}: {wait / sample.HOUR_S:.1f} hours go by")
    world.advance(wait)
    return world.get(case)


def climbed(world, case, level, what):
    now = world.get(case)
    expect(now.level == level, f"the case is at level {level}, not {now.level}")
    cost = now.escalation_cost
    tell(now, "escalated", f"{what}: level {now.level}; accountable: {owner_of(now)}; the ladder has cost "
         f"{cost.units} {cost.currency_code} so far")
    return now


def executive_desk(world, people):
    """Three messages to executives were never answered. Here the silence itself climbs, level by level,
    and at the top it is told again and again until somebody takes notice."""
    case = acts.signal(world, "Ira Moss", "Nobody came, nobody calls, and my letters are not answered.",
                       "appointment.missed", trigger=v1.TRIGGER_FOLLOW_UP_REQUEST, channel=v1.CHANNEL_LETTER,
                       language="cy", minutes_lost=600)
    tell(case, "owner", f"{owner_of(case)}: nobody at work speaks the customer's language")
    until(world, case, "first_response", "nobody does anything")
    climbed(world, case, 2, "first response is overdue")
    until(world, case, "level.2", "nor do the team leads")
    climbed(world, case, 3, "the lead's clock ran out")
    until(world, case, "level.3", "nor does the manager")
    climbed(world, case, 4, "the manager's clock ran out: the executive desk takes over")
    again = until(world, case, "level.4", "and the executive desk is silent, too")
    top = next(one for one in again.clocks if one.name == "level.4")
    expect(top.instance == 2, "the clock of the top goes round until somebody takes notice")
    tell(again, "told again", f"the desk's clock began again and is due {clock_time(top.due_time)}")
    desk = world.principal("steward-executive")
    seen = desk.AcknowledgeEscalation(case_id=case.case_id).case
    tell(seen, "noticed", f"{desk.id} acknowledges")
    return answer_at_the_top(world, people, seen)


def answer_at_the_top(world, people, case):
    vera = people["vera"]
    world.crm.SetPresence(agent_id="vera", presence=v1.PRESENCE_AVAILABLE)
    later("vera of the executive desk, who speaks Welsh, begins her day")
    world.settle()
    owner = acts.accept(world, people, case)
    expect(owner is vera, "the case is offered to somebody of its level")
    acts.card(world, case)
    acts.contact(owner, case, v1.CHANNEL_PHONE, "called; a technician comes today, and the letters are found")
    acts.act(owner, case, v1.ACT_KIND_APOLOGY, "Three letters and no answer: that is our failure, not yours.")
    visit = acts.remedy(owner, case, v1.REMEDY_KIND_EXPEDITE, "technician today")
    acts.fulfil(owner, case, visit, "VISIT-31007")
    acts.cause(owner, case, "process.letters.nobody_reads_them")
    acts.finish(owner, case)
    world.crm.SetPresence(agent_id="vera", presence=v1.PRESENCE_OFFLINE)
    return case


# --- a promise ---


def call_back(world, people):
    """A call was promised and did not come. A broken promise is graver than none; the customer goes on a
    journey, and comes back when the new router fails, too."""
    case = acts.signal(world, "Noor Castell", "The line is dead every evening. Please call me.",
                       "product.defective", customer_time_zone="Europe/Madrid", stake=sample.usd(60),
                       desired_outcomes=[v1.DESIRED_OUTCOME_ACTION])
    owner = acts.accept(world, people, case)
    acts.contact(owner, case, v1.CHANNEL_CHAT, "asked when to call")
    promised = promise(owner, case, "a call tomorrow at ten, by the customer's clock")
    later("ten o'clock passes; nobody calls")
    wait = sample.seconds(promised.due_time) - sample.seconds(world.get(case).update_time)
    world.advance(wait + SECONDS_AFTER)
    broken(world, case, promised)
    kept = owner.SettlePromise(case_id=case.case_id, promise_id=promised.promise_id,
                               outcome=v1.PROMISE_OUTCOME_KEPT).case
    tell(kept, "kept late", "the call is made after all; the promise stays broken")
    acts.contact(owner, case, v1.CHANNEL_PHONE, "apologised; the router is to be replaced")
    acts.act(owner, case, v1.ACT_KIND_APOLOGY, "You waited for my call and I did not make it. I am sorry.")
    router = acts.remedy(owner, case, v1.REMEDY_KIND_REPLACEMENT, "a new router")
    pause(world, owner, case)
    acts.fulfil(world.principal("warehouse"), case, router, "PARCEL-7781")
    acts.cause(owner, case, "supplier.router_firmware")
    resolved = steps.resolve(owner, case)
    tell(resolved, "resolved", f"by {owner.id}; the case closes in a week if the customer is content")
    return comes_back(world, people, owner, resolved)


def promise(owner, case, what):
    now = owner.world.get(case)
    there = datetime.datetime.fromtimestamp(sample.seconds(now.update_time),
                                            zoneinfo.ZoneInfo(now.customer_time_zone))
    made = owner.MakePromise(case_id=case.case_id, kind=v1.PROMISE_KIND_CALL_BACK, description=what,
                             local_time=f"{there.date() + datetime.timedelta(days=1)}T10:00")
    promised = next(one for one in made.case.promises if one.promise_id == made.promise_id)
    tell(made.case, "promise", f"{owner.id}: {what}, due {clock_time(promised.due_time)}")
    return promised


def broken(world, case, promised):
    now = world.get(case)
    state = next(one.state for one in now.promises if one.promise_id == promised.promise_id)
    expect(state == v1.PROMISE_STATE_BROKEN, "a promise that was not kept in time is broken")
    expect(now.severity == case.severity + 1, "a broken promise is graver")
    tell(now, "broken", f"the promise is {word(v1.PromiseState, state)}: severity {now.severity}")
    climbed(world, case, 2, "a broken promise")


def pause(world, owner, case):
    before = world.get(case)
    resolution = next(one for one in before.clocks if one.name == "resolution")
    days = 3
    resume = sample.timestamp(sample.seconds(before.update_time) + days * sample.DAY_S)
    paused = owner.PauseCase(case_id=case.case_id, expected_version=before.version,
                             reason=v1.PAUSE_REASON_CUSTOMER_AWAY, resume_time=resume,
                             note="on a journey; nobody can take the parcel").case
    tell(paused, "paused", f"by {owner.id}, the customer is away; until {clock_time(paused.pause.end_time)}")
    later("three days go by; the case goes on by itself")
    world.advance(days * sample.DAY_S + SECONDS_AFTER)
    after = world.get(case)
    moved = next(one for one in after.clocks if one.name == "resolution")
    shift = sample.seconds(moved.due_time) - sample.seconds(resolution.due_time)
    expect(not after.HasField("pause") and abs(shift - days * sample.DAY_S) < 1,
           "the deadline moved by as long as the clock stood still")
    tell(after, "resumed", f"resolution is due {clock_time(moved.due_time)} now, three days later")


def comes_back(world, people, owner, case):
    later("five days go by")
    world.advance(5 * sample.DAY_S)
    opened = owner.ReopenCase(case_id=case.case_id, expected_version=world.get(case).version,
                              reason="The new router fails every evening as the old one did.").case
    expect(opened.round == 2 and opened.level == 3, "a new round starts one level higher")
    tell(opened, "reopened", f"round {opened.round}, level {opened.level}; accountable: {owner_of(opened)}")
    expect(opened.owner.id == owner.id, "the former owner goes on")
    acts.contact(owner, case, v1.CHANNEL_PHONE, "a technician found a corroded joint in the street")
    acts.act(owner, case, v1.ACT_KIND_EXPLANATION, "It was never your router: the line in the street was broken. I am sorry.")
    visit = acts.remedy(owner, case, v1.REMEDY_KIND_REDO, "the joint is replaced")
    acts.fulfil(owner, case, visit, "JOB-5520")
    acts.cause(owner, case, "network.joint_corroded")
    resolved = steps.resolve(owner, case)
    tell(resolved, "resolved", f"by {owner.id}")
    later("a week goes by without a word")
    world.advance(7 * sample.DAY_S + SECONDS_AFTER)
    closed = world.get(case)
    expect(closed.status == v1.CASE_STATUS_CLOSED, "the case closes when its follow-up window ends")
    tell(closed, "closed", "by itself: the customer had a week to say more")
    acts.prove(world, closed)
    return case


ALL = (("The executive desk", executive_desk), ("The call that was promised", call_back))
