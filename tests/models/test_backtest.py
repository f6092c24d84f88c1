"""Nights of the past held against what happened."""

import pandas as pd

from models.backtest import calibration, expected_by_month, measure


def rows(drawing: str) -> pd.DataFrame:
    """Read ``night lead label probability`` lines."""
    lines = [line.split() for line in drawing.strip().splitlines()]
    frame = pd.DataFrame(lines, columns=["night", "lead_id", "label", "leadgauge"])
    night = pd.to_datetime(frame["night"])
    return frame.astype({"label": int, "leadgauge": float}).assign(night=night, as_of=night)


NIGHTS = rows(
    """
    2025-01-03 a 0 0.2
    2025-01-10 a 1 0.3
    2025-01-10 b 0 0.5
    2025-02-07 b 1 0.9
    2025-02-07 c 0 0.8
    """
)


def test_a_lead_counts_once_a_month_on_its_first_night() -> None:
    assert expected_by_month(NIGHTS, "leadgauge") == [
        {"month": "2025-01", "leads": 2, "expected": 0.7, "low": 0, "high": 2, "won": 0, "inside": True},
        {"month": "2025-02", "leads": 2, "expected": 1.7, "low": 1, "high": 2, "won": 1, "inside": True},
    ]  # fmt: skip


def test_wins_outside_the_band_are_told() -> None:
    frame = rows("\n".join(f"2025-01-03 L{number} 0 0.9" for number in range(20)))
    (month,) = expected_by_month(frame, "leadgauge")
    assert (month["won"], month["inside"]) == (0, False)
    assert month["low"] > 10


def test_figures_have_the_keys_of_a_training_and_say_where_wins_are_few() -> None:
    told = measure(NIGHTS.assign(base_rate=0.4), ["leadgauge", "base_rate"], gap_days=30, seed=1)
    assert set(told) == {
        *("leadgauge", "base_rate", "rows", "wins", "leads", "won_leads", "first", "last", "note"),
    }
    assert (told["rows"], told["wins"], told["won_leads"]) == (5, 2, 2)
    assert told["note"] == "only 2 leads were won: the figures are mostly chance"
    assert "log_loss" in told["leadgauge"]
    assert "ece_noise_95" in told["leadgauge"]


def test_calibration_counts_rows_of_one_outcome_together() -> None:
    points = calibration(NIGHTS, "leadgauge", gap_days=400)
    assert sum(point["rows"] for point in points) == 5
    assert max(point["outcomes"] for point in points) == 1
