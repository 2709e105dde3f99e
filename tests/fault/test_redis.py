# SPDX-License-Identifier: Apache-2.0
"""Redis is a hint: hung, emptied, half forgotten, gone, it costs speed and nothing else."""

import random
import time

from .aftermath import check
from .load import FIRST_RESPONSE_S

HANG_S = 3.0


def test_a_redis_that_hangs_loses_nothing(load):
    load.more(30)
    load.cluster.redis.pause()
    load.cluster.clock.advance(FIRST_RESPONSE_S + 1)
    time.sleep(HANG_S)
    load.cluster.redis.resume()
    load.more(20)
    check(load)


def test_an_emptied_redis_loses_nothing(load):
    load.more(30)
    load.cluster.redis.cli("flushall")
    load.cluster.clock.advance(FIRST_RESPONSE_S + 1)
    load.more(20)
    load.cluster.redis.cli("flushall")
    check(load)


def test_a_redis_that_forgot_half_loses_nothing(load):
    """What a failover to a lagging replica looks like: no key says that others are missing."""
    chance = random.Random(1)
    for turn in range(3):
        load.more(20)
        keys = load.cluster.redis.cli("keys", "*")
        load.cluster.redis.cli("del", *chance.sample(keys, len(keys) // 2))
        forget_half_of_the_members(load.cluster.redis, chance)
        if turn == 1:
            load.cluster.clock.advance(FIRST_RESPONSE_S + 1)
    check(load)


def forget_half_of_the_members(redis, chance):
    for key in redis.cli("keys", "*"):
        if redis.cli("type", key) == ["zset"]:
            members = redis.cli("zrange", key, "0", "-1")
            half = chance.sample(members, len(members) // 2)
            if half:
                redis.cli("zrem", key, *half)


def test_a_restarted_redis_loses_nothing(load):
    load.more(30)
    load.cluster.redis.kill()
    load.cluster.clock.advance(FIRST_RESPONSE_S + 1)
    load.more(10)
    load.cluster.redis.start()
    load.more(20)
    check(load)


def test_without_redis_for_good_everything_goes_on(load):
    load.more(30)
    load.cluster.redis.kill()
    load.more(20)
    load.cluster.clock.advance(FIRST_RESPONSE_S + 1)
    check(load)
