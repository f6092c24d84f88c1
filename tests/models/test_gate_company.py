"""The gate on a made-up company: whole trainings stand before it, as `leadgauge train` brings them."""

import numpy as np
import pytest

from features.project import Model
from models.base_rate import logit
from models.gate import Verdict, judge_trial
from models.opponent import opponent
from models.scorer import expit
from models.training import Trained, train
from tests.models.company import HORIZON, SETTINGS, SHARES, Frames


def trained(frames: Frames, **changed: object) -> Trained:
    settings = Model.model_validate({**SETTINGS.model_dump(), **changed})
    return train(
        frames.ladder,
        frames.mornings,
        frames.catalogue,
        settings,
        grade_shares=SHARES,
        gap_days=HORIZON,
    )


@pytest.fixture(scope="module")
def plain(frames: Frames) -> Trained:
    return trained(frames, ladder=["base_rate"])


@pytest.fixture(scope="module")
def full(frames: Frames) -> Trained:
    return trained(frames)


def judged(frames: Frames, challenger: Trained, champion: Trained) -> Verdict:
    rows = challenger.predictions
    trial = champion.predictions[["lead_id", "as_of", "leadgauge"]]
    against = opponent(champion.bundle, rows, frames.mornings, trial, HORIZON)
    return judge_trial(rows, against, step=challenger.bundle.step, seed=7)


@pytest.mark.slow
def test_a_better_challenger_is_promoted(frames: Frames, plain: Trained, full: Trained) -> None:
    verdict = judged(frames, full, plain)
    assert verdict.promoted
    assert all(one.surely_better for one in verdict.differences)


@pytest.mark.slow
def test_a_worse_one_is_not(frames: Frames, plain: Trained, full: Trained) -> None:
    verdict = judged(frames, plain, full)
    assert not verdict.promoted
    assert any(reason.startswith("worse than the champion") for reason in verdict.reasons)


@pytest.mark.slow
def test_one_that_differs_by_luck_alone_seldom_is(frames: Frames, full: Trained) -> None:
    # Each account is told higher by one and lower by the other, as a coin falls: neither is the better one.
    rows, rng = full.predictions, np.random.default_rng(5)
    margin = logit(rows["leadgauge"].to_numpy(dtype=np.float64))
    account = rows["group_id"].factorize()[0]
    promoted = 0
    for _ in range(8):
        moved = 0.3 * rng.choice([-1.0, 1.0], account.max() + 1)[account]
        challenger = rows.assign(leadgauge=expit(margin + moved))
        trial = rows[["lead_id", "as_of"]].assign(leadgauge=expit(margin - moved))
        against = opponent(full.bundle, challenger, frames.mornings, trial, HORIZON)
        verdict = judge_trial(challenger, against, step=full.bundle.step, seed=7)
        assert any("the champion" in reason for reason in verdict.reasons)
        promoted += verdict.promoted
    assert promoted <= 2


@pytest.mark.slow
def test_one_whose_probabilities_mislead_is_not(
    frames: Frames, plain: Trained, full: Trained
) -> None:
    told = full.predictions["leadgauge"].to_numpy(dtype=np.float64)
    bold = full.predictions.assign(leadgauge=expit(2.5 * np.log(told / (1 - told)) + 1))
    against = opponent(plain.bundle, bold, frames.mornings, None, HORIZON)
    verdict = judge_trial(bold, against, step=full.bundle.step, seed=7)
    assert not verdict.promoted
    assert any(reason.startswith("not calibrated") for reason in verdict.reasons)
