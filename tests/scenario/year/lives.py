# SPDX-License-Identifier: Apache-2.0
"""What people do next with a case: weighed by where it stands, decided by the seeded dice."""

import dataclasses

from .calendars import DAY, HOUR, MINUTE

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
    if case.is_live():
        return {**_words(), **_work(case, now), **_promises(case), **_ladder(case, now)}
    if case.status == "RESOLVED":
        return {"reached": 1, "inbound": 2, "close": 4, "reopen": 5, "leave": 5,
                "reverse": _has(case, "FULFILLED")}
    return {"reopen": 4 if life.reopenings < 3 else 0, "leave": 5}


def _has(case, *states):
    return 1 if any(one.state in states for one in case.remedies) else 0


def _words():
    return {"reached": 5, "reached_told_late": 4, "tried": 2, "inbound": 3, "inbound_told_late": 2,
            "inbound_to_the_top": 1, "again": 1}


def _work(case, now):
    """What brings it to its end."""
    out = {"say": 1 if case.acted else 10, "cause": 1 if case.cause_known else 10,
           "propose": 1 if _has(case, "OFFERED", "ACCEPTED", "FULFILLING") else 7,
           "answer": 20 * _has(case, "OFFERED"), "fulfil": 20 * _has(case, "ACCEPTED", "FULFILLING"),
           "offer_answer": 40 if any(one.state == "PENDING" for one in case.offers) else 0}
    stands = case.paused_at is not None and case.resume_at > now + MINUTE
    if case.owner_kind == "AGENT":
        out["deny"] = 0 if case.denied_at else 1
        out["pause"] = 7 if case.paused_at is None or case.resume_at < now - MINUTE else 0
    out["resume"] = 8 if stands else 0
    out["resolve"] = 30 if case.may_resolve() else 0
    return out


def may_be_kept(promise):
    """Late, too; and what was kept in time may be told after it was found broken."""
    return promise.state == "OPEN" or (promise.state == "BROKEN" and promise.kept_at is None)


def _promises(case):
    some = any(one.state == "OPEN" for one in case.promises)
    late = any(may_be_kept(one) for one in case.promises)
    return {"promise": 2 if len(case.promises) < 12 else 0, "keep": 8 * some, "keep_told_late": 4 * late,
            "renegotiate": 3 * some, "admit": 2 * some}


def _ladder(case, now):
    return {"escalate": 1 if case.level < len(case.policy.levels) else 0,
            "acknowledge": 3 if case.level > 1 and case.acknowledged_at is None else 0}
