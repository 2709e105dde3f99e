# SPDX-License-Identifier: Apache-2.0
"""Notifications by mail, to a real server: what they say, when they are repeated, when they are not sent."""

import subprocess

import pytest

from harness import paths
from harness.api import v1
from harness.mail import BrokenServer, MailServer
from harness.process import wait_until

from .support import sample, steps, telling
from .support.world import new_tenant

FIRST_RESPONSE_S = 8 * sample.HOUR_S
SENDER = "amends@company.example"
DELIVERED, DEAD, NOT_NEEDED = (v1.DELIVERY_STATE_DELIVERED, v1.DELIVERY_STATE_DEAD, v1.DELIVERY_STATE_NOT_NEEDED)


@pytest.fixture
def server():
    with MailServer() as one:
        yield one


def options(url, *more):
    return ("--smtp-url", url, "--mail-from", SENDER, *more)


def tenant(cluster, *rules, **of):
    world = new_tenant(cluster, "mail")
    telling.apply(world, *rules, **of)
    return world


@pytest.fixture
def cluster(make_cluster, server):
    return make_cluster(options=options(server.url))


def warned(world, n=1):
    """n cases that nobody has taken, whose first response is due soon: their desk is told."""
    cases = [world.open(severity=3) for _ in range(n)]
    world.advance(FIRST_RESPONSE_S * 0.76)
    return cases


def warned_but_not_sent(world, n=1):
    """The same, while what is sent waits."""
    cases = [world.open(severity=3) for _ in range(n)]
    world.cluster.clock.advance(FIRST_RESPONSE_S * 0.76)
    return cases


def deliveries(world):
    return world.cluster.sql("select kind, state, attempts, status, error from delivery order by kind, delivery_id")


def told_ids(world):
    """The Message-IDs of all notifications."""
    return [f"<{row[0]}@company.example>" for row in world.cluster.sql("select notification_id from notification")]


def ids(mails):
    return [mail.message["Message-ID"] for mail in mails]


# -- what a mail says ------------------------------------------------------------------------------------------------


def test_a_warning_is_mailed_to_the_desk(cluster, server):
    world = tenant(cluster)
    case, = warned(world)
    mail, = server.mails
    assert (mail.sender, mail.recipients) == (SENDER, ["desk@company.example"])
    message = mail.message
    reference = world.get(case).reference
    due = world.clock(case, v1.CLOCK_KIND_FIRST_RESPONSE).due_time.ToDatetime()
    assert message["Subject"] == f"A deadline is near: case {reference}"
    assert message["From"] == f"Amends <{SENDER}>"
    assert message["To"] == "desk@company.example"
    assert [message["Message-ID"]] == told_ids(world)
    assert message["References"] == f"<{case.case_id}@company.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "en"
    assert message["Amends-Kind"] == "threshold"
    assert message["Date"].datetime.tzinfo is not None
    assert f"Due:          {due:%Y-%m-%d %H:%M} UTC" in mail.text
    assert f"https://care.example/c/{reference}" in mail.text
    assert deliveries(world) == [(1, DELIVERED, 1, 250, "content: 250 taken")]


def test_nothing_that_a_customer_said_is_mailed(cluster, server):
    world = tenant(cluster)
    world.open(customer_id="customer-77", severity=3, customer_name="Mrs Secretive", description="my hidden words",
               customer_contact="+49 123")
    world.advance(FIRST_RESPONSE_S * 0.76)
    mail, = server.mails
    for part in ("Secretive", "hidden", "customer-77", "+49"):
        assert part not in mail.content.decode() and part not in mail.text


def test_in_the_recipient_s_language(cluster, server):
    warned(tenant(cluster, language="de-CH"))
    message = server.mails[0].message
    assert message["Subject"].startswith("Eine Frist läuft bald ab: Fall ")
    assert message["Content-Language"] == "de"
    assert "Fällig:" in server.mails[0].text


def test_texts_of_the_tenant_s_policy(cluster, server):
    warned(tenant(cluster, extra="templates:\n  from: Büro der ACME\n  en:\n    threshold:\n"
                                 "      subject: '{clock} ({severity}), {level}'\n"
                                 "      text: '{failure}: {{{reference}}}'\n"))
    message = server.mails[0].message
    assert message["Subject"] == "first response (3), front line"
    assert message["From"] == f"Büro der ACME <{SENDER}>"
    assert server.mails[0].text.startswith("Charged too much: {")


