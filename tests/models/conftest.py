"""Models that several tests look at, trained once."""

import numpy as np
import pytest

from models.bundle import Bundle
from models.calibration import Platt
from models.candidates import Candidate
from models.explain import importance
from models.frames import in_order, with_older_ages
from models.grades import reference, thresholds
from models.publishing import fit_model
from tests.models.company import SETTINGS, SHARES, Frames, company

CANDIDATES = {
    "base_rate": Candidate("base_rate"),
    "logistic": Candidate("logistic", strength=0.2),
    "lightgbm": Candidate("lightgbm", rounds=30),
    "anchored": Candidate("lightgbm", strength=0.2, anchored=True, rounds=30),
}


@pytest.fixture(scope="session")
def frames() -> Frames:
    return company()


def fitted(frames: Frames, candidate: Candidate) -> Bundle:
    ladder = in_order(frames.ladder, frames.catalogue, "ladder")
    ladder = with_older_ages(ladder, frames.mornings)
    model, texts = fit_model(
        ladder, frames.catalogue, SETTINGS, candidate, Platt(0.9, -0.1), threads=1
    )
    draft = Bundle.of(model, texts, frames.catalogue)
    probability = draft.probability(frames.mornings)
    model["reference"] = reference(probability)
    model["grades"] = thresholds(probability, SHARES)
    model["training"] |= importance(draft, frames.mornings)
    assert np.isfinite(probability).all()
    return Bundle.of(model, texts, frames.catalogue)


@pytest.fixture(scope="session")
def bundles(frames: Frames) -> dict[str, Bundle]:
    """One bundle for each kind of model, with a calibration that is not the identity."""
    return {name: fitted(frames, candidate) for name, candidate in CANDIDATES.items()}


@pytest.fixture(scope="session", params=list(CANDIDATES))
def bundle(request: pytest.FixtureRequest, bundles: dict[str, Bundle]) -> Bundle:
    return bundles[request.param]
