"""A model small enough to be checked in the head: leads younger than two visits close less."""

import json
from datetime import datetime
from pathlib import Path

from features.catalogue import Attribute, Catalogue, EventCount
from features.project import Project
from models import scorer
from pipelines.home import Home
from pipelines.registry import ModelVersion
from pipelines.tracking import Training, log_training

AS_OF = datetime.fromisoformat("2026-03-01T00:00:00")
DATA_DIGEST = "ab" * 32

CATALOGUE = Catalogue(
    project="acme",
    timezone="UTC",
    horizon_days=90,
    features=[
        EventCount(name="visits", group="what they did", concept="visits", label="visits"),
        Attribute(
            name="lead_source",
            group="where they came from",
            concept="source",
            label="Source",
            type="category",
            column="lead_source",
        ),
    ],
)

# Log-odds -2 below 1.5 visits, -1 above, -1.5 where visits are unknown.
MODEL = {
    "format": scorer.FORMAT,
    "boosters": [],
    "step": "base_rate",
    "weights": {"base_rate": 1.0, "logistic": 0.0},
    "features": [
        {"name": "visits", "type": "number"},
        {
            "name": "lead_source",
            "type": "category",
            "levels": ["web", "fair"],
            "other": 2,
            "missing": 3,
        },
    ],
    "rates": [],
    "base_rate": {"feature": 0, "edges": [1.5], "margins": [-2.0, -1.0], "base": -1.5},
    "logistic": None,
    "calibration": {"slope": 1.0, "intercept": 0.0, "shift": 0.0},
    "following": {"speed": None, "variance": 0.0, "day": 0.0},
    "reference": [0.1, 0.2],
    "grades": {"A": 0.3, "B": 0.2, "C": 0.1},
}


def project(name: str = "acme") -> Project:
    return Project.model_validate(
        {
            "project": name,
            "sources": {"leads": {"path": "leads.csv"}, "outcomes": {"path": "outcomes.csv"}},
        }
    )


def training(folder: Path, name: str = "acme", *, intercept: float = 0.0) -> Training:
    """Write a bundle and a record into ``folder`` and say what is to be recorded of them."""
    bundle, record = folder / "bundle", folder / "record"
    bundle.mkdir(parents=True, exist_ok=True)
    record.mkdir(exist_ok=True)
    model = {**MODEL, "calibration": {"slope": 1.0, "intercept": intercept, "shift": 0.0}}
    (bundle / "model.json").write_text(json.dumps(model))
    (bundle / "catalogue.json").write_text(
        CATALOGUE.model_copy(update={"project": name}).model_dump_json()
    )
    (record / "evaluation.json").write_text('{"rows": 40}')
    return Training(
        project=project(name),
        as_of=AS_OF,
        data_digest=DATA_DIGEST,
        catalogue=CATALOGUE,
        bundle=bundle,
        scorer=Path(scorer.__file__),
        step="base_rate",
        record=record,
        metrics={"leadgauge.auc": 0.7, "leadgauge.calibration_slope": float("nan")},
        folds=[{"fold": 0, "auc": 0.6, "rows": 20}, {"fold": 1, "auc": 0.7, "rows": 20}],
        summary="The base rate by age.",
    )


def registered(
    home: Home, folder: Path, name: str = "acme", *, intercept: float = 0.0
) -> ModelVersion:
    return log_training(home, training(folder, name, intercept=intercept))