def owned(world, **of):
    """A case of ann, whose customer then writes: she is told."""
    world.agent("ann", **of)
    case = world.open(severity=3)
    ann = world.principal("ann")
    ann.accept(case)
    return case


def write(world, case):
    """The customer writes, and a colleague takes it down."""
    world.agent("ben", present=False).RecordContact(case_id=case.case_id, direction=v1.CONTACT_DIRECTION_INBOUND, channel=v1.CHANNEL_EMAIL,
                                                    outcome=v1.CONTACT_OUTCOME_REACHED)
    world.settle()


def test_an_agent_is_written_to_at_the_own_address_in_the_own_language(cluster, server):
    world = tenant(cluster, language="fr")  # of the desks
    case = owned(world, email="Ann.O'Neil+care@company.example", notice_language="de-CH")
    write(world, case)
    mail, = server.mails
    assert mail.recipients == ["Ann.O'Neil+care@company.example"]
    assert mail.message["Subject"] == f"Der Kunde hat geschrieben oder angerufen: Fall {world.get(case).reference}"
    assert mail.message["Content-Language"] == "de"
    assert mail.message["Amends-Kind"] == "customer_wrote"


def test_a_new_address_is_taken_for_what_has_not_been_sent(cluster, server):
    world = tenant(cluster)
    case = owned(world, email="old@company.example")
    server.refuse_content = "451 4.3.0 not now"
    write(world, case)
    stored = world.crm.GetAgent(agent_id="ann").agent
    stored.email, stored.notice_language = "new@company.example", "fr"
    world.crm.PutAgent(agent=stored, expected_version=stored.version)
    server.refuse_content = None
    world.advance(60)
    mail, = server.mails
    assert mail.recipients == ["new@company.example"]
    assert mail.message["Content-Language"] == "fr"


def test_an_agent_without_an_address_reads_it_elsewhere(cluster, server):
    """The delivery waits for an address, and whoever looks sees why; the notification is there to be read."""
    world = tenant(cluster)
    case = owned(world)
    write(world, case)
    assert server.mails == []
    (_, state, _, status, error), = deliveries(world)
    assert (state, status, error) == (v1.DELIVERY_STATE_WAITING, 0, "the recipient has no address of mail")
    told, = world.principal("ann").ListNotifications().notifications
    assert told.kind == v1.NOTIFICATION_KIND_CUSTOMER_WROTE


HOURLY = "  digest: [" + ", ".join(f"{hour:02}:00" for hour in range(24)) + "]\n"


def test_what_is_gathered_comes_as_one_mail(cluster, server):
    world = tenant(cluster, more=HOURLY)
    cases = warned(world, 3)
    assert server.mails == []
    world.advance(sample.HOUR_S)
    mail, = server.mails
    assert mail.message["Subject"] == "3 notifications wait for you"
    for case in cases:
        assert f"{world.get(case).reference}: A deadline is near" in mail.text
    assert [row[:4] for row in deliveries(world)] == [(4, DELIVERED, 1, 250)] * 4  # the last one is the mail itself
    assert world.cluster.sql("select receiver from delivery where delivery_id = %s and notification_id is null",
                             (mail.message["Message-ID"][1:37],)) == [("steward",)]


# -- repeats ---------------------------------------------------------------------------------------------------------


def test_a_repeat_has_the_same_id(cluster, server):
    world, seen = tenant(cluster), []
    server.refuse_content = lambda mail: seen.append(mail) or "451 4.3.0 not now"
    warned(world)
    assert deliveries(world) == [(1, v1.DELIVERY_STATE_WAITING, 1, 451, "content: 451 4.3.0 not now")]
    server.refuse_content = None
    world.advance(60)
    assert ids(server.mails) == ids(seen) == told_ids(world)
    assert deliveries(world) == [(1, DELIVERED, 2, 250, "content: 250 taken")]


def test_a_refusal_for_good_is_dead_at_once(cluster, server):
    world = tenant(cluster)
    server.refuse_recipient = "550 5.1.1 no such user"
    warned(world)
    assert deliveries(world) == [(1, DEAD, 1, 550, "recipient: 550 5.1.1 no such user")]


def test_a_server_that_is_away_is_tried_again(make_cluster):
    with BrokenServer() as server:
        pass  # nobody listens there any more
    world = tenant(make_cluster(options=options(server.url)))
    warned(world)
    (_, state, attempts, status, error), = deliveries(world)
    assert (state, attempts, status) == (v1.DELIVERY_STATE_WAITING, 1, 0)
    assert error.startswith("connection: ")


