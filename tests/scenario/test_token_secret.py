# SPDX-License-Identifier: Apache-2.0
"""Page and resume tokens are signed with a secret that `amends migrate` draws for the database."""

from harness.api import v1
from harness.cluster import migrate
from harness.errors import refused
from harness.process import wait_until

from .support import sample


def secret(cluster):
    ((value,),) = cluster.sql("select bytes from secret where purpose = 'tokens'")
    return bytes(value)


def test_the_secret_is_drawn_once(cluster):
    before = secret(cluster)
    assert len(before) == 32 and len(set(before)) > 8
    migrate(cluster.postgres, cluster.name, "demo")
    assert secret(cluster) == before


def page_token(cluster, replica=0):
    return cluster.intake(replica=replica).ListCases(page_size=1).next_page_token


def test_replicas_take_each_others_tokens_and_no_others(make_cluster):
    cluster = make_cluster(replicas={"intake": 2}, auth="permissive")
    for _ in range(2):
        cluster.intake().OpenCase(**sample.claim())
    token = page_token(cluster)
    assert cluster.intake(replica=1).ListCases(page_size=1, page_token=token).cases
    with refused("INVALID_ARGUMENT"):
        cluster.intake().ListCases(page_size=1, page_token=token[:-4] + "AAAA")
    with refused("INVALID_ARGUMENT"):
        cluster.intake(tenant="acme").ListCases(page_size=1, page_token=token)


def test_a_new_secret_makes_old_tokens_worthless(make_cluster):
    cluster = make_cluster(auth="permissive")
    for _ in range(2):
        cluster.intake().OpenCase(**sample.claim())
    token = page_token(cluster)
    cluster.sql("delete from secret")
    migrate(cluster.postgres, cluster.name, "demo")
    cluster.restart(cluster.replica("intake"))
    with refused("INVALID_ARGUMENT"):
        cluster.intake().ListCases(page_size=1, page_token=token)
    assert cluster.intake().ListCases(page_size=1, page_token=page_token(cluster)).cases


def test_a_database_without_the_secret_makes_nobody_ready(make_cluster):
    cluster = make_cluster(auth="permissive")
    intake = cluster.replica("intake")
    cluster.sql("delete from secret")
    intake.stop()
    intake.start()
    wait_until(lambda: "secret_missing" in intake.log.read_text(), "the missing secret to be told")
    assert not intake.ready()
    migrate(cluster.postgres, cluster.name, "demo")
    intake.wait_ready()


def test_a_resume_token_is_its_agents_alone(make_cluster):
    cluster = make_cluster(auth="permissive")
    for name in ("ann", "bob"):
        cluster.assignment().PutAgent(agent=sample.agent(name))
    cluster.assignment().SetPresence(agent_id="ann", presence=v1.PRESENCE_AVAILABLE)
    cluster.intake().OpenCase(**sample.claim())
    cluster.settle()
    stream = cluster.assignment(principal="ann").WatchOffers()
    token = next(message.resume_token for message in stream if message.resume_token)
    stream.cancel()
    with refused("INVALID_ARGUMENT"):
        next(cluster.assignment(principal="bob").WatchOffers(resume_token=token))
    again = cluster.assignment(principal="ann").WatchOffers(resume_token=token)
    next(again)
    again.cancel()
