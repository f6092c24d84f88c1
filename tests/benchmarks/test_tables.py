"""The Markdown says what the JSON says."""

from typing import Any

from benchmarks.quality.tables import best_peer, difference, document, table


def model(loss: float, *, rows: int = 100, gap: dict[str, float] | None = None) -> dict[str, Any]:
    return {
        "rows": rows,
        "log_loss": loss,
        "brier": 0.1,
        "auc": 0.75,
        "average_precision": None,
        "ece": 0.01,
        "ece_noise_95": 0.02,
        "calibration_slope": 0.97,
        "calibration_intercept": None,
        "wins_in_top_20": 0.5,
        "seconds": 3.2,
        "leadgauge_log_loss": 0.3,
        "difference": gap,
    }


def one_set() -> dict[str, Any]:
    gap = {"mean": -0.01, "low": -0.02, "high": -0.001}
    return {
        "rows": 100,
        "leads": 50,
        "won_leads": 20,
        "base_rate": 0.2,
        "horizon_days": 30.0,
        "features": 4,
        "models": {
            "leadgauge": model(0.3),
            "odoo": model(0.4, gap=gap),
            "autogluon": model(0.1, rows=40, gap=gap),
        },
        "absent": {"catboost": "not run: .venv-peers is not set up (`make peers` does it)"},
        "skipped_origins": [],
        "source_column": "source",
        "calibration": {
            "age": [],
            "source": [
                {
                    "segment": "a|b",
                    "rows": 60,
                    "won_leads": 20,
                    "predicted": 0.21,
                    "observed": 0.2,
                    "ece": 0.01,
                    "ece_noise_95": 0.02,
                    "within": True,
                    "calibration_slope": 1.0,
                }
            ],
        },
        "origins": [
            {
                "start": "2026-01-01 00:00:00",
                "end": "2026-02-01 00:00:00",
                "training_leads": 400,
                "training_wins": 80,
                "training_base_rate": 0.2,
                "rows": 100,
                "won_leads": 20,
                "base_rate": 0.2,
                "mean_probability": {"leadgauge": 0.21},
                "step": "logistic",
                "log_loss": {"leadgauge": 0.3},
                "seconds": {"training": 12.3},
            }
        ],
        "curve": [
            {
                "leads": 50,
                "samples": 4,
                "trained": 0,
                "steps": [],
                "why": "not enough data to train on: 50 leads",
            }
        ],
        "shuffled": {"step": "base_rate", "log_loss": 0.5, "difference": gap},
    }


def text_of(sets: dict[str, Any]) -> str:
    return document({"sets": sets, "made_at": "now", "command": "it", "revision": "abc"})


def lines_with(text: str, word: str) -> list[str]:
    return [line for line in text.splitlines() if word in line]


def test_a_set_is_told_with_its_peers() -> None:
    text = text_of({"made_up": one_set()})
    assert "100 test rows of 50 leads, 20 of them won, after 1 origins" in text
    assert lines_with(text, "| Odoo |") == [
        "| Odoo | 0.4000 | -0.0100 (-0.0200 to -0.0010) better | 0.1000 | 0.750 | - | 0.0100 | 0.0200 | 0.97 | - | 0.500 | 3.2 |"
    ]


def test_a_peer_that_spoke_at_the_last_origin_only_is_marked() -> None:
    line = lines_with(text_of({"made_up": one_set()}), "| AutoGluon")[0]
    assert "0.1000 (last block; leadgauge there 0.3000)" in line


def test_the_best_peer_is_one_that_spoke_of_all_rows() -> None:
    assert best_peer(one_set()) == "odoo"
    alone = one_set() | {"models": {"leadgauge": model(0.3)}}
    assert best_peer(alone) is None
    assert "| made_up | logistic | 0.3000 | - | - |" in text_of({"made_up": alone})


def test_a_peer_that_could_not_be_asked_says_why() -> None:
    text = text_of({"made_up": one_set()})
    assert (
        "CatBoost as it comes: not run: .venv-peers is not set up (`make peers` does it)." in text
    )


def test_a_set_that_could_not_be_measured_says_why() -> None:
    text = text_of({"absent": {"why": "its files do not lie in data"}})
    assert "Not measured: its files do not lie in data" in text


def test_refused_sizes_and_dealt_outcomes_are_told() -> None:
    text = text_of({"made_up": one_set()})
    assert "| 50 | 0 of 4 |  | - | - |  | - | not enough data to train on: 50 leads |" in text
    assert "Outcomes dealt anew among the leads: step base_rate, log loss 0.5000" in text


def test_a_bar_in_a_name_does_not_break_the_table() -> None:
    assert table(["a"], [["x|y\nz"]]).splitlines()[-1] == "| x\\|y z |"


def test_a_difference_is_called_better_or_worse_only_if_its_interval_says_so() -> None:
    assert difference({"mean": 0.1, "low": 0.05, "high": 0.2}).endswith("worse")
    assert difference({"mean": -0.1, "low": -0.2, "high": 0.2}) == "-0.1000 (-0.2000 to +0.2000)"
    assert difference(None) == ""
