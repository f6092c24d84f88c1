"""Policies that share one capacity: who is called on which night, and what was caught by it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.policies import (
    Taken,
    budgets,
    by_effort,
    figures,
    over_time,
    reachable_wins,
    work_through,
)


def offers(drawing: str) -> pd.DataFrame:
    """Read ``night lead label score`` lines; an account per lead, a win is worth 100."""
    rows = [line.split() for line in drawing.strip().splitlines()]
    frame = pd.DataFrame(rows, columns=["night", "lead_id", "label", "score"])
    frame = frame.astype({"night": int, "label": int, "score": float})
    return frame.assign(
        group_id="lead:" + frame["lead_id"], amount=np.where(frame["label"] == 1, 100.0, np.nan)
    )


THREE_NIGHTS = offers(
    """
    0 a 0 0.9
    0 b 1 0.5
    1 a 1 0.8
    1 b 1 0.6
    1 c 0 0.7
    2 c 0 0.4
    2 d 1 0.1
    """
)


def taken(frame: pd.DataFrame, room: list[int]) -> list[str]:
    done = work_through(frame, np.array(room), frame["score"].to_numpy(), seed=1)
    chosen = frame[done.share > 0]
    return [
        f"{night}{lead}" for night, lead in zip(chosen["night"], chosen["lead_id"], strict=True)
    ]


def test_each_night_takes_the_best_that_were_not_taken_before() -> None:
    assert taken(THREE_NIGHTS, [1, 1, 1]) == ["0a", "1c", "2d"]


def test_a_night_without_capacity_takes_nobody() -> None:
    assert taken(THREE_NIGHTS, [0, 2, 0]) == ["1a", "1c"]


def test_capacity_beyond_the_open_leads_takes_all_of_them_once() -> None:
    assert taken(THREE_NIGHTS, [9, 9, 9]) == ["0a", "0b", "1c", "2d"]


def test_a_lead_without_a_score_is_called_last() -> None:
    frame = THREE_NIGHTS.assign(score=[np.nan, 0.0, 0.8, 0.6, 0.7, 0.4, 0.1])
    assert taken(frame, [1, 0, 0]) == ["0b"]


def test_a_win_after_the_horizon_of_the_call_is_not_caught() -> None:
    # a was called on night 0 and won too late for it; on night 1 it would have counted
    done = work_through(THREE_NIGHTS, np.array([1, 0, 0]), THREE_NIGHTS["score"].to_numpy(), seed=1)
    assert done.of(THREE_NIGHTS["label"].to_numpy(float)).sum() == 0
    assert sorted(reachable_wins(THREE_NIGHTS)["group_id"]) == ["lead:a", "lead:b", "lead:d"]


def test_chance_is_an_expectation_and_not_one_draw() -> None:
    frame = offers("\n".join(f"0 L{number} {int(number < 3)} 0" for number in range(10)))
    done = work_through(frame, np.array([4]), np.zeros(10), seed=1, draws=4000)
    assert done.share.sum() == pytest.approx(4)
    assert done.share == pytest.approx(np.full(10, 0.4), abs=0.04)


def test_old_and_new_leads_have_the_same_chance() -> None:
    rows = [f"{night} old{n} 0 0" for night in (0, 1) for n in range(4)]
    frame = offers("\n".join([*rows, *(f"1 new{n} 0 0" for n in range(4))]))
    done = work_through(frame, np.array([2, 3]), np.zeros(len(frame)), seed=1, draws=4000)
    second = frame["night"] == 1
    old = done.share[second & frame["lead_id"].str.startswith("old")].sum()
    new = done.share[second & frame["lead_id"].str.startswith("new")].sum()
    assert old == pytest.approx(1.0, abs=0.06)  # two of six are left
    assert new == pytest.approx(2.0, abs=0.06)


def test_a_fraction_of_a_lead_a_day_adds_up() -> None:
    assert budgets(np.array([7.0, 7.0, 7.0, 7.0]), 0.25).tolist() == [1, 2, 2, 2]
    assert budgets(np.array([1.0, 3.0]), 2).tolist() == [2, 6]


def test_figures_of_a_drawn_company() -> None:
    best = work_through(THREE_NIGHTS, np.array([1, 1, 1]), THREE_NIGHTS["score"].to_numpy(), seed=1)
    other = Taken((THREE_NIGHTS.index.isin([1, 3])).astype(float))  # b, twice: only to tell sums
    told = figures(THREE_NIGHTS, {"leadgauge": best, "other": other}, seed=1, draws=50)
    assert {key: told["leadgauge"][key] for key in ("leads_worked", "wins_caught")} == {
        "leads_worked": 3.0,
        "wins_caught": 1.0,
    }
    assert told["leadgauge"]["share_of_wins"] == pytest.approx(1 / 3, abs=1e-4)
    assert told["leadgauge"]["leads_per_win"] == 3.0
    assert told["leadgauge"]["revenue_caught"] == 100.0
    assert told["other"]["wins_caught"] == 2.0
    assert told["other"]["leadgauge_more_wins"] == -1.0
    assert "leadgauge_more_wins" not in told["leadgauge"]


def test_without_amounts_nothing_is_said_of_revenue() -> None:
    frame = THREE_NIGHTS.assign(amount=np.nan)
    told = figures(frame, {"leadgauge": Taken(np.ones(len(frame)))}, seed=1, draws=20)
    assert [key for key in told["leadgauge"] if "revenue" in key] == []


def test_differences_are_paired() -> None:
    rng = np.random.default_rng(4)
    frame = offers("\n".join(f"0 L{n} {int(rng.random() < 0.2)} 0" for n in range(200)))
    same = Taken((rng.random(200) < 0.3).astype(float))
    told = figures(frame, {"leadgauge": same, "twin": same}, seed=1, draws=200)
    low, high = told["leadgauge"]["wins_caught_95"]
    assert high > low
    assert told["twin"]["leadgauge_more_wins_95"] == [0.0, 0.0]


def test_leads_of_one_account_are_drawn_together() -> None:
    frame = THREE_NIGHTS.assign(group_id="account:one")
    told = figures(frame, {"leadgauge": Taken(np.ones(len(frame)))}, seed=1, draws=50)
    wins = told["leadgauge"]["wins_caught"]
    assert told["leadgauge"]["wins_caught_95"] == [wins, wins]


def test_a_policy_without_a_win_has_no_leads_per_win() -> None:
    nobody = Taken(np.zeros(len(THREE_NIGHTS)))
    told = figures(THREE_NIGHTS, {"leadgauge": nobody}, seed=1, draws=20)["leadgauge"]
    assert (told["leads_per_win"], told["leads_per_win_95"]) == (None, [None, None])


def test_wins_by_night_end_at_all_that_were_caught() -> None:
    best = work_through(THREE_NIGHTS, np.array([2, 1, 1]), THREE_NIGHTS["score"].to_numpy(), seed=1)
    assert over_time(THREE_NIGHTS, {"leadgauge": best}, 3)["leadgauge"].tolist() == [1, 1, 2]


def test_with_all_the_time_in_the_world_every_order_catches_the_same() -> None:
    scores = {"one": THREE_NIGHTS["score"].to_numpy(), "other": -THREE_NIGHTS["score"].to_numpy()}
    curves = by_effort(THREE_NIGHTS, np.full(3, 7.0), scores, seed=1)
    assert curves["one"][-1] == curves["other"][-1] == {"leads": 1.0, "wins": pytest.approx(2 / 3)}


@given(st.data())
@settings(deadline=None, max_examples=40)
def test_nobody_is_called_twice_and_no_night_calls_more_than_it_can(data: st.DataObject) -> None:
    nights = data.draw(st.integers(1, 5))
    rows = data.draw(
        st.sets(st.tuples(st.integers(0, nights - 1), st.integers(0, 12)), min_size=1, max_size=40)
    )
    levels = st.integers(0, 3)
    frame = offers("\n".join(f"{n} L{lead} 0 {data.draw(levels)}" for n, lead in sorted(rows)))
    room = np.array(data.draw(st.lists(st.integers(0, 6), min_size=nights, max_size=nights)))
    done = work_through(frame, room, frame["score"].to_numpy(), seed=3, draws=7)
    by_lead = pd.Series(done.share).groupby(frame["lead_id"]).sum()
    by_night = pd.Series(done.share).groupby(frame["night"]).sum()
    assert by_lead.max() <= 1 + 1e-9
    assert all(by_night[night] <= room[night] + 1e-9 for night in by_night.index)
