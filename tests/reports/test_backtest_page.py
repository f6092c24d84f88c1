"""The page of a backtest: its sentences, its pictures, and that it loads nothing."""

import copy
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from matplotlib.text import Annotation

from reports.backtest import (
    bottom_line,
    effort_figure,
    honesty,
    months_figure,
    render,
    time_figure,
    write_backtest,
)

MONTH = {"month": "2026-01", "leads": 50, "expected": 9.5, "low": 4, "high": 15, "won": 8}
POLICY = {
    "leads_worked": 100.0,
    "wins_caught": 30.0,
    "wins_caught_95": [22.0, 39.0],
    "share_of_wins": 0.3,
    "share_of_wins_95": [0.22, 0.39],
    "leads_per_win": 3.3333,
    "leads_per_win_95": [2.6, 4.5],
}
CURVE = [{"leads": 0.1, "wins": 0.3}, {"leads": 0.5, "wins": 0.8}, {"leads": 1.0, "wins": 1.0}]
POINT = {"predicted": 0.1, "observed": 0.12, "low": 0.08, "high": 0.16, "rows": 400}
TRAINED = {
    "as_of": "2025-12-28T04:00:00Z", "step": "logistic", "rows": 900, "leads": 400, "wins": 60, "seconds": 7.2,
    "promoted": True, "nights": 5, "scored_by": "2025-12-28T04:00:00Z", "gate": "the first model", "refused": None,
}  # fmt: skip
REFUSED: dict[str, Any] = {
    **dict.fromkeys(TRAINED), "as_of": "2025-12-01T04:00:00Z", "promoted": False, "nights": 4, "refused": "12 won leads",
}  # fmt: skip
DOCUMENT: dict[str, Any] = {
    "as_of": "2026-03-01T00:00:00Z",
    "data_cutoff": "2026-03-01T00:00:00Z",
    "headline": "It would have been 30.",
    "nights": {"from": "2025-12-28T04:00:00Z", "to": "2026-01-25T04:00:00Z", "scored": 5},
    "chosen": ["5 nights, a week apart"],
    "evaluation": {
        "leadgauge": {"log_loss": 0.31, "ece": 0.012, "ece_noise_95": 0.02},
        "base_rate": {"log_loss": 0.35, "ece": 0.01, "ece_noise_95": 0.02},
        "note": None,
    },
    "expected_by_month": [MONTH | {"inside": True}, MONTH | {"month": "2026-02", "inside": False}],
    "capacity": {
        "per_day": 3.5,
        "leads_of_the_nights": 1000,
        "wins_to_catch": 100,
        "said_by": "3 leads a day, as agreed (agreement.capacity_per_day)",
    },
    "policies": {
        "leadgauge": POLICY,
        "newest_first": POLICY
        | {"wins_caught": 12.0, "leadgauge_more_wins": 18.0, "leadgauge_more_wins_95": [9.0, 28.0]},
        "chance": POLICY
        | {"wins_caught": 29.0, "leadgauge_more_wins": 1.0, "leadgauge_more_wins_95": [-8.0, 9.0]},
    },
    "retrains": [REFUSED, TRAINED],
    "cannot_know": "a backtest replays who was won.",
    "curves": {
        "calibration": [POINT, POINT | {"predicted": 0.3, "observed": 0.28}],
        "nights": ["2025-12-28T04:00:00Z", "2026-01-11T04:00:00Z", "2026-01-25T04:00:00Z"],
        "over_time": {"leadgauge": [5, 20, 30], "newest_first": [2, 6, 12], "chance": [8, 20, 29]},
        "by_effort": {"leadgauge": CURVE, "newest_first": CURVE, "chance": CURVE},
    },
}


