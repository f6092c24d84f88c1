"""Models that several tests look at, trained once."""

import numpy as np
import pytest

from models.bundle import Bundle
from models.calibration import Platt
from models.candidates import Recipe
from models.explain import importance
from models.frames import in_order, learning_rows
from models.grades import reference, thresholds
from models.members import Part
from models.publishing import fit_model
from tests.models.company import HORIZON, SETTINGS, SHARES, Frames, company

BASE, LINES = Part("base_rate"), Part("logistic", strength=0.3)
ANCHORED, RATES = Part("anchored", rounds=30), Part("rates", rounds=30)
RECIPES = {
    "base_rate": Recipe("base_rate", {BASE: 1.0}, 0.3, None),
    "logistic": Recipe("logistic", {LINES: 1.0}, 0.3, None),
    "lightgbm": Recipe("lightgbm", {RATES: 1.0}, 0.3, None),
    "anchored": Recipe("lightgbm", {ANCHORED: 1.0}, 0.3, None),
    "mixed": Recipe("lightgbm", dict.fromkeys([BASE, LINES, ANCHORED, RATES], 0.25), 0.3, 1e-3),
}
SHIFTS = {"mixed": 0.4}


@pytest.fixture(scope="session")
def frames() -> Frames:
    return company()


def fitted(frames: Frames, recipe: Recipe, shift: float) -> Bundle:
    ladder = in_order(frames.ladder, frames.catalogue, "ladder")
    model, texts = fit_model(
        learning_rows(ladder, frames.mornings, HORIZON),
        frames.catalogue,
        SETTINGS,
        recipe,
        Platt(0.9, -0.1),
        gap_days=HORIZON,
        threads=1,
    )
    draft = Bundle.of(model, texts, frames.catalogue).shifted(shift)
    probability = draft.probability(frames.mornings)
    assert np.isfinite(probability).all()
    model = {
        **draft.model,
        "reference": reference(probability),
        "grades": thresholds(probability, SHARES),
        "training": {**model["training"], **importance(draft, frames.mornings)},
    }
    return Bundle.of(model, texts, frames.catalogue)


@pytest.fixture(scope="session")
def bundles(frames: Frames) -> dict[str, Bundle]:
    """One bundle for each member and one of all four, with a calibration that is not the identity."""
    return {name: fitted(frames, recipe, SHIFTS.get(name, 0.0)) for name, recipe in RECIPES.items()}


@pytest.fixture(scope="session", params=list(RECIPES))
def bundle(request: pytest.FixtureRequest, bundles: dict[str, Bundle]) -> Bundle:
    return bundles[request.param]
