# SPDX-License-Identifier: Apache-2.0
"""Nobody is left untold, by mail alone: a silent case is told to each desk before and after it climbs (S0.1, S3.2), whatever is
restarted meanwhile, and a small company gets through its week (S4.3)."""

import re

from harness.api import v1
from harness.mail import MailServer

from .support import sample, steps, telling
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


def desks(mails):
    return {mail.recipients[0] for mail in mails}


def test_a_silent_case_is_told_to_every_desk_with_the_system_restarted_at_every_step(make_cluster):
    with MailServer() as server:
        world = told(make_cluster, server)
        case = world.open(trigger=v1.TRIGGER_PUBLIC_POST, channel=v1.CHANNEL_SOCIAL, severity=3)
        restart(world.cluster)
        world.advance(FIRST_RESPONSE_S * 0.76)
        warning, = server.mails
        assert desks([warning]) == {"desk@company.example"}
        assert warning.message["Subject"] == f"A deadline is near: case {case.reference}"
        for level, more_s in ((2, FIRST_RESPONSE_S * 0.25), (3, 8 * HOUR_S), (4, 8 * HOUR_S)):
            before = len(server.mails)
            restart(world.cluster)
            world.advance(more_s + 1)
            restart(world.cluster)
            world.settle()
            assert world.get(case).level == level
            new = server.mails[before:]
            assert telling.DESKS[level] in desks(new), f"nobody told the desk of level {level}"
            assert all(case.reference in mail.text for mail in new)
        everything = world.cluster.sql("select notification_id, recipient from notification")
        sent = {mail.message["Message-ID"][1:37] for mail in server.mails}
        assert {str(one) for one, _ in everything} == sent, "a notification was not mailed"
        assert world.cluster.sql("select count(*) from delivery where state <> 2") == [(0,)]


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
