"""The gate: better than the baselines, no worse than the champion, and honest."""

import json
from typing import Any

import numpy as np
import pytest

from models.gate import decide
from models.scorer import Floats, expit

RNG = np.random.default_rng(5)
ROWS = 4000
MARGIN = RNG.normal(-1.5, 1.2, ROWS)
LABEL = (RNG.random(ROWS) < expit(MARGIN)).astype(np.float64)
GOOD, BASE = expit(MARGIN), np.full(ROWS, LABEL.mean())
BLURRED = expit(0.8 * (MARGIN + RNG.normal(0, 0.8, ROWS)) - 0.2)
GROUPS = np.repeat(np.arange(ROWS // 2), 2)


def judged(challenger: Floats, **more: Any) -> Any:
    return decide(
        LABEL,
        challenger,
        baselines={"base_rate": BASE},
        groups=GROUPS,
        clusters=np.arange(ROWS),
        **more,
    )


def test_the_first_model_is_promoted_if_it_beats_the_base_rate() -> None:
    verdict = judged(GOOD)
    assert verdict.promoted
    assert verdict.reasons == ["the first model: nothing to replace"]
    assert verdict.differences[0].high < 0


def test_a_model_no_better_than_the_base_rate_is_refused() -> None:
    verdict = judged(expit(np.log(BASE / (1 - BASE)) + RNG.normal(0, 0.5, ROWS)))
    assert not verdict.promoted
    assert verdict.reasons[0].startswith("no better than base_rate: log loss +")


def test_the_first_model_may_equal_the_base_rate_and_no_later_one_may() -> None:
    assert judged(BASE).promoted
    verdict = judged(BASE, champion=BASE)
    assert not verdict.promoted
    assert verdict.reasons[0].startswith("not surely better than base_rate: log loss ")


def test_a_base_rate_may_stand_if_nothing_beats_it() -> None:
    assert judged(BASE, is_base_rate=True).promoted


def test_a_better_challenger_replaces_the_champion() -> None:
    assert judged(GOOD, champion=BLURRED).promoted


def test_a_worse_challenger_does_not() -> None:
    verdict = judged(BLURRED, champion=GOOD)
    assert not verdict.promoted
    assert verdict.reasons[0].startswith("may be worse than the champion: log loss +")


def test_the_same_model_again_is_as_good_as_the_champion() -> None:
    verdict = judged(GOOD, champion=GOOD)
    assert verdict.reasons == ["as good as the champion or better"]


def test_probabilities_twice_too_high_are_refused_though_they_rank_well() -> None:
    verdict = judged(expit(2.5 * MARGIN + 1.5))
    assert not verdict.promoted
    assert any(reason.startswith("not calibrated: error ") for reason in verdict.reasons)


def test_rows_that_the_champion_was_trained_on_are_left_out_if_enough_remain() -> None:
    fresh = np.arange(ROWS) >= ROWS // 2
    champion = np.where(fresh, BLURRED, np.where(LABEL == 1, 0.99, 0.01))
    assert not judged(GOOD, champion=champion).promoted
    verdict = judged(GOOD, champion=champion, unseen_by_champion=fresh)
    assert verdict.promoted
    assert verdict.differences[1].rows == ROWS // 2


def test_it_is_said_when_the_champion_had_seen_the_rows() -> None:
    fresh = np.zeros(ROWS, dtype=bool)
    verdict = judged(GOOD, champion=BLURRED, unseen_by_champion=fresh)
    assert verdict.reasons == [
        "as good as the champion or better",
        "the champion was trained on some of these rows, which favours it",
    ]


def test_a_verdict_is_the_same_each_time_and_is_json() -> None:
    first, second = (judged(GOOD, champion=BLURRED).to_json() for _ in range(2))
    assert json.loads(json.dumps(first, allow_nan=False)) == json.loads(json.dumps(second))


def test_copies_of_the_same_accounts_do_not_make_the_gate_surer() -> None:
    few = slice(0, 120)
    wide = [
        decide(
            np.tile(LABEL[few], times),
            np.tile(BLURRED[few], times),
            baselines={"base_rate": np.tile(BASE[few], times)},
            groups=np.tile(GROUPS[few], times),
            clusters=np.tile(np.arange(120), times),
        ).differences[0]
        for times in (1, 8)
    ]
    assert wide[1].high - wide[1].low == pytest.approx(wide[0].high - wide[0].low)
