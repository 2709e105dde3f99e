# SPDX-License-Identifier: Apache-2.0
"""The status that follows from what is left to do, and the gate before the end of a case."""

from .names import Channel, Direction, Outcome, Owner, RemedyState, Status
from .rules import ON_ITS_WAY


def waits_for(view):
    """The status of a case that is neither resolved nor closed."""
    if view.owner_kind == Owner.STEWARD:
        return Status.OPEN
    if owner_has_work(view):
        return Status.IN_PROGRESS
    if view.owes() or view.open_promises():
        return Status.AWAITING_FULFILMENT
    offered = any(one.state == RemedyState.OFFERED for one in view.remedies)
    return Status.AWAITING_CUSTOMER if offered else Status.IN_PROGRESS


def owner_has_work(view):
    """To reach the customer, to say something, to find the cause, to answer, to keep a promise."""
    done = _reached(view) and view.acted and view.cause_known
    return (not done or view.customer_waits()[0]
            or any(one.kind not in ON_ITS_WAY for one in view.open_promises()))


def passes_gate(view):
    """It may be resolved, and stay so."""
    given = any(one.state == RemedyState.FULFILLED and _of_round(view, one.fulfilled_at)
                for one in view.remedies)
    return (_reached(view) and view.acted and view.cause_known and not view.owes()
            and (given or _of_round(view, view.denied_at)) and not view.open_promises()
            and not view.customer_waits()[0])


def _reached(view):
    """In this round; or it was tried often enough."""
    tries = [one for one in view.contacts if one.direction == Direction.OUTBOUND
             and one.channel != Channel.SYSTEM and _of_round(view, one.at)]
    return any(one.outcome == Outcome.REACHED for one in tries) or view.policy.unreachable.met_by(tries)


def _of_round(view, at):
    return at is not None and at >= view.round_since
