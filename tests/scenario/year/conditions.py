# SPDX-License-Identifier: Apache-2.0
"""What conditions are about: each fact of a case, and since when it stands as it does."""

from .names import Status
from .rules import LIVE


def facts(view):
    """{fact: (value, since)} as they stand in the round."""
    begun = view.round_since
    return {
        "status": (view.status, _status_since(view)),
        "severity": (view.severity, view.at),
        "channel": (view.opened.fact.channel, begun),
        "trigger": (view.opened.fact.trigger, begun),
        "tier": (view.tier, begun),
        "owner": (view.owner_kind, view.owner_since),
        "level": (view.level, view.level_since),
        "contact": _contact(view, begun),
        "customer": view.customer_waits(),
        "remedy": (view.owes(), view.at),
        "promise": (bool(view.open_promises()), view.at),
        "acknowledged": (view.acknowledged_at is not None, view.acknowledged_at or view.level_since),
        "progress": _progress(view),
        "": (None, begun),  # nothing holds since before the round
    }


def _status_since(view):
    if view.status == Status.RESOLVED:
        return view.resolved_at
    return view.closed_at if view.status == Status.CLOSED else view.at


def _contact(view, since, which=min):
    times = [at for at in view.answered_at if at >= since]
    return (True, which(times)) if times else (False, since)


def _progress(view):
    """Since the case entered its level."""
    times = list(view.answered_at)
    for one in view.remedies:
        times += [at for at in (one.proposed_at, one.accepted_at, one.fulfilled_at) if at]
    later = [at for at in times if at > view.level_since]
    return bool(later), min(later, default=view.level_since)


def _of_clock(view, started_at, which):
    """Contacts count from the clock's start on, and who was answered since then is quiet, whatever they said
    later."""
    answers = [at for at in view.talk.answers if at >= started_at]
    customer = (False, min(answers)) if answers else view.facts["customer"]
    return {**view.facts, "contact": _contact(view, started_at, which), "customer": customer}


def since(view, definition, what, started_at=None):
    """See View.since. A reset looks at the latest contact."""
    condition = getattr(definition, what)
    if not condition:
        return None
    if started_at is None:
        return holds(condition, view.facts)
    return holds(condition, _of_clock(view, started_at, max if what == "reset" else min))


def holds(condition, values):
    """Since when the condition holds; None when it does not. Of several boxes that hold, the one that
    has held longest counts."""
    times = [_since(box, values) for box in condition
             if all(values[fact][0] in allowed for fact, allowed in box.items())]
    return min(times, default=None)


def _since(box, values):
    """Of one box. What allows all that the status may have been before has been so since the round
    began."""
    before = LIVE if values["status"][0] in LIVE else LIVE | {Status.RESOLVED}
    timed = [fact for fact, allowed in box.items() if not (fact == "status" and before <= allowed)]
    return max(values[fact][1] for fact in ("", *timed))


def target(definition, view):
    """(target, calendar) of what begins at the view: the first row whose condition holds."""
    policy, zones = view.policy, (definition.calendar, definition.customer_zone, view.opened.fact.zone)
    what = next(one for when, one in definition.targets if holds(when, view.facts) is not None)
    zone = policy.zone_of(*zones)
    return (*what, zone) if what[0] == "days" else what, policy.calendar(definition.calendar, zone)
