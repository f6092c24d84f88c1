"""What is learned from was known at the origin, and nobody is on both sides."""

import pandas as pd
import pytest

from benchmarks.quality.origins import AGAIN, BLOCK_WINS, make_origins, won_leads
from benchmarks.quality.sets import DatedRows
from features.errors import NotEnoughError
from tests.benchmarks.rows import accounts, made_up, origins

GAP = pd.Timedelta(days=30)


@pytest.mark.parametrize("frame", ["ladder", "mornings", "learned"])
def test_every_label_that_is_learned_from_was_known_at_the_origin(
    rows: DatedRows, frame: str
) -> None:
    for origin in origins(rows):
        assert (getattr(origin, frame)["as_of"] + GAP <= origin.start).all()


def test_test_rows_lie_in_the_block_and_later_ones_were_not_known(rows: DatedRows) -> None:
    for origin in origins(rows):
        assert origin.test["as_of"].between(origin.start, origin.end).all()
        assert (origin.later["as_of"] + GAP > origin.start).all()


def test_no_account_is_learned_from_and_tested_on(rows: DatedRows) -> None:
    for origin in origins(rows):
        learned, tested = accounts(origin)
        assert learned
        assert tested
        assert not learned & tested


def test_blocks_follow_each_other_and_hold_wins_enough(rows: DatedRows) -> None:
    first, second = origins(rows)
    assert first.start < first.end < second.start < second.end
    assert min(first.wins, second.wins) >= BLOCK_WINS / 2  # half the accounts may go to training
    assert second.end == rows.mornings["as_of"].max()


def test_an_account_that_stayed_stands_twice_so_that_open_leads_are_as_frequent_as_they_were(
    rows: DatedRows,
) -> None:
    origin = origins(rows)[-1]
    known = rows.ladder[rows.ladder["as_of"] + GAP <= origin.start]
    again = origin.ladder["lead_id"].str.endswith(AGAIN)
    assert 0 < again.sum() < len(origin.ladder)
    assert len(origin.ladder) == pytest.approx(len(known), rel=0.05)
    assert origin.ladder["label"].mean() == pytest.approx(known["label"].mean(), rel=0.1)


def test_a_lead_that_stands_twice_keeps_its_account_and_all_else(rows: DatedRows) -> None:
    ladder = origins(rows)[-1].ladder
    again = ladder[ladder["lead_id"].str.endswith(AGAIN)]
    first = ladder[ladder["lead_id"].isin(again["lead_id"].str.removesuffix(AGAIN))]
    names = again["lead_id"].str.removesuffix(AGAIN)
    pd.testing.assert_frame_equal(
        again.assign(lead_id=names).reset_index(drop=True), first.reset_index(drop=True)
    )


def test_fewer_blocks_are_cut_where_wins_are_few(rows: DatedRows) -> None:
    made = origins(rows, count=100)
    assert 2 <= len(made) <= won_leads(rows.mornings) / BLOCK_WINS


def test_too_few_wins_for_one_block_are_refused(rows: DatedRows) -> None:
    few = rows.mornings[rows.mornings["lead_id"] < "L00040"]
    with pytest.raises(NotEnoughError, match="no block of mornings with 20 won leads"):
        make_origins(rows.ladder, few, count=3, gap_days=30, seed=7)


def test_the_same_rows_give_the_same_origins(rows: DatedRows) -> None:
    for one, other in zip(origins(rows), origins(rows), strict=True):
        pd.testing.assert_frame_equal(one.test, other.test)
        pd.testing.assert_frame_equal(one.learned, other.learned)


def test_rows_of_no_wins_at_all_are_refused(rows: DatedRows) -> None:
    lost = rows.ladder.assign(label=0)
    with pytest.raises(NotEnoughError):
        make_origins(lost, rows.mornings, count=3, gap_days=30, seed=7)


def test_a_flat_export_is_cut_too(tmp_path: pytest.TempPathFactory) -> None:
    flat = made_up(tmp_path)  # type: ignore[arg-type]
    newborn = flat.ladder[flat.ladder["age_days"] == 0].reset_index(drop=True)
    made = make_origins(newborn, newborn, count=3, gap_days=1, seed=7)
    assert len(made) == 3
    assert all(not set(o.learned["lead_id"]) & set(o.test["lead_id"]) for o in made)
