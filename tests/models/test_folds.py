"""Every test lies after its training, one gap apart, with no account on both sides."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import NotEnoughError
from models.folds import Fold, forward_folds
from models.frames import learning_rows
from tests.models.company import HORIZON, START, Frames

leads = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 30), st.booleans(), st.integers(0, 120)),
    min_size=40,
    max_size=150,
)


def snapshots(rows: list[tuple[int, int, bool, int]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw (created, account, won, open for days) as a ladder of three ages and weekly mornings."""
    made: dict[str, list[tuple[str, int, str, int]]] = {"ladder": [], "mornings": []}
    for number, (created, account, won, stays) in enumerate(rows):
        for age in (0, 7, 30):
            if age <= stays:
                made["ladder"].append((f"L{number}", created + age, f"G{account}", int(won)))
        for morning in range(7 * (created // 7 + 1), created + stays + 1, 7):
            made["mornings"].append((f"L{number}", morning, f"G{account}", int(won)))
    frames = []
    for found in made.values():
        frame = pd.DataFrame(found, columns=["lead_id", "day", "group_id", "label"])
        frames.append(frame.assign(as_of=START + pd.to_timedelta(frame["day"], unit="D")))
    return frames[0], frames[1]


def assert_honest(folds: list[Fold], ladder: pd.DataFrame, mornings: pd.DataFrame) -> None:
    seen: set[int] = set()
    for fold in folds:
        train, test = ladder.iloc[fold.train], mornings.iloc[fold.test]
        assert train["as_of"].max() + pd.Timedelta(days=HORIZON) <= fold.start
        assert test["as_of"].between(fold.start, fold.end).all()
        assert not set(train["group_id"]) & set(test["group_id"])
        assert 0 < train["label"].sum() < len(train)
        assert 0 < test["label"].sum() < len(test)
        assert not seen & set(fold.test.tolist())
        seen |= set(fold.test.tolist())
    starts = [fold.start for fold in folds]
    assert all(fold.end < start for fold, start in zip(folds, starts[1:], strict=False))


@given(rows=leads, wanted=st.integers(2, 8), seed=st.integers(0, 3))
@settings(deadline=None, max_examples=60)
def test_no_fold_ever_sees_its_future_or_its_own_accounts(
    rows: list[tuple[int, int, bool, int]], wanted: int, seed: int
) -> None:
    ladder, mornings = snapshots(rows)
    try:
        folds = forward_folds(
            ladder, mornings, folds=wanted, gap_days=HORIZON, min_wins=10, seed=seed
        )
    except NotEnoughError:
        return
    assert 1 <= len(folds) <= wanted
    assert_honest(folds, ladder, mornings)


@pytest.mark.parametrize("learned", [False, True], ids=["the ladder", "ladder and mornings"])
def test_folds_expand_and_cover_the_later_mornings(frames: Frames, learned: bool) -> None:
    rows = learning_rows(frames.ladder, frames.mornings, HORIZON) if learned else frames.ladder
    folds = forward_folds(rows, frames.mornings, folds=4, gap_days=HORIZON, min_wins=30, seed=7)
    assert_honest(folds, rows, frames.mornings)
    assert len(folds) == 4
    assert all(np.diff([len(fold.train) for fold in folds]) > 0)
    assert folds[-1].end == frames.mornings["as_of"].max()


def test_accounts_on_both_sides_are_parted_so_that_the_close_rate_stays_what_it_was() -> None:
    rng = np.random.default_rng(1)
    # Losses stay open for long and so are on both sides; wins are over at once.
    rows = [
        (int(rng.integers(0, 400)), number, bool(won), 5 if won else 400)
        for number, won in enumerate(rng.random(3000) < 0.3)
    ]
    ladder, mornings = snapshots(rows)
    fold = forward_folds(ladder, mornings, folds=3, gap_days=HORIZON, min_wins=30, seed=7)[-1]
    known = ladder["as_of"] + pd.Timedelta(days=HORIZON) <= fold.start
    expected = ladder.loc[known, "label"].mean()
    kept = ladder["label"].to_numpy()[fold.train]
    assert np.average(kept, weights=fold.weight) == pytest.approx(expected, rel=0.05)
    assert kept.mean() > 1.2 * expected


def test_a_month_without_mornings_and_many_leads_at_one_moment_do_no_harm() -> None:
    rows = [
        (day, number, number % 3 == 0, 60) for number, day in enumerate([0] * 200 + [200] * 200)
    ]
    ladder, mornings = snapshots(rows)
    folds = forward_folds(ladder, mornings, folds=5, gap_days=HORIZON, min_wins=30, seed=7)
    assert_honest(folds, ladder, mornings)


def test_too_short_a_history_says_how_much_it_takes() -> None:
    rows = [(day % 40, day, day % 3 == 0, 20) for day in range(200)]
    ladder, mornings = snapshots(rows)
    with pytest.raises(NotEnoughError) as raised:
        forward_folds(ladder, mornings, folds=5, gap_days=90, min_wins=30, seed=7)
    assert str(raised.value) == (
        "not enough history for one honest test forward in time. Snapshots with a known outcome run from"
        " 2024-01-01 to 2024-02-26 (56 days), and a label takes 90 days to be known."
        " A test needs training snapshots that were over before it starts: more than 180 days of data"
        " before the data cut-off, with at least 15 won leads to train on and 10 later ones"
        " of other accounts to test on: at the pace so far (67 won leads in 56 days) about 55 days more of data."
        " Add older leads, or set a shorter label.horizon_days in the project file"
    )


def test_one_account_that_holds_everything_leaves_nothing_to_test_on() -> None:
    rows = [(day, 1, day % 3 == 0, 60) for day in range(400)]
    ladder, mornings = snapshots(rows)
    with pytest.raises(NotEnoughError, match="of other accounts to test on"):
        forward_folds(ladder, mornings, folds=5, gap_days=HORIZON, min_wins=30, seed=7)
