"""The measured nights as ratios: what is set against what."""

from typing import Any

import pytest

from benchmarks.speed.tables import document, growth, headline


def ran(seconds: float, peak_mb: float = 100) -> dict[str, Any]:
    return {"seconds": seconds, "cpu_seconds": seconds, "peak_mb": peak_mb}


def size(
    leads: int, night: float, peak_mb: float = 100, **peers: dict[str, float]
) -> dict[str, Any]:
    """Return one size's results; ``peers`` are steps with their seconds."""
    return {
        "leads": leads,
        "events": 20 * leads,
        "train": ran(60),
        "night": ran(night, peak_mb) | {"steps": {"score": night}},
        "assembling": ran(9) | {"read_and_check": 3.0, "features": 2.0, "columns": 90},
        "floor": {"scan": 0.1, "predict": 0.2, "kernel": 0.3},
        "peers": {
            engine: ran(sum(steps.values())) | {"columns": 90, "steps": steps}
            for engine, steps in peers.items()
        },
    }


WHOLE = {"read": 1.0, "features": 5.0, "contributions": 34.0}
FEATURES = {"read": 4.0, "features": 12.0}


def results(*sizes: dict[str, Any]) -> dict[str, Any]:
    told = {"command": "python -m benchmarks.speed", "machine": "2 cores", "versions": {}}
    return {**told, "sizes": [*sizes]}


def test_features_are_set_against_features_and_reading_against_reading_and_checking() -> None:
    told = headline(results(size(100, 10, pandas=WHOLE, polars={"read": 0.5, "features": 1.0})))
    assert told["features_ratio_vs_pandas"] == 5.0 / 2.0
    assert told["features_ratio_vs_polars"] == 1.0 / 2.0
    assert told["features_with_checks_ratio_vs_pandas"] == (1.0 + 5.0) / (3.0 + 2.0)


def test_each_ratio_is_of_the_largest_size_that_was_measured_for_it() -> None:
    small = size(100, 10, pandas=WHOLE, polars=WHOLE)
    large = size(400, 32, pandas=FEATURES, polars=FEATURES)
    told = headline(results(small, large, size(900, 80)))
    assert told["night_seconds"] == 80
    assert told["night_ratio_vs_pandas_shap"] == 40 / 10
    assert told["features_ratio_vs_pandas"] == 12 / 2


def test_growth_is_each_size_over_the_one_before_and_per_lead() -> None:
    (told,) = growth([size(100, 10), size(400, 44, peak_mb=130)])
    assert told == {
        "what": "leadgauge score",
        "from": 100,
        "to": 400,
        "leads": 4.0,
        "seconds": 4.4,
        "seconds_per_lead": pytest.approx(1.1),
        "peak_mb": 1.3,
    }


def test_a_peers_features_alone_are_no_growth_of_its_whole_night() -> None:
    sizes = [
        size(100, 1, pandas=WHOLE),
        size(200, 2, pandas=FEATURES),
        size(300, 3, pandas=FEATURES),
    ]
    told = [(one["what"], one["from"]) for one in growth(sizes) if "pandas" in one["what"]]
    assert told == [("pandas, features alone", 200)]


def test_one_size_alone_has_neither_growth_nor_a_table_of_it() -> None:
    alone = results(size(100, 10))
    assert headline(alone)["night_seconds_growth"] is None
    assert "Growth" not in document({**alone, **headline(alone)})


def test_the_document_tells_what_of_the_training_was_lightgbms() -> None:
    training = {
        "rows": 1000,
        "seconds": 20.0,
        "lightgbm_seconds": 10.0,
        "ratio": 2.0,
        "build_seconds": 1.0,
        "grow_seconds": 7.0,
        "predict_seconds": 2.0,
        "rest_seconds": 12.0,
        "processor_seconds": 24.0,
        "lightgbm_processor_seconds": 8.0,
        "processor_ratio": 3.0,
    }
    told = {**results(size(100, 10)), "training": training}
    text = document({**told, **headline(told)})
    assert "add up to 10.0 s (data 1.0 s, trees 7.0 s, predictions 2.0 s); 12.0 s passed" in text
    assert "| `train_ratio_vs_lightgbm` | 2.00 |" in text
    assert "| `train_processor_ratio_vs_lightgbm` | 3.00 |" in text


def test_the_document_tells_growth_and_every_figure() -> None:
    told = results(size(100, 10, pandas=WHOLE, polars=WHOLE), size(400, 44, peak_mb=130))
    text = document({**told, **headline(told)})
    assert "| 100 | 400 | leadgauge score | 4.00 | 4.40 | 1.10 | 1.30 |" in text
    assert "| `night_seconds_growth` | 4.40 |" in text
    assert "| `night_peak_growth` | 1.30 |" in text
    assert "| `features_with_checks_ratio_vs_pandas` | 1.20 |" in text
    assert "| `train_ratio_vs_lightgbm` | not measured |" in text
