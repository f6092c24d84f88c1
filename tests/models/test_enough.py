"""Too little to train on: what is short, and what it would take."""

import re

import pandas as pd
import pytest

from features.errors import NotEnoughError
from models.enough import check_enough, how_long
from tests.models.company import SETTINGS, START


def test_too_little_is_refused_with_all_that_is_short() -> None:
    ladder = pd.DataFrame(
        {
            "lead_id": [f"L{row}" for row in range(20)],
            "label": [1] * 20,
            "as_of": START + pd.to_timedelta(range(20), unit="D"),
        }
    )
    with pytest.raises(NotEnoughError) as raised:
        check_enough(ladder, SETTINGS)
    assert str(raised.value) == (
        "not enough data to train on: 20 leads with a known outcome, 100 are needed (model.min_leads);"
        " 20 won leads, 30 are needed (model.min_wins);"
        " all 20 leads were won: without lost leads there is nothing to tell apart (label.lost)."
        " If 20 of 20 leads go on to be won, it takes about 100 of them, 80 more: at the pace so far"
        " (20 in 19 days) about 3 months more of data."
        " Add older leads, or check in the project file that label.won and label.lost name the right values"
        " and that label.horizon_days is not too long for the data"
    )


@pytest.mark.parametrize(
    ("won", "takes"),
    [
        (6, "it takes about 300 of them, 240 more: at the pace so far (60 in 59 days) about 8 months more of data"),
        (1, "it takes about 1800 of them, 1740 more: at the pace so far (60 in 59 days) about 4.7 years more of data"),
    ],
)  # fmt: skip
def test_what_it_would_take_is_told_at_the_pace_so_far(won: int, takes: str) -> None:
    ladder = pd.DataFrame(
        {
            "lead_id": [f"L{row}" for row in range(60)],
            "label": [1] * won + [0] * (60 - won),
            "as_of": START + pd.to_timedelta(range(60), unit="D"),
        }
    )
    with pytest.raises(NotEnoughError, match=re.escape(takes)):
        check_enough(ladder, SETTINGS)


def test_without_a_win_nobody_knows_how_long_it_takes() -> None:
    ladder = pd.DataFrame({"lead_id": ["a", "b"], "label": [0, 0], "as_of": [START, START]})
    with pytest.raises(NotEnoughError) as raised:
        check_enough(ladder, SETTINGS)
    assert "it takes" not in str(raised.value)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0.4, "about 1 day"),
        (59, "about 59 days"),
        (91, "about 3 months"),
        (1000, "about 2.7 years"),
    ],
)
def test_a_stretch_of_time_is_told_roughly(days: float, words: str) -> None:
    assert how_long(days) == words
