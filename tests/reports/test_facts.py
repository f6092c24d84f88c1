"""What facts admit."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from reports.facts import LONGEST_NAME, GradeRow, Interval, Metrics, clean
from reports.report_facts import ReportFacts
from tests.reports.examples import example_facts


def test_a_name_loses_control_and_direction_characters_and_keeps_its_letters() -> None:
    assert clean("Web\x00inar\u202e \t\r\n Zürich\u200b 展示会 ") == "Webinar Zürich 展示会"


def test_a_long_name_is_cut_with_an_ellipsis() -> None:
    assert clean("x" * 500) == "x" * (LONGEST_NAME - 1) + "…"


def test_facts_come_back_from_their_json_unchanged() -> None:
    facts = example_facts()
    assert ReportFacts.model_validate_json(facts.model_dump_json()) == facts


def test_a_missing_number_is_null_in_json_and_not_nan() -> None:
    metrics = Metrics(log_loss=0.3, brier=0.1, calibration_slope=float("nan"))
    assert metrics.calibration_slope is None
    assert "NaN" not in metrics.model_dump_json()


def test_an_infinite_number_is_refused() -> None:
    with pytest.raises(ValidationError, match="finite number"):
        GradeRow(
            grade="A", leads=1, expected_wins=1, expected_value=float("inf"), lowest=0, highest=1
        )


def test_an_interval_that_runs_backwards_is_refused() -> None:
    with pytest.raises(ValidationError, match="an interval's low end lies above its high end"):
        Interval(value=0.5, low=0.6, high=0.4)


def test_an_evaluation_without_the_base_rate_is_refused() -> None:
    evaluation = example_facts().evaluation.model_dump()
    del evaluation["contenders"]["base_rate"]
    with pytest.raises(
        ValidationError, match="an evaluation needs leadgauge and base_rate; missing: base_rate"
    ):
        example_facts(evaluation=evaluation)


def test_moments_with_a_zone_are_told_in_utc() -> None:
    there = datetime(2026, 11, 20, 5, 30, tzinfo=timezone(timedelta(hours=1)))
    assert example_facts(as_of=there).as_of == there.astimezone(UTC).replace(tzinfo=None)
