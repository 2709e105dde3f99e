# SPDX-License-Identifier: Apache-2.0
"""Policy says how people are told: for each channel the decision leaves a delivery, which waits when it is not urgent."""

import pytest

from harness.api import v1
from harness.errors import refused
from harness.process import wait_until

from .support import sample, steps
from .support.keys import calls, new_key
from .support.policy import apply

HOUR_S, DAY_S = sample.HOUR_S, sample.DAY_S

NOTIFY = """amends: 2
notify:
  webhook: pager
  digest: [08:00]
  link: https://crm.example.com/case/{case_id}
  channels:
    - {urgent: yes, to: agent, by: [email, webhook]}
    - {to: agent, by: email}
"""


def deliveries(world, case):
    """(kind, receiver, whether it waits) of all, in the order of their making."""
    rows = world.cluster.sql(
        "select d.kind, d.receiver, d.next_at > d.created_at, d.state, n.recipient from delivery d join notification n"
        " using (tenant_id, case_id, notification_id) where d.case_id = %s order by d.created_at, d.kind",
        (case.case_id,))
    assert all(recipient == "ann" for *_, recipient in rows)
    return [(v1.DeliveryKind.Name(kind).removeprefix("DELIVERY_KIND_"), receiver, waits)
            for kind, receiver, waits, _, _ in rows]


def test_a_decision_leaves_a_delivery_for_each_channel(world):
    apply(world, NOTIFY)
    ann = world.agent("ann", present=False, email="ann@example.com", notice_language="de")
    bob = world.agent("bob", present=False)
    world.open()
    case = ann.take()
    bob.RecordContact(case_id=case.case_id, direction=v1.CONTACT_DIRECTION_INBOUND, channel=v1.CHANNEL_EMAIL)
    assert deliveries(world, case) == [("DIGEST_MAIL", "ann", True)]
    bob.EscalateCase(case_id=case.case_id, reason="The press asks.")
    assert deliveries(world, case)[1:] == [("NOTIFICATION_MAIL", "ann", False),
                                           ("NOTIFICATION_WEBHOOK", "pager", False)]


def test_without_the_section_nothing_is_sent(world):
    ann = world.agent("ann", present=False)
    bob = world.agent("bob", present=False)
    world.open()
    case = ann.take()
    bob.EscalateCase(case_id=case.case_id, reason="The press asks.")
    assert len(ann.ListNotifications().notifications) == 1
    assert deliveries(world, case) == []


def test_an_agents_address(world):
    agent = sample.agent("ann", email="ann@example.com", notice_language="pt-BR")
    put = world.crm.PutAgent(agent=agent).agent
    assert (put.email, put.notice_language) == ("ann@example.com", "pt-BR")
    assert world.crm.GetAgent(agent_id="ann").agent == put
    for email, language in (("ann", ""), ("a@b\r\nBcc: c@d", ""), ("", "d_e")):
        with refused("INVALID_ARGUMENT"):
            world.crm.PutAgent(agent=sample.agent("ann", email=email, notice_language=language))


def test_an_observer_sees_no_address(make_cluster):
    cluster = make_cluster(auth="required")
    crm = calls(cluster, new_key(cluster, "client", principal="crm"), "assignment")
    crm.PutAgent(agent=sample.agent("ann", email="ann@example.com"))
    observer = calls(cluster, new_key(cluster, "observer", principal="eve"), "assignment")
    for agent in (observer.GetAgent(agent_id="ann").agent, observer.ListAgents().agents[0]):
        assert agent.agent_id == "ann" and "ann" not in agent.email and agent.email
    assert crm.GetAgent(agent_id="ann").agent.email == "ann@example.com"


@pytest.mark.parametrize("years", [None, 2])
def test_old_notifications_go(world, years):
    """After a year, or after the time of policy; acknowledged or not."""
    if years:
        apply(world, f"amends: 2\nretention: {{notifications: {years}y}}\n")
    ann = world.agent("ann", present=False)
    bob = world.agent("bob", present=False)
    world.open()
    case = ann.take()
    for _ in range(25):
        bob.RecordContact(case_id=case.case_id, direction=v1.CONTACT_DIRECTION_INBOUND, channel=v1.CHANNEL_EMAIL)
    one = ann.ListNotifications().notifications[0]
    ann.AcknowledgeNotification(notifications=[
        v1.NotificationName(case_id=one.case_id, notification_id=one.notification_id)])

    steps.recover(ann, case)
    steps.resolve(ann, world.get(case))

    def old():
        return world.cluster.sql("select count(*) from notification where recipient = 'ann' and kind = %s"
                                 " and case_id = %s", (v1.NOTIFICATION_KIND_CUSTOMER_WROTE, case.case_id))[0][0]

    world.advance((years or 1) * 365 * DAY_S - DAY_S)
    assert old() == 25
    world.advance(2 * DAY_S)
    wait_until(lambda: old() == 0, "nothing is left", 60)


def gauge(world, name):
    return sum(one.metrics().get(name, 0) for one in world.cluster.replicas_of("assignment"))


def test_the_audit_finds_what_was_not_told(world):
    """A mail that nobody sends, and an urgent notification that nobody looks at."""
    apply(world, NOTIFY)
    ann = world.agent("ann", present=False, email="ann@example.com")
    bob = world.agent("bob", present=False)
    world.open()
    case = ann.take()
    bob.EscalateCase(case_id=case.case_id, reason="The press asks.")
    world.cluster.sql("update delivery set next_at = created_at, state = %s, finished_at = null where case_id = %s",
                      (v1.DELIVERY_STATE_WAITING, case.case_id))
    world.advance(HOUR_S)
    wait_until(lambda: gauge(world, "amends_assignment_audit_undelivered") >= 2, "both are found", 60)
    world.advance(DAY_S)
    wait_until(lambda: gauge(world, "amends_assignment_audit_unacknowledged_urgent") >= 1, "it is found", 60)
    urgent = [one for one in ann.ListNotifications(case_id=case.case_id, page_size=100).notifications]
    ann.AcknowledgeNotification(notifications=[
        v1.NotificationName(case_id=one.case_id, notification_id=one.notification_id) for one in urgent])
