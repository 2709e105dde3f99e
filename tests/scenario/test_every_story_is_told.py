# SPDX-License-Identifier: Apache-2.0
"""Every row of the source stories has its scenario, or says what it waits for."""

from pathlib import Path

PARTLY = {
    "s2_5": "improvement actions, which are announced and acknowledged",
}
LATER = {
    "s2_6": "guides (StartGuide, AdvanceGuide)",
    "s3_4": "follow-up (RecordSatisfaction) with its one-time token",
}
ROWS = [f"s{article}_{row}"
        for article, rows in enumerate((2, 3, 6, 4, 4)) for row in range(1, rows + 1)]


def test_every_row_has_a_scenario_or_waits_for_a_feature():
    files = [path.name for path in Path(__file__).parent.glob("test_s*.py")]
    told = {row for row in ROWS if any(name.startswith(f"test_{row}_") for name in files)}
    assert told | set(LATER) == set(ROWS)
    assert not told & set(LATER)
    assert set(PARTLY) <= told
