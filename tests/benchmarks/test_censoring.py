"""Four ways with snapshots whose horizon is not over: who is learned from, and how heavily."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.quality.censoring import WAYS, chance_followed, learned_from

CUTOFF = pd.Timestamp("2026-06-01")
HORIZON = 10.0
DAY = pd.Timedelta(days=1)


def pool(*leads: tuple[str, float, float | None, float]) -> pd.DataFrame:
    """Draw snapshots: lead, days before the cut-off, days until it was over (None: never), label."""
    names, before, lasted, label = zip(*leads, strict=True)
    as_of = CUTOFF - pd.to_timedelta(list(before), unit="D")
    ends = pd.to_timedelta([np.nan if days is None else days for days in lasted], unit="D")
    return pd.DataFrame(
        {
            "lead_id": names,
            "as_of": as_of,
            "end": as_of + ends,
            "age_days": 0.0,
            "label": label,
            "weight": 1.0,
        }
    )


ROWS = pool(
    ("mature", 40, None, 0.0),
    ("won early", 5, 2.0, 1.0),
    ("won later", 5, 8.0, 1.0),  # after the cut-off: nobody knows of it
    ("open", 5, None, 0.0),
)


def learned(way: str) -> dict[str, float]:
    rows = learned_from(ROWS, way, CUTOFF, HORIZON)
    return dict(zip(rows["lead_id"], rows["label"], strict=True))


def test_each_way_learns_from_what_it_says() -> None:
    assert learned("drop") == {"mature": 0}
    assert learned("known") == learned("weighted") == {"mature": 0, "won early": 1}
    assert learned("open_as_lost") == {"mature": 0, "won early": 1, "won later": 0, "open": 0}


@pytest.mark.parametrize("way", WAYS)
def test_what_came_after_the_cutoff_changes_nothing(way: str) -> None:
    later = ROWS.assign(end=ROWS["end"].where(ROWS["end"] < CUTOFF), label=[0.0, 1.0, 0.0, 0.0])
    pd.testing.assert_frame_equal(
        learned_from(ROWS, way, CUTOFF, HORIZON).drop(columns="end"),
        learned_from(later, way, CUTOFF, HORIZON).drop(columns="end"),
    )


def test_the_chance_of_being_followed_is_a_share_of_all_snapshots_of_that_age() -> None:
    followed = np.array([40.0, 5.0, 5.0, 5.0])
    assert chance_followed(ROWS, followed, np.array([10.0, 2.0, 5.0, 6.0])).tolist() == [
        0.25,
        1.0,
        1.0,
        0.25,
    ]
    young_and_old = ROWS.assign(age_days=[100.0, 0.0, 0.0, 0.0])
    assert chance_followed(young_and_old, followed, np.full(4, 5.0)).tolist() == [1, 1, 1, 1]


def test_weighted_rows_stand_for_those_that_are_not_known_yet() -> None:
    rows = learned_from(ROWS, "weighted", CUTOFF, HORIZON)
    # One in four was followed for ten days, so the mature one stands for four; its like for one.
    assert rows["weight"].tolist() == pytest.approx([2 * 4 / 5, 2 * 1 / 5])
    capped = learned_from(ROWS, "weighted", CUTOFF, HORIZON, cap=2.0)
    assert capped["weight"].tolist() == pytest.approx([2 * 2 / 3, 2 * 1 / 3])


def test_weights_recover_the_close_rate_that_keeping_what_is_known_gets_wrong() -> None:
    rng = np.random.default_rng(5)
    count = 40_000
    before, lasted = rng.uniform(0, 30, count), rng.exponential(8, count)
    won = rng.random(count) < np.where(lasted < 4, 0.8, 0.2)  # wins come early, losses late
    label = (won & (lasted < HORIZON)).astype(float)
    rows = pool(*zip([f"L{n}" for n in range(count)], before, lasted, label, strict=True))

    def rate(way: str) -> float:
        found = learned_from(rows, way, CUTOFF, HORIZON)
        return float(np.average(found["label"], weights=found["weight"]))

    truth = label.mean()
    assert rate("weighted") == pytest.approx(truth, abs=0.01)
    assert rate("drop") == pytest.approx(truth, abs=0.01)
    assert rate("known") > truth + 0.03
    assert rate("open_as_lost") < truth - 0.03
