# SPDX-License-Identifier: Apache-2.0
"""A case whose personal data was erased while it was being worked on goes on, and its history proves itself after every
command, whatever was known and is forgotten now."""

import pytest

from .support.erased_lives import WORD, Life, run

N = 28


def test_a_life_without_erasure(world):
    done, problems = run(Life(world))
    assert not problems
    assert done[:24] == list(range(24)) and len(done) == N, done


@pytest.mark.parametrize("erase_after", range(0, N, 3))
def test_a_life_goes_on_after_its_erasure(world, erase_after):
    life = Life(world)
    _, problems = run(life, (erase_after,))
    assert not problems
    life.erase()
    assert world.verify(life.case).intact
    assert WORD not in str(world.get(life.case)) and WORD not in str(world.history(life.case))
    text = b"".join(one.data for one in world.crm.ExportCustomer(customer_id=life.customer)).decode()
    assert WORD not in text
