# SPDX-License-Identifier: Apache-2.0
"""S2.5: data is shared with everyone: a reader of the feed, a webhook receiver and whoever reads mail hear of the same facts."""

import pytest

from harness.api import v1
from harness.mail import MailServer

from .support import sample, steps, telling
from .support.events import Events, feed, ids, read_all, stored
from .support.receiver import Receiver, in_order
from .support.world import new_tenant

FIRST_RESPONSE_S = 8 * sample.HOUR_S


@pytest.fixture
def mailbox():
    with MailServer() as server:
        yield server


@pytest.fixture
def receiver():
    with Receiver() as one:
        yield one


@pytest.fixture
def world(make_cluster, mailbox):
    cluster = make_cluster(replicas=2, options=("--smtp-url", mailbox.url, "--mail-from", "amends@company.example",
                                                "--webhook-networks", "127.0.0.0/8"))
    world = new_tenant(cluster, "sharing")
    telling.apply(world)
    return world


def a_life(world):
    """A post that nobody answers, until it has climbed; then somebody sees to it."""
    case = world.open(trigger=v1.TRIGGER_PUBLIC_POST, channel=v1.CHANNEL_SOCIAL, severity=3)
    world.advance(FIRST_RESPONSE_S * 0.76)
    world.advance(FIRST_RESPONSE_S * 0.25)
    lead = world.agent("lea", level=2, present=False)
    steps.reach(lead, case)
    steps.say(lead, case)
    return world.get(case)


def test_all_of_them_hear_of_the_same(world, receiver, mailbox):
    world.cluster.webhooks(tenant=world.tenant, principal="root").PutWebhook(webhook_id="crm", url=receiver.url)
    with Events(feed(world, 1)) as events:
        case = a_life(world)
        everything = stored(world)
        events.has(everything)
    receiver.wait_for(len(everything))
    got = receiver.events()
    assert sorted(one.id for one in got) == sorted(everything) and in_order(got)
    assert ids(read_all(feed(world))[0]) == everything
    kinds = [v1.EventKind.Name(one.event.kind).removeprefix("EVENT_KIND_") for one in events.events]
    assert [one.type for one in got if one.case == case.case_id] == kinds == world.kinds(case)
    assert {"CASE_OPENED", "CLOCK_BREACHED", "ESCALATED", "CONTACT_RECORDED"} <= set(kinds)

    # Whoever was mailed was told of one of these events, and by the same name of the case.
    told = world.crm.ListNotifications(case_id=case.case_id).notifications
    assert {one.notification_id for one in told} == {mail.message["Message-ID"][1:37] for mail in mailbox.mails}
    for one in told:
        assert f"{one.case_id}/{one.event_sequence}" in everything
    assert {mail.recipients[0] for mail in mailbox.mails} == {telling.DESKS[1], telling.DESKS[2]}
    assert all(case.reference in mail.text for mail in mailbox.mails)


def test_one_that_is_away_does_not_keep_the_others_from_hearing(world, receiver, mailbox):
    world.cluster.webhooks(tenant=world.tenant, principal="root").PutWebhook(webhook_id="crm", url=receiver.url)
    receiver.answer = lambda got: (503, {}, "later")
    mailbox.refuse_content = "451 4.3.0 later"
    with Events(feed(world)) as events:
        case = a_life(world)
        events.has(stored(world))
    receiver.answer = lambda got: (200, {}, "")
    mailbox.refuse_content = None
    for _ in range(12):
        world.advance(1800)
    everything = stored(world)
    receiver.wait_for(len(everything))
    assert sorted(one.id for one in receiver.events()) == sorted(everything)
    sent = {mail.message["Message-ID"][1:37] for mail in mailbox.mails}
    unsent = {str(row[0]) for row in world.cluster.sql(
        "select notification_id from delivery where case_id = %s and state = %s and kind = %s",
        (case.case_id, v1.DELIVERY_STATE_NOT_NEEDED, v1.DELIVERY_KIND_NOTIFICATION_MAIL))}
    told = {one.notification_id for one in world.crm.ListNotifications(case_id=case.case_id).notifications}
    assert sent and sent | unsent == told, "told, or not needed any more: nothing is lost"
