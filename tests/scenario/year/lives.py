# SPDX-License-Identifier: Apache-2.0
"""What people do next with a case: weighed by where it stands, decided by the seeded dice."""

import dataclasses

from .calendars import DAY, HOUR, MINUTE
from .names import Direction, Owner, PromiseState, RemedyState, Status
from .status import owner_has_work

# How long somebody waits between two acts on a case, on average. A silent case is left alone.
PACES = {"brisk": 3 * HOUR, "steady": 14 * HOUR, "slow": 3 * DAY, "silent": None}
PACE_ODDS = {"brisk": 30, "steady": 40, "slow": 18, "silent": 12}


@dataclasses.dataclass
class Life:
    """What the player knows of a case besides the model: its ids in the services, its pace."""

    case: object
    case_id: str
    pace: str
    fields: dict  # of its OpenCase
    seen: int = 0  # the last event looked at
    next_act: int = None
    left: int = 0  # acts to come; then it is left alone
    reopenings: int = 0
    acted_at: set = dataclasses.field(default_factory=set)  # instants of what people did


def pick(dice, odds):
    return dice.choices(list(odds), list(odds.values()))[0]


def wait(dice, pace):
    """Until the next act; None = for ever."""
    mean = PACES[pace]
    return None if mean is None else int(dice.expovariate(1 / mean)) + 3 * MINUTE


def odds(case, life, now):
    """{what may be done now: how likely}."""
    view = case.view
    if view.live:
        return {**_words(view), **_work(case, view, now), **_promises(view), **_ladder(view)}
    if view.status == Status.RESOLVED:
        return {"reached": 1, "inbound": 2, "again": 1, "thanks": 1, "written": 1, "inbound_told_late": 1,
                "close": 4, "reopen": 4 if life.reopenings < 3 else 0, "leave": 5,
                "reverse": _has(view, RemedyState.FULFILLED), **_promises(view)}
    fresh = now - view.closed_at < case.policy.reopen_within - DAY and life.reopenings < 3
    return {"reopen": 2 if fresh else 0, "inbound": 1, "thanks": 1, "again": 1 if fresh else 0,
            "reverse": _has(view, RemedyState.FULFILLED) if fresh else 0, "leave": 5}


def _has(view, *states):
    return 1 if any(one.state in states for one in view.remedies) else 0


def _words(view):
    """Where the customer is waited for, what they said is often told late."""
    waited_for = view.status == Status.AWAITING_CUSTOMER
    return {"reached": 5, "reached_told_late": 4, "tried": 2, "inbound": 3,
            "inbound_told_late": 10 if waited_for else 2, "inbound_to_the_top": 1, "again": 1,
            "written": 2, "automatic": 1, "thanks": 1, "correct": 1 if _spoke(view) else 0}


def _spoke(view):
    return any(one.direction == Direction.INBOUND for one in view.contacts)


def _work(case, view, now):
    """What brings it to its end."""
    offered, owed = _has(view, RemedyState.OFFERED), 1 if view.owes() else 0
    out = {"say": 1 if view.acted else 10, "cause": 1 if view.cause_known else 10,
           "propose": 1 if offered or owed else 7, "fulfil": 20 * owed,
           "answer": (5 if view.status == Status.AWAITING_CUSTOMER else 20) * offered,
           "offer_answer": 40 if view.pending_offer() else 0}
    if view.owner_kind == Owner.AGENT:
        out["deny"] = 0 if view.denied_at else 1
        out["pause"] = 0 if view.pause and view.pause[1] >= now - MINUTE else 7
    out["resume"] = 8 if view.stands(now + MINUTE) else 0
    out["resolve"] = 30 if case.may_resolve() else 0
    return out


def may_be_kept(promise):
    """Late, too; and what was kept in time may be told after it was found broken."""
    open_or_broken = promise.state in (PromiseState.OPEN, PromiseState.BROKEN)
    return open_or_broken and promise.kept_at is None


def _promises(view):
    """Where nothing is left for the owner to do, a promise decides what the case waits for."""
    done = not owner_has_work(view)
    some = bool(view.open_promises())
    late = any(may_be_kept(one) for one in view.promises)
    more = len(view.promises) < 12
    return {"promise": (15 if done else 2) * more, "keep": 8 * some, "keep_told_late": 4 * late,
            "renegotiate": 3 * some, "admit": 2 * some}


def _ladder(view):
    return {"escalate": 1 if view.level < len(view.policy.levels) else 0,
            "acknowledge": 3 if view.level > 1 and view.acknowledged_at is None else 0}