def test_killed_after_the_content_was_sent_it_is_repeated_under_the_same_id(make_cluster):
    with BrokenServer("content", "hang") as server:
        cluster = make_cluster(options=options(server.url))
        world = tenant(cluster)
        warned_but_not_sent(world)
        wait_until(lambda: server.contents, "the content to arrive", 30)
        resolution = cluster.replica("resolution")
        resolution.kill()
        server.how = None
        # The lease of a replica that has died runs out by the cluster's clock, which no test moves.
        cluster.sql("update delivery set leased_until = 'epoch'")
        cluster.restart(resolution)
        world.settle()
        assert [row[1] for row in deliveries(world)] == [DELIVERED]
        first, second = (content.partition(b"Message-ID: ")[2].partition(b"\r\n")[0] for content in server.contents)
        assert [first.decode()] == [second.decode()] == told_ids(world)


@pytest.mark.parametrize("step", ["greeting", "RCPT", "content"])
def test_the_end_of_a_replica_does_not_wait_for_a_server_that_hangs(make_cluster, step):
    with BrokenServer(step, "hang") as server:
        cluster = make_cluster(options=options(server.url))
        world = tenant(cluster)
        warned_but_not_sent(world)
        wait_until(lambda: server.connections, "a connection", 30)
        server.how = None
        cluster.restart(cluster.replica("resolution"))  # ends it by SIGTERM, and would fail after 30 s
        world.settle()  # the lease was given back: nobody waits for its end
        assert [row[1:3] for row in deliveries(world)] == [(DELIVERED, 1)]


def test_calls_are_answered_while_the_mail_server_hangs(make_cluster):
    with BrokenServer("content", "hang") as server:
        cluster = make_cluster(options=options(server.url), one_process=True)
        world = tenant(cluster)
        case, = warned_but_not_sent(world)
        wait_until(lambda: server.contents, "the content to arrive", 30)
        for _ in range(50):
            world.crm.OpenCase(**sample.claim())
        world.crm.PutAgent(agent=sample.agent("ann"))
        steps.reach(world.principal("ann"), case)
        assert [row[1] for row in deliveries(world)] == [v1.DELIVERY_STATE_WAITING]
        server.how = None


# -- no reason any more ----------------------------------------------------------------------------------------------


def gathered(cluster):
    """A warning that waits until the next full hour, and its case."""
    world = tenant(cluster, more=HOURLY)
    case, = warned(world)
    assert [row[:2] for row in deliveries(world)] == [(4, v1.DELIVERY_STATE_WAITING)]
    return world, case


def test_what_was_acknowledged_is_not_mailed(cluster, server):
    world, case = gathered(cluster)
    ann = world.agent("ann", present=False)
    told, = ann.ListNotifications(case_id=case.case_id).notifications
    ann.AcknowledgeNotification(notifications=[v1.NotificationName(case_id=case.case_id,
                                                                   notification_id=told.notification_id)])
    world.advance(sample.HOUR_S)
    assert server.mails == []
    assert [row[1] for row in deliveries(world)] == [NOT_NEEDED]


def test_a_warning_is_not_mailed_when_it_is_done(cluster, server):
    world, case = gathered(cluster)
    steps.reach(world.agent("ann", present=False), case)
    world.advance(sample.HOUR_S)
    assert server.mails == []
    assert [row[1] for row in deliveries(world)][0] == NOT_NEEDED


# -- the options -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words, part", [
    (("--smtp-user", "a"), "--smtp-user: give --smtp-url too"),
    (("--mail-from", SENDER), "--mail-from: give --smtp-url too"),
    (("--smtp-url", "smtp://mail.company.example"), "--mail-from: is missing"),
    (options("smtp://ann:secret@mail.company.example"), "--smtp-url: names a user or a password"),
    (options("smtp://mail.company.example", "--smtp-ca", "/nowhere"), "--smtp-ca: the file cannot be read"),
    (options("smtp://mail.company.example", "--smtp-timeout-ms", "90000"), "--smtp-timeout-ms"),
])
def test_half_a_configuration_does_not_start(words, part):
    done = subprocess.run([paths.program("amends-resolution"), *words], capture_output=True, text=True, check=False,
                          timeout=60)
    assert done.returncode == 2
    assert part in done.stderr
    assert "secret" not in done.stderr
