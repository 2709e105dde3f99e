# SPDX-License-Identifier: Apache-2.0
"""What people do on a case. Each step takes the principal first and the case second."""

from harness.api import v1

from . import sample


def reach(agent, case, channel=v1.CHANNEL_PHONE, **more):
    """Contacts the customer and speaks with them."""
    return attempt(agent, case, v1.CONTACT_OUTCOME_REACHED, channel, **more)


def attempt(agent, case, outcome, channel=v1.CHANNEL_PHONE, **more):
    """Tries to contact the customer."""
    return agent.RecordContact(case_id=case.case_id, direction=v1.CONTACT_DIRECTION_OUTBOUND,
                               channel=channel, outcome=outcome, **more).case


def say(agent, case, kind=v1.ACT_KIND_APOLOGY, note="We are sorry."):
    """Thanks, apologises or explains."""
    return agent.RecordAct(case_id=case.case_id, kind=kind, note=note).case


def find_cause(agent, case, code="process.handover", preventable=True):
    return agent.RecordRootCause(case_id=case.case_id, code=code, preventable=preventable).case


def propose(agent, case, kind=v1.REMEDY_KIND_REFUND, amount=None, **more):
    """Proposes a remedy; one with a price is 40 USD unless given."""
    priced = kind in (v1.REMEDY_KIND_REFUND, v1.REMEDY_KIND_CREDIT, v1.REMEDY_KIND_WAIVER)
    if priced and amount is None:
        amount = sample.usd(40)
    return agent.ProposeRemedy(case_id=case.case_id, kind=kind, amount=amount, **more).remedy


def answer(agent, case, remedy, said=v1.CUSTOMER_ANSWER_ACCEPTED):
    """Records what the customer said to the remedy."""
    return agent.RecordCustomerResponse(case_id=case.case_id, remedy_id=remedy.remedy_id,
                                        answer=said).remedy


def report(agent, case, remedy, outcome=v1.FULFILMENT_OUTCOME_FULFILLED, reference="RF-1"):
    """Reports what became of the remedy."""
    return agent.ReportFulfilment(case_id=case.case_id, remedy_id=remedy.remedy_id, outcome=outcome,
                                  external_reference=reference).remedy


def give(agent, case, kind=v1.REMEDY_KIND_REFUND, amount=None, reference="RF-1"):
    """Proposes a remedy which the customer accepts and gets."""
    remedy = propose(agent, case, kind, amount)
    answer(agent, case, remedy)
    return report(agent, case, remedy, reference=reference)


def recover(agent, case):
    """Does all that the close gate asks for."""
    reach(agent, case)
    say(agent, case)
    find_cause(agent, case)
    give(agent, case)


def deny(agent, case, reason="The phone was used for two years after the warranty ended.", **changes):
    now = agent.world.get(case)
    fields = {"expected_version": now.version, "reason": reason,
              "disclosure_channel": v1.CHANNEL_LETTER, "disclosure_time": now.update_time, **changes}
    return agent.DenyClaim(case_id=case.case_id, **fields).case


def resolve(agent, case):
    return agent.ResolveCase(case_id=case.case_id,
                             expected_version=agent.world.get(case).version).case


def close(agent, case):
    return agent.CloseCase(case_id=case.case_id,
                           expected_version=agent.world.get(case).version).case
