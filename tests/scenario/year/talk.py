# SPDX-License-Identifier: Apache-2.0
"""Who spoke and who answered: since when the customer waits, and when they were answered."""

import dataclasses

from .history import Claimed
from .names import Ask, Channel, Direction, Outcome

CLAIM, WORD, REPLY, DENIAL = range(4)  # what of one instant comes first


@dataclasses.dataclass(frozen=True)
class Talk:
    waits_since: int  # None = the customer does not wait
    quiet_since: int  # None = nobody has ever been answered who waited
    answers: tuple  # instants


def of(view):
    waits = quiet = None
    answers, tries, asked_on = [], [], set()
    for at, what, one in sorted(_said(view), key=lambda row: row[:2]):
        if what in (CLAIM, WORD):
            if what == CLAIM and not answers:
                continue  # it is the first response that is owed
            waits, tries = at if waits is None else waits, []
            asked_on.add(one)
        elif what == DENIAL or _answers(view.policy, one, waits, bool(answers), tries, asked_on):
            quiet, waits = (quiet, None) if waits is None else (at, None)
            answers.append(at)
            tries, asked_on = [], set()
    return Talk(waits, quiet, tuple(answers))


def _said(view):
    """(at, what, channel or contact)"""
    yield from ((row.at, CLAIM, view.opened.fact.channel) for row in view.told(Claimed))
    for one in view.contacts:
        if one.direction == Direction.OUTBOUND:
            yield one.at, REPLY, one
        elif one.asks == Ask.ANSWER:
            yield one.at, WORD, one.channel
    if view.denied_at is not None:
        yield view.denied_at, DENIAL, None


def _answers(policy, reply, waits, answered, tries, asked_on):
    """Whether an outbound contact is an answer. `tries` are those before it since the last word."""
    if reply.channel == Channel.SYSTEM:
        return False
    if reply.outcome == Outcome.REACHED:
        return True
    if answered and waits is None:
        return False
    tries.append(reply)
    written = waits is not None and reply.outcome == Outcome.SENT and reply.channel in asked_on
    return written or policy.unreachable.met_by(tries)

