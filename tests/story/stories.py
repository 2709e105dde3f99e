# SPDX-License-Identifier: Apache-2.0
"""Seven recoveries. Each takes the world, its people by id, and returns its case."""

import acts
import escalated
from harness.api import v1
from narration import expect, later, owner_of, tell
from scenario.support import sample, steps

MINUTE_S = 60


def phone_order(world, people):
    """A phone was returned, the card stays charged, and nobody who was asked could fix it."""
    case = acts.signal(world, "Mira Stone", "My card was charged, the phone went back three weeks ago, "
                       "and I was transferred six times.", "billing.refund_missing", stake=sample.usd(80),
                       minutes_lost=190, desired_outcomes=[v1.DESIRED_OUTCOME_REFUND])
    acts.card(world, case)
    owner = acts.accept(world, people, case)
    acts.card(world, case)
    world.advance(12 * MINUTE_S)
    acts.contact(owner, case, v1.CHANNEL_PHONE, "no answer", v1.CONTACT_OUTCOME_NO_ANSWER)
    world.advance(18 * MINUTE_S)
    acts.contact(owner, case, v1.CHANNEL_PHONE, "spoke with her; the return was never booked")
    clock = world.clock(case, v1.CLOCK_KIND_FIRST_RESPONSE)
    expect(clock.state == v1.CLOCK_STATE_MET, "the first response was in time")
    acts.act(owner, case, v1.ACT_KIND_APOLOGY, "I am sorry. I stay with this until your money is back.")
    acts.beyond(owner, case, 300)
    refund = acts.remedy(owner, case, v1.REMEDY_KIND_REFUND, "the price of the phone", sample.usd(80))
    acts.too_early(owner, case)
    world.advance(2 * sample.HOUR_S)
    acts.fulfil(world.principal("payments"), case, refund, "REFUND-88120")
    acts.cause(owner, case, "process.returns.not_booked")
    acts.finish(owner, case)
    return case


def public_post(world, people):
    """Everybody can read it. The company that answers within hours keeps the customer."""
    case = acts.signal(world, "@travelling_jo", "Two hours on hold with these people. Never again.",
                       "access.no_answer", trigger=v1.TRIGGER_PUBLIC_POST, channel=v1.CHANNEL_SOCIAL,
                       external_reference="https://example.org/posts/4711")
    owner = acts.accept(world, people, case)
    world.advance(40 * MINUTE_S)
    acts.contact(owner, case, v1.CHANNEL_SOCIAL, "answered under the post and by direct message")
    acts.act(owner, case, v1.ACT_KIND_THANKS, "Thank you for telling us in public.")
    acts.act(owner, case, v1.ACT_KIND_APOLOGY, "We are sorry for the two hours.")
    acts.act(owner, case, v1.ACT_KIND_EXPLANATION, "Half of our lines were down; from today you can "
             "ask to be called back.")
    credit = acts.remedy(owner, case, v1.REMEDY_KIND_CREDIT, "for the lost evening", sample.usd(25))
    acts.fulfil(world.principal("payments"), case, credit, "CREDIT-5530")
    acts.cause(owner, case, "capacity.telephone")
    acts.finish(owner, case)
    return case


def fire_alarm(world, people):
    """The hotel noticed by itself and did not wait for the complaint."""
    case = acts.signal(world, "Room 414", "False fire alarm at one in the morning.", "product.defective",
                       trigger=v1.TRIGGER_DETECTED_FAILURE, channel=v1.CHANNEL_SYSTEM)
    owner = acts.accept(world, people, case)
    world.advance(5 * sample.HOUR_S)
    acts.contact(owner, case, v1.CHANNEL_LETTER, "a card under the door, written by hand")
    acts.act(owner, case, v1.ACT_KIND_APOLOGY, "We are sorry that we woke you.")
    for kind, what, proof in ((v1.REMEDY_KIND_GIFT, "chocolates at breakfast", "ROOM-SERVICE-414"),
                              (v1.REMEDY_KIND_UPGRADE, "a suite for the last night", "SUITE-900")):
        acts.fulfil(world.principal("front-desk"), case, acts.remedy(owner, case, kind, what), proof)
    acts.cause(owner, case, "equipment.smoke_detector")
    acts.finish(owner, case)
    return case