def changed(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(DOCUMENT) | changes


def test_the_bottom_line_says_what_is_sure_and_what_is_not() -> None:
    assert bottom_line(DOCUMENT) == [
        "Calling 100 of 1,000 leads, sales would have caught 30 of 100 wins (22 to 39) with leadgauge.",
        "Newest first it would have been 12: 18 fewer (9 to 28).",
        "By chance it would have been 29, which cannot be told from leadgauge with so few wins.",
    ]


def test_a_policy_that_was_better_is_told_as_better() -> None:
    better = POLICY | {
        "wins_caught": 50.0,
        "leadgauge_more_wins": -20.0,
        "leadgauge_more_wins_95": [-31.0, -9.0],
    }
    document = changed(policies={"leadgauge": POLICY, "old_score": better})
    assert bottom_line(document)[1] == "By the old score it would have been 50: 20 more (9 to 31)."


def test_where_everybody_is_called_the_order_hardly_matters() -> None:
    capacity = DOCUMENT["capacity"] | {"leads_of_the_nights": 105}
    assert bottom_line(changed(capacity=capacity))[1:] == [
        "With this capacity sales calls nearly every lead, so the order hardly matters."
    ]


def test_where_the_gate_let_no_model_pass_that_comes_first() -> None:
    nights = DOCUMENT["nights"] | {"scored": 0}
    assert bottom_line(changed(nights=nights))[0] == (
        "The gate would have let no model pass, so no night would have had a score. "
        "Had each new model been used all the same:"
    )


def test_honesty_is_told_with_its_noise_months_and_base_rate() -> None:
    assert honesty(DOCUMENT) == [
        "The probabilities were off by 1.2 percentage points on average; a perfectly honest model of this size stays "
        "under 2.0 percentage points in 95 of 100 cases, so the error is what chance explains.",
        "In 1 of 2 months the wins lay within the range that the probabilities allow.",
        "They told more than the base rate of each age that was known at the time (log loss 0.3100 against 0.3500).",
    ]


def test_probabilities_that_did_not_hold_are_told_so() -> None:
    evaluation = {
        "leadgauge": {"log_loss": 0.4, "ece": 0.03, "ece_noise_95": 0.02},
        "base_rate": DOCUMENT["evaluation"]["base_rate"],
        "note": "only 8 leads were won: the figures are mostly chance",
    }
    told = " ".join(honesty(changed(evaluation=evaluation)))
    assert "so they were not quite what they should have been" in told
    assert "They told no more than the base rate" in told
    assert told.endswith("Mind that only 8 leads were won: the figures are mostly chance.")


@pytest.fixture(scope="module")
def page() -> str:
    return render(DOCUMENT, title="<b>Acme</b>", currency="EUR")


def test_what_the_gate_cost_is_told() -> None:
    newest = {"always_newest": {"log_loss": 0.29, "ece": 0.01, "ece_noise_95": 0.02}}
    told = honesty(changed(evaluation=DOCUMENT["evaluation"] | newest))
    assert told[-1] == (
        "Had every new model been put to use at once, whatever the gate said, they would have been better (log loss 0.2900)."
    )


def test_the_page_loads_nothing_and_escapes_what_it_is_told(page: str) -> None:
    assert "<b>Acme" not in page
    assert re.findall(r"(?:src|href)=\"(?!data:|#)[^\"]*\"", page) == []
    assert "url(http" not in page


def test_the_page_says_which_nights_had_no_score_and_why(page: str) -> None:
    assert "no score" in page
    assert "refused: 12 won leads" in page
    assert "put to use: the first model" in page


def test_revenue_stands_on_the_page_where_amounts_exist(page: str) -> None:
    assert "Revenue, EUR" not in page
    policies = {
        name: policy | {"revenue_caught": 5000.0, "revenue_caught_95": [1000.0, None]}
        for name, policy in DOCUMENT["policies"].items()
    }
    assert "Revenue, EUR" in render(changed(policies=policies), title="Acme", currency="EUR")


def test_the_same_facts_give_the_same_page(page: str) -> None:
    assert render(DOCUMENT, title="<b>Acme</b>", currency="EUR") == page


@pytest.mark.parametrize("width", [350, 680])
def test_names_at_the_ends_of_lines_never_lie_on_each_other(width: int) -> None:
    figure = effort_figure(DOCUMENT["curves"]["by_effort"], 0.1, width)
    axes = figure.axes[0]
    names = [
        text for text in axes.texts if text.get_text() in {"leadgauge", "newest first", "by chance"}
    ]
    heights = sorted(cast("Annotation", text).xyann[1] for text in names)
    assert len(heights) == 3
    assert np.diff(heights).min() >= 14


def test_a_dot_for_every_month_and_a_line_for_every_policy() -> None:
    months = months_figure(DOCUMENT["expected_by_month"]).axes[0]
    assert len([line for line in months.lines if line.get_marker() == "o"]) == 2
    days = [datetime.fromisoformat(night[:19]) for night in DOCUMENT["curves"]["nights"]]
    over_time = time_figure(days, DOCUMENT["curves"]["over_time"]).axes[0]
    ends = sorted(float(np.asarray(line.get_ydata())[-1]) for line in over_time.lines)
    assert ends == [12.0, 29.0, 30.0]


def test_a_single_night_can_be_drawn_too() -> None:
    curves = DOCUMENT["curves"] | {
        "nights": ["2026-01-11T04:00:00Z"],
        "over_time": {"leadgauge": [0], "chance": [0.0]},
    }
    assert "Jan" in render(changed(curves=curves), title="Acme", currency="EUR")


def test_page_facts_and_pictures_are_written_and_nothing_else(tmp_path: Path) -> None:
    written = write_backtest(DOCUMENT, tmp_path / "2026-03-01", title="Acme", currency="EUR")
    assert sorted(path.name for path in (tmp_path / "2026-03-01").iterdir()) == sorted(
        path.name for path in written
    )
    assert json.loads(written[1].read_text()) == DOCUMENT
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in written[2:])
