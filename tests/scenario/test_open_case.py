# SPDX-License-Identifier: Apache-2.0
"""What was given is what is read, from every replica; what was not given comes from policy."""

from harness.api import v1

from .support import sample

GIVEN = {"trigger": v1.TRIGGER_FOLLOW_UP_REQUEST, "channel": v1.CHANNEL_CHAT, "customer_id": "c 1/ü",
         "customer_name": "Zoë Ångström", "customer_contact": "zoe@example.org", "language": "sv-SE",
         "severity": 4, "minutes_lost": 75, "external_reference": "ticket-1"}


def open_given(world):
    failure = v1.Failure(code="delivery.late", description="Two weeks late.\nAnd wet.", product="Sofa",
                         order_reference="O-1", money_at_stake=sample.usd(899, 990_000_000),
                         occurred_time=sample.timestamp(1_700_000_000.25))
    return failure, world.crm.OpenCase(failure=failure, **GIVEN).case


def test_every_field_that_was_given_is_read_again(world):
    failure, case = open_given(world)
    for replica in (0, 1):
        read = world.crm.on("intake", "GetCase", replica)(case_id=case.case_id).case
        assert read == case
        assert read.failure == failure
        for field in ("trigger", "channel", "customer_id", "customer_name", "customer_contact",
                      "language", "severity"):
            assert getattr(read, field) == GIVEN[field]
        assert read.effort.minutes_lost == 75
        assert read.signals[0].external_reference == "ticket-1"


def test_the_list_shows_the_same_case_without_its_parts(world):
    _, case = open_given(world)
    listed = world.crm.ListCases(customer_id=GIVEN["customer_id"]).cases[0]
    assert listed.masked and listed.customer_name != case.customer_name
    for field in ("signals", "clocks", "customer_name", "customer_contact"):
        case.ClearField(field)
    for field in ("masked", "customer_name", "customer_contact", "next_due"):
        listed.ClearField(field)
    assert listed == case


def test_a_case_begins_in_the_first_round_at_the_first_level(world):
    case = world.open()
    assert (case.round, case.level, case.policy_version, case.version) == (1, 1, 1, 1)
    assert case.open_time == case.update_time == case.level_since_time == case.owner.since_time


def test_deadlines_are_those_of_the_shipped_policy(world):
    response_hours = {1: 24, 2: 12, 3: 8, 4: 4, 5: 1}
    resolution_days = {1: 5, 2: 4, 3: 3, 4: 2, 5: 1}
    for severity, hours in response_hours.items():
        case = world.crm.OpenCase(**sample.claim(severity=severity)).case
        took = {one.kind: sample.seconds(one.due_time) - sample.seconds(one.start_time)
                for one in case.clocks}
        assert took == {v1.CLOCK_KIND_FIRST_RESPONSE: hours * sample.HOUR_S,
                        v1.CLOCK_KIND_RESOLUTION: resolution_days[severity] * sample.DAY_S}


def test_severity_and_money_at_stake_raise_the_priority_up_to_a_bound(world):
    def boost(**of):
        return world.crm.OpenCase(**sample.claim(**of)).case.boost_ms

    slight, grave = boost(severity=1), boost(severity=5)
    assert slight < grave
    assert boost(severity=5, stake=sample.usd(500)) > grave
    assert boost(severity=5, stake=sample.usd(1_000_000_000)) == 8 * sample.HOUR_S * 1000