def repeated_claim(world, people):
    """A bad survey score, and a claim that was filed again: one case. The answer is no, with its
    reason."""
    case = acts.signal(world, "Ben Aster", "2 out of 10. The jacket arrived late and then tore.",
                       "product.not_as_described", trigger=v1.TRIGGER_SURVEY, channel=v1.CHANNEL_SURVEY)
    again = world.crm.OpenCase(**sample.claim(
        case.failure.code, customer_id=case.customer_id, order=case.failure.order_reference,
        channel=v1.CHANNEL_EMAIL, description="I wrote this before: I want a new jacket."))
    expect(again.joined and again.case.case_id == case.case_id, "a repeat claim joins the open case")
    expect(again.case.boost_ms > case.boost_ms, "a repeat claim raises the priority")
    tell(again.case, "joined", f"the second claim is signal {len(again.case.signals)} of the same case, which "
         f"moves up by {(again.case.boost_ms - case.boost_ms) // 60000} minutes in the queue")
    owner = acts.accept(world, people, case)
    acts.contact(owner, case, v1.CHANNEL_EMAIL, "asked for pictures; the seam was cut open")
    acts.act(owner, case, v1.ACT_KIND_EXPLANATION, "The warranty does not cover cuts; we are sorry that "
             "it came late.")
    denied = steps.deny(owner, case, reason="The seam was cut, which the warranty does not cover.",
                        disclosure_channel=v1.CHANNEL_EMAIL)
    tell(denied, "denied", f'"{denied.denial.reason}" - told by email; without a reason it is not possible')
    acts.cause(owner, case, "customer.damage", preventable=False)
    acts.finish(owner, case)
    return case


def silent_case(world, people):
    """No record of the appointment, and nobody at work who knows about appointments. The case does not
    wait in silence: its clock breaches and it climbs the ladder by itself."""
    world.crm.SetPresence(agent_id="lena", presence=v1.PRESENCE_OFFLINE)
    case = acts.signal(world, "Ada Brook", "I took a day off. Nobody came, and you have no record of it.",
                       "appointment.no_record", channel=v1.CHANNEL_WEB, minutes_lost=480,
                       desired_outcomes=[v1.DESIRED_OUTCOME_ACTION])
    tell(case, "owner", f"{owner_of(case)}: nobody at work has the skill, and yet somebody is accountable")
    due = world.clock(case, v1.CLOCK_KIND_FIRST_RESPONSE).due_time
    hours = (sample.seconds(due) - sample.seconds(case.open_time)) / sample.HOUR_S
    later(f"{hours:g} hours and a second go by (the test clock moves; nobody does anything)")
    world.advance(hours * sample.HOUR_S + 1)
    risen = world.get(case)
    kinds = world.kinds(case)
    expect(risen.level == 2, f"the silent case climbed one level, not to {risen.level}")
    expect(kinds.count("CLOCK_BREACHED") == 1, "the breach is recorded once")
    tell(risen, "breach", "first response was due and nobody answered: recorded as a breach")
    tell(risen, "escalated", f"from level 1 to level {risen.level}; accountable: {owner_of(risen)}")
    acts.card(world, case)
    world.crm.SetPresence(agent_id="lena", presence=v1.PRESENCE_AVAILABLE)
    later("lena, a team lead, begins her shift")
    world.settle()
    owner = acts.accept(world, people, case)
    acts.contact(owner, case, v1.CHANNEL_PHONE, "called at once; a technician comes tomorrow at eight")
    acts.act(owner, case, v1.ACT_KIND_APOLOGY, "You lost a day because of us. I am sorry.")
    visit = acts.remedy(owner, case, v1.REMEDY_KIND_EXPEDITE, "technician tomorrow, 08:00")
    acts.fulfil(owner, case, visit, "VISIT-20114")
    acts.cause(owner, case, "process.appointment.not_saved")
    acts.finish(owner, case)
    return case


ALL = (("The phone order", phone_order), ("The public post", public_post), ("The fire alarm", fire_alarm),
       ("The claim that was filed twice", repeated_claim), ("The silent case", silent_case), *escalated.ALL)
