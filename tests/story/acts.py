# SPDX-License-Identifier: Apache-2.0
"""The parts that stories share, each told as it happens and held against what must come of it."""

from harness.api import v1
from harness.errors import Error
from narration import clock_time, expect, owner_of, tell, word
from scenario.support import sample, steps


def signal(world, who, says, code, **of):
    """A signal comes in; the case."""
    case = world.open(code, description=says, customer_name=who, **of)
    trigger, channel = word(v1.Trigger, case.trigger), word(v1.Channel, case.channel)
    tell(case, "signal", f'{trigger} (channel: {channel}), {who}: "{says}"')
    response = world.clock(case, v1.CLOCK_KIND_FIRST_RESPONSE)
    tell(case, "case", f"{case.case_id}, {case.failure.code}, severity {case.severity}; first response due "
         f"{clock_time(response.due_time)}")
    expect(len(case.clocks) >= 2, "a case opens with its clocks")
    return case


def card(world, case):
    shown = world.crm.GetContactCard(case_id=case.case_id)
    hours = f" ({shown.hours})" if shown.hours else ""
    tell(world.get(case), "card", f"for the customer: {shown.owner_name}. {shown.owner_contact}{hours}")
    return shown


def accept(world, people, case):
    """Whoever was offered the case accepts it; the new owner."""
    offer = world.pending(case)
    expect(offer is not None, "the case is offered to an agent who can fix it")
    agent = people[offer.agent_id]
    tell(world.get(case), "offer", f"to {agent.id} (skill, language, authority, room), stands until "
         f"{clock_time(offer.expire_time)}")
    taken = agent.accept(case)
    expect(taken.owner.id == agent.id, "who accepts is the owner")
    tell(taken, "owner", f"{owner_of(taken)} is accountable now, and nobody else")
    return agent


def contact(agent, case, channel, said, outcome=v1.CONTACT_OUTCOME_REACHED):
    now = steps.attempt(agent, case, outcome, channel, note=said)
    came_of_it = word(v1.ContactOutcome, outcome)
    tell(now, "contact", f"{agent.id}, {word(v1.Channel, channel)}, {came_of_it}: {said}")
    return now


def act(agent, case, kind, words):
    now = steps.say(agent, case, kind, words)
    tell(now, word(v1.ActKind, kind), f'{agent.id}: "{words}"')


def cause(agent, case, code, preventable=True):
    now = steps.find_cause(agent, case, code, preventable)
    tell(now, "root cause", f"{code}, {'could have been prevented' if preventable else 'bad luck'}")


def beyond(agent, case, units):
    """A refund beyond the agent's authority is refused with the level that may."""
    try:
        steps.propose(agent, case, amount=sample.usd(units))
    except Error as refusal:
        expect(refusal.reason == "BEYOND_AUTHORITY", str(refusal))
        told = refusal.metadata
        tell(agent.world.get(case), "refused", f"refund of {units} USD: beyond {agent.id}'s limit of "
             f"{told['limit']} {told['currency']}; level {told['level_that_may']} may")
        return
    expect(False, f"a refund of {units} USD is beyond the authority of {agent.id}")


def remedy(agent, case, kind, what, amount=None):
    """A remedy within authority: approved on the spot, and the customer accepts it."""
    made = steps.propose(agent, case, kind, amount, description=what)
    expect(made.on_the_spot, "within authority a remedy is approved on the spot")
    price = f" of {amount.units} {amount.currency_code}" if amount else ""
    tell(agent.world.get(case), "remedy",
         f"{word(v1.RemedyKind, kind)}{price}, {what}: approved on the spot, offered")
    answered = steps.answer(agent, case, made)
    state = word(v1.RemedyState, answered.state)
    tell(agent.world.get(case), "customer", f"says yes; the remedy is {state}, which is not yet done")
    return answered


def fulfil(principal, case, accepted, reference):
    done = steps.report(principal, case, accepted, reference=reference)
    expect(done.state == v1.REMEDY_STATE_FULFILLED, "the remedy is fulfilled")
    tell(principal.world.get(case), "fulfilled",
         f"{principal.id} reports {reference}: it has reached the customer")


def too_early(agent, case):
    """The close gate lists all that is missing."""
    try:
        steps.resolve(agent, case)
    except Error as refusal:
        expect(refusal.reason == "CLOSE_GATE", str(refusal))
        missing = ", ".join(field.partition(":")[0] for field in refusal.fields)
        tell(agent.world.get(case), "close gate", f"not yet, missing: {missing}")
        return
    expect(False, "a case that lacks something is not resolved")


def finish(agent, case):
    """Resolved, closed, proved."""
    resolved = steps.resolve(agent, case)
    tell(resolved, "resolved", f"by {agent.id}; the close gate has nothing left to ask for")
    closed = steps.close(agent, case)
    expect(closed.status == v1.CASE_STATUS_CLOSED, "the case is closed")
    tell(closed, "closed", f"by {agent.id}")
    prove(agent.world, closed)


def prove(world, case):
    proof = world.verify(case)
    expect(proof.intact, f"the history of {case.case_id} is intact: {proof.problem}")
    tell(world.get(case), "proof",
         f"{proof.events} events, every hash fits; head {proof.head_hash.hex()[:16]}...")
