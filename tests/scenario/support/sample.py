# SPDX-License-Identifier: Apache-2.0
"""Requests and values that are right in every respect, to be changed where a test cares."""

import uuid

from harness.api import message, v1

# Every skill that the shipped taxonomy asks for.
SKILLS = ("billing", "delivery", "appointment", "product", "staff_conduct", "information", "access",
          "outage")
HOUR_S = 3600
DAY_S = 24 * HOUR_S


def usd(units, nanos=0):
    return message("google.type.Money")(currency_code="USD", units=units, nanos=nanos)


def money(currency, units):
    return message("google.type.Money")(currency_code=currency, units=units)


def timestamp(seconds):
    return message("google.protobuf.Timestamp")(seconds=int(seconds),
                                                nanos=round(seconds % 1 * 1_000_000) * 1000)


def seconds(time):
    """A Timestamp as seconds since 1970."""
    return time.seconds + time.nanos / 1e9


def unique(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def claim(code="billing.overcharge", *, order=None, stake=None, description="Charged twice for one phone.",
          **changes):
    """The fields of an OpenCase; a customer of its own unless `customer_id` is given."""
    failure = v1.Failure(code=code, description=description, money_at_stake=stake,
                         order_reference=unique("order") if order is None else order)
    return {"trigger": v1.TRIGGER_COMPLAINT, "channel": v1.CHANNEL_PHONE,
            "customer_id": unique("customer"), "customer_name": "Jo Doe",
            "customer_contact": "+1 555 0100", "failure": failure, **changes}


def agent(agent_id, *, level=1, capacity=10, skills=SKILLS, languages=("en",), authorities=(), **changes):
    """An Agent. `skills` are codes or (code, level); `authorities` are (remedy kind, Money)."""
    pairs = [one if isinstance(one, tuple) else (one, 3) for one in skills]
    return v1.Agent(
        agent_id=agent_id, display_name=changes.pop("display_name", agent_id.capitalize()),
        level=level, capacity=capacity, languages=languages,
        skills=[v1.Skill(code=code, level=how_well) for code, how_well in pairs],
        authorities=[v1.Authority(kind=kind, limit_per_case=limit) for kind, limit in authorities],
        **changes)
