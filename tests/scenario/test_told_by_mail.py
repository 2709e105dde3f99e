# SPDX-License-Identifier: Apache-2.0
"""Nobody is left untold, by mail alone: a silent case is told to each desk before and after it climbs (S0.1, S3.2), whatever is
restarted meanwhile, and a small company gets through its week (S4.3)."""

import re
import shlex

import pytest

from harness.api import v1
from harness.cluster import wait_for_database
from harness.mail import MailServer

from .support import sample, steps, telling
from .support.ctl import ctl  # pylint: disable=unused-import
from .support.world import new_tenant

HOUR_S = sample.HOUR_S
FIRST_RESPONSE_S = 8 * HOUR_S  # severity 3
REFERENCE = re.compile(r"https://care\.example/c/(\w{8})")


def told(make_cluster, server, **of):
    cluster = make_cluster(options=("--smtp-url", server.url, "--mail-from", "amends@company.example"), **of)
    world = new_tenant(cluster, "told")
    telling.apply(world)
    return world


def restart(cluster):
    for service in cluster.services:
        cluster.restart(service)


def restart_stores(cluster):
    """PostgreSQL as after a loss of power; Redis comes back empty."""
    cluster.postgres.crash()
    cluster.redis.kill()
    cluster.postgres.start()
    cluster.redis.start()
    wait_for_database(cluster.postgres)
    for service in cluster.services:
        service.wait_ready()


def desks(mails):
    return {mail.recipients[0] for mail in mails}


@pytest.mark.parametrize("stores_too", [False, True], ids=["services", "services, PostgreSQL and Redis"])
def test_a_silent_case_is_told_to_every_desk_with_the_system_restarted_at_every_step(make_cluster, stores_too):
    with MailServer() as server:
        world = told(make_cluster, server, own_postgres=stores_too)

        def everything_restarts():
            restart(world.cluster)
            if stores_too:
                restart_stores(world.cluster)

        case = world.open(trigger=v1.TRIGGER_PUBLIC_POST, channel=v1.CHANNEL_SOCIAL, severity=3)
        everything_restarts()
        world.advance(FIRST_RESPONSE_S * 0.76)
        warning, = server.mails
        assert desks([warning]) == {"desk@company.example"}
        assert warning.message["Subject"] == f"A deadline is near: case {case.reference}"
        for level, more_s in ((2, FIRST_RESPONSE_S * 0.25), (3, 8 * HOUR_S), (4, 8 * HOUR_S)):
            before = len(server.mails)
            everything_restarts()
            world.advance(more_s + 1)
            everything_restarts()
            world.settle()
            assert world.get(case).level == level
            new = server.mails[before:]
            assert telling.DESKS[level] in desks(new), f"nobody told the desk of level {level}"
            assert all(case.reference in mail.text for mail in new)
        everything = world.cluster.sql("select notification_id, recipient from notification")
        sent = {mail.message["Message-ID"][1:37] for mail in server.mails}
        assert {str(one) for one, _ in everything} == sent, "a notification was not mailed"
        assert world.cluster.sql("select count(*) from delivery where state <> 2") == [(0,)]


@pytest.fixture
def mailbox():
    with MailServer() as server:
        yield server


@pytest.fixture
def world(make_cluster, mailbox):
    return told(make_cluster, mailbox, one_process=True)


def printed(ctl, *words):
    """The commands that `amendsctl today` shows to ann."""
    done = ctl("today", *words, who="ann")
    assert done.returncode == 0, done.stdout + done.stderr
    return [shlex.split(line)[1:] for line in done.stdout.splitlines() if line.startswith("    amendsctl ")]


def resolve(world, ctl, case_id):
    """Does what the close gate asks for; the command that `today` shows afterwards."""
    case = world.crm.GetCase(case_id=case_id).case
    steps.recover(world.principal("ann"), case)
    found, = [words for words in printed(ctl) if words[:3] == ["case", "resolve", case_id]]
    return found


def test_a_small_company_gets_through_its_week_by_mail_and_today(world, mailbox, ctl):
    """Five complaints in a week, and one person, who looks at `amendsctl today` when a mail came, and types what it shows."""
    world.crm.PutAgent(agent=sample.agent("ann", email="ann@company.example",
                                          authorities=[(v1.REMEDY_KIND_REFUND, sample.usd(100))]))
    opened, read, looks = [], 0, 0
    for day in range(5):
        opened.append(world.open(severity=3))
        for _ in range(4):
            world.advance(6 * HOUR_S)
            if len(mailbox.mails) == read:
                continue
            read, looks = len(mailbox.mails), looks + 1
            for whose in (["--level", "1"], []):
                for words in printed(ctl, *whose):
                    if words[:2] == ["case", "resolve"]:
                        words = resolve(world, ctl, words[2])
                    done = ctl(*words, who="ann")
                    assert done.returncode == 0, f"day {day}: {words}\n{done.stdout}{done.stderr}"
            world.settle()
    assert looks >= 5
    for case in opened:
        assert world.get(case).owner.id == "ann"
        assert world.clock(case, v1.CLOCK_KIND_FIRST_RESPONSE).state == v1.CLOCK_STATE_MET
    assert v1.CASE_STATUS_RESOLVED in {world.get(case).status for case in opened}


def test_a_small_company_gets_through_its_week_by_mail(make_cluster):
    """Five complaints in a week, one person, no screen but the mailbox: each mail leads to its case."""
    with MailServer() as server:
        world, done, read = told(make_cluster, server, one_process=True), [], 0
        world.crm.PutAgent(agent=sample.agent("ann", email="ann@company.example"))
        ann = world.principal("ann")
        for day in range(5):
            opened = world.open(severity=3)
            for _ in range(4):
                world.advance(6 * HOUR_S)
                mails = server.mails[read:]
                read += len(mails)
                for reference in {found for mail in mails for found in REFERENCE.findall(mail.text)} - set(done):
                    case = world.crm.GetCase(case_id=reference).case
                    steps.reach(ann, case)
                    done.append(reference)
            assert opened.reference in done, f"nobody was told of the case of day {day}"
        for reference in done:
            case = world.crm.GetCase(case_id=reference).case
            met = [one for one in case.clocks if one.kind == v1.CLOCK_KIND_FIRST_RESPONSE]
            assert [one.state for one in met] == [v1.CLOCK_STATE_MET]
