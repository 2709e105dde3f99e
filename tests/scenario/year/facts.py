# SPDX-License-Identifier: Apache-2.0
"""What conditions are about: each fact of a case, and since when it stands as it does."""

from .policy import LIVE


def facts(case, now):
    """{fact: (value, since)} as they stand in the round."""
    begun = case.round_since
    return {
        "status": (case.status, _status_since(case, now)),
        "severity": (case.severity, now),
        "channel": (case.channel, begun),
        "trigger": (case.trigger, begun),
        "tier": (case.known_tier(), begun),
        "owner": (case.owner_kind, case.owner_since),
        "level": (case.level, case.level_since),
        "contact": _contact(case, begun),
        "customer": customer(case),
        "remedy": (any(one.state in ("ACCEPTED", "FULFILLING") for one in case.remedies), now),
        "promise": (any(one.state == "OPEN" for one in case.promises), now),
        "paused": _paused(case, now),
        "acknowledged": (case.acknowledged_at is not None, case.acknowledged_at or case.level_since),
        "progress": _progress(case),
        "": (None, begun),  # nothing holds since before the round
    }


def of_clock(values, case, clock, latest=False):
    """As a clock's stop and reset see them: contacts count from its start on, and whoever was reached
    since then was answered, whatever they said later. A reset looks at the latest contact."""
    first = _contact(case, clock.started_at)
    return {**values, "contact": _contact(case, clock.started_at, latest),
            "customer": (False, first[1]) if first[0] else values["customer"]}


def reached(contact):
    return contact.direction == "OUTBOUND" and contact.outcome == "REACHED"


def _status_since(case, now):
    return {"RESOLVED": case.resolved_at, "CLOSED": case.closed_at}.get(case.status) or now


def _contact(case, since, latest=False):
    times = [one.at for one in case.contacts if reached(one) and one.at >= since]
    if not times:
        return False, since
    return True, max(times) if latest else min(times)


def customer(case):
    """True: the customer waits, since the first word that nobody answered."""
    answers = [one.at for one in case.contacts if reached(one)]
    words = [one.at for one in case.contacts if one.direction == "INBOUND"]
    waits = [at for at in words if at > max(answers, default=0)]
    if waits:
        return True, min(waits)
    after = [at for at in answers if words and at >= max(words)]
    return False, min(after, default=case.round_since)


def _paused(case, now):
    """The pause by hand; one whose end has passed is none."""
    if case.paused_at is None:
        return False, now
    return (True, case.paused_at) if now < case.resume_at else (False, case.resume_at)


def _progress(case):
    """Since the case entered its level."""
    times = [one.at for one in case.contacts if reached(one)]
    for one in case.remedies:
        times += [moment for moment in (one.proposed_at, one.accepted_at, one.fulfilled_at) if moment]
    later = [moment for moment in times if moment > case.level_since]
    return bool(later), min(later, default=case.level_since)


def holds(condition, values):
    """Since when the condition holds; None when it does not. Of several boxes that hold, the one that
    has held longest counts."""
    since = [_since(box, values) for box in condition
             if all(values[fact][0] in allowed for fact, allowed in box.items())]
    return min(since, default=None)


def _since(box, values):
    """Of one box. What allows all that the status may have been before has been so since the round
    began."""
    before = {*LIVE, *(() if values["status"][0] in LIVE else ("RESOLVED",))}
    timed = [fact for fact, allowed in box.items() if not (fact == "status" and before <= set(allowed))]
    return max(values[fact][1] for fact in ("", *timed))
