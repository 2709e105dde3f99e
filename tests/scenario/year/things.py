# SPDX-License-Identifier: Apache-2.0
"""Remedies, promises and offers as a history leaves them."""

import dataclasses

from .history import (Offered, OfferEnded, OwnerIs, PromiseBroken, Promised, PromiseKept, PromiseReplaced,
                      RemedyIs)
from .names import OfferState, PromiseState, RemedyState


@dataclasses.dataclass(frozen=True)
class Remedy:
    id: str
    state: int
    proposed_at: int
    accepted_at: int
    fulfilled_at: int


@dataclasses.dataclass(frozen=True)
class Promise:
    id: str
    kind: int
    state: int
    made_at: int
    due_at: int
    kept_at: int
    over_at: int  # when it was replaced or admitted to be broken


@dataclasses.dataclass(frozen=True)
class Offer:
    id: str
    agent: str
    made_at: int
    expires_at: int
    state: int
    ended_at: int


def _by_id(rows):
    out = {}
    for row in rows:
        out.setdefault(row.fact.id, []).append(row)
    return out


def _first_at(rows, state):
    return next((row.at for row in rows if row.fact.state == state), None)


def remedies(view):
    return [_remedy(name, rows) for name, rows in _by_id(view.told(RemedyIs)).items()]


def _remedy(name, rows):
    return Remedy(name, rows[-1].fact.state, rows[0].at,
                  _first_at(rows, RemedyState.ACCEPTED), _first_at(rows, RemedyState.FULFILLED))


def promises(view):
    kept, broken, replaced = (_by_id(view.told(kind)) for kind in (PromiseKept, PromiseBroken, PromiseReplaced))
    return [_promise(one, kept.get(one.fact.id), broken.get(one.fact.id), replaced.get(one.fact.id))
            for one in view.told(Promised)]


def _promise(made, kept, broken, replaced):
    """When it was kept decides, not who was first to tell."""
    kept_at = kept[0].fact.at if kept else None
    admitted = [row.at for row in broken or () if row.fact.admitted]
    if kept:
        state = PromiseState.KEPT if kept_at <= made.fact.due_at else PromiseState.BROKEN
    elif replaced:
        state = PromiseState.RENEGOTIATED
    else:
        state = PromiseState.BROKEN if broken else PromiseState.OPEN
    over_at = replaced[0].at if replaced else min(admitted, default=None)
    return Promise(made.fact.id, made.fact.kind, state, made.at, made.fact.due_at, kept_at, over_at)


def offers(view):
    ended = _by_id(view.told(OfferEnded))
    return [_offer(view, one, ended.get(one.fact.id)) for one in view.told(Offered)]


def _offer(view, made, ended):
    """An offer does not outlast a change of owner."""
    owners = view.after(OwnerIs, made.index)
    if ended:
        state, at = ended[0].fact.state, ended[0].at
    elif owners:
        accepted = owners[0].fact.offer == made.fact.id
        state, at = OfferState.ACCEPTED if accepted else OfferState.RESCINDED, owners[0].at
    else:
        state, at = OfferState.PENDING, None
    return Offer(made.fact.id, made.fact.agent, made.at, made.fact.expires_at, state, at)
