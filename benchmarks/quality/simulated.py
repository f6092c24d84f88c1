"""The simulated company, where the true probability is known: how far from it is what is published."""

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks.quality.curve import last_origin
from benchmarks.quality.judge import OURS, How, train_on
from benchmarks.quality.measure import drawn_means
from benchmarks.quality.origins import Origin
from benchmarks.quality.peers import PEERS, Task
from benchmarks.quality.sets import DatedRows, dated_rows
from features.assemble import assemble
from features.catalogue import Catalogue
from features.contract import read_tables
from features.frames import canonical
from features.project import Project
from features.project_file import load_project
from features.tables import TableSet, open_tables
from models.base_rate import logit
from models.following import as_published
from models.metrics import recalibration
from models.scorer import Floats, expit
from pipelines.reading import feature_frame
from simulation.company import Company, simulate
from simulation.export import write_company

LEADS = 12_000
OBSERVABLE, STATE = "observable_probability", "state"
EXACT, TOLD, TOLD_STATE = "exact_observable", "told_observable", "told_state"
MOMENTS = ("created", "age_14", "age_30", "age_60", "end")
READING = (
    "At creation the told model is a logistic regression on the log-odds of the exact probability given all that"
    " the tables can tell of the lead then (its row, its answers, its visits before), fitted on the leads that leadgauge"
    " learned from: the features could not be truer, and only the level is learned. The exact probability itself, which"
    ' has learned nothing and so errs by what nobody can see alone, stands beside it. That is the fair reading of "a model'
    ' told the true features": told the hidden fit and the hidden state of intent as well, it would know what no column'
    " holds, and the ratio would measure the simulation. At later ages no exact probability is known; the told model"
    " there is LightGBM with early stopping on our features and the hidden state of intent, a bound that needs a"
    " look into the lead. Its ratios are shown for what they are."
)


def judge_simulated(folder: Path, how: How, *, now: datetime, leads: int = LEADS) -> dict[str, Any]:
    """Return the mean absolute error against the true probability, of leadgauge, its peers and the told models.

    All learn from what was known at the last origin; judged are all moments of ``company.truth`` from then on.
    """
    how.say(f"simulating a company of {leads} leads")
    company = simulate(leads, seed=how.seed)
    project = load_project(write_company(company, folder / "company"))
    tables = folder / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    read = read_tables(project, folder / "company", tables, now=now)
    rows = dated_rows(read, project, folder)
    told = truth_rows(company, read, project, rows.catalogue, folder / "truth.parquet")
    origin = last_origin(rows, how)
    after = told[told["as_of"] >= origin.start].reset_index(drop=True)
    how.say(f"origin {origin.start:%Y-%m-%d}, {len(after)} true probabilities after it")
    spoken = _published(rows, origin, after, how)
    spoken |= _peers(rows, origin, after, how)
    spoken[EXACT] = after[OBSERVABLE].to_numpy(dtype=np.float64)
    spoken[TOLD] = _told_observable(rows, origin, told, after)
    spoken[TOLD_STATE] = _told_state(rows, origin, told, after, how)
    return {
        "leads": leads,
        "origin": str(origin.start),
        "reading": READING,
        "moments": [_moment(after, spoken, name, how.seed) for name in MOMENTS],
    }


def truth_rows(
    company: Company, read: TableSet, project: Project, catalogue: Catalogue, path: Path
) -> pd.DataFrame:
    """Return the features of each lead at each moment whose true probability is known, with that probability."""
    leads = pd.read_parquet(read.path("leads"))[["lead_id", "created_at", "account_id"]]
    truth = company.truth.rename(columns=lambda name: name.lower().replace(" ", "_"))
    truth = truth.astype({"as_of": "datetime64[us]"}).merge(leads, on="lead_id")
    account = "account:" + truth["account_id"]
    truth = truth.assign(
        group_id=account.where(truth["account_id"].notna(), "lead:" + truth["lead_id"]),
        age_days=(truth["as_of"] - truth["created_at"]).dt.total_seconds() / 86_400,
        label=truth["won"].astype("int8"),
        weight=1.0,
    )
    own = ["lead_id", "as_of", "created_at", "age_days", "group_id", "label", "weight"]
    moments = path.with_name("moments.parquet")
    truth[own].drop_duplicates(own[:2]).to_parquet(moments, index=False)
    connection = open_tables(read, project.limits.memory_gb)
    try:
        snapshots = connection.read_parquet(moments, table_name="moments")
        connection.to_parquet(assemble(canonical(connection, read), snapshots, catalogue), path)
    finally:
        connection.disconnect()
    known = ["lead_id", "as_of", "moment", STATE, "true_probability", OBSERVABLE]
    return feature_frame(path, catalogue).merge(truth[known], on=["lead_id", "as_of"])


def _published(rows: DatedRows, origin: Origin, after: pd.DataFrame, how: How) -> dict[str, Floats]:
    """Return what leadgauge would have published at each moment; the mornings' outcomes are known to it as they mature."""
    trained = train_on(rows, origin, how)
    told = as_published(trained.bundle, after, rows.gap_days, known=origin.later)
    how.say(f"  {OURS}: {trained.bundle.step}")
    return {OURS: told}


def _peers(rows: DatedRows, origin: Origin, after: pd.DataFrame, how: How) -> dict[str, Floats]:
    task = Task(origin.learned, after, rows.catalogue, threads=how.threads, seed=how.seed)
    with threadpool_limits(how.threads):
        return {name: PEERS[name](task) for name in how.peers if name in PEERS}


def _known(rows: DatedRows, origin: Origin, told: pd.DataFrame) -> pd.DataFrame:
    """Return the moments whose outcome was known at the origin."""
    return told[told["as_of"] + pd.Timedelta(days=rows.gap_days) <= origin.start]


def _told_observable(
    rows: DatedRows, origin: Origin, told: pd.DataFrame, after: pd.DataFrame
) -> Floats:
    known = _known(rows, origin, told)
    known = known[known[OBSERVABLE].notna()]
    label = known["label"].to_numpy(dtype=np.float64)
    slope, intercept = recalibration(label, known[OBSERVABLE].to_numpy(dtype=np.float64))
    margin = logit(after[OBSERVABLE].to_numpy(dtype=np.float64))
    return expit((slope or 1.0) * margin + (intercept or 0.0))


def _told_state(
    rows: DatedRows, origin: Origin, told: pd.DataFrame, after: pd.DataFrame, how: How
) -> Floats:
    """Fit on all moments of truth whose outcome was known, with the hidden state as one more feature."""
    source = next(feature for feature in rows.catalogue.features if feature.type == "category")
    hidden = source.model_copy(update={"name": STATE})
    catalogue = rows.catalogue.model_copy(update={"features": [*rows.catalogue.features, hidden]})
    known = _known(rows, origin, told)
    task = Task(known, after, catalogue, threads=how.threads, seed=how.seed)
    return PEERS["lightgbm_early"](task)


def _moment(after: pd.DataFrame, spoken: dict[str, Floats], name: str, seed: int) -> dict[str, Any]:
    """Return the errors at one moment, and how many times the told model's they are, with 95 % intervals."""
    rows = after[after["moment"] == name]
    truth = rows["true_probability"].to_numpy(dtype=np.float64)
    said = {model: values[rows.index] for model, values in spoken.items()}
    said = {model: values for model, values in said.items() if not np.isnan(values).any()}
    if rows.empty:
        return {"moment": name, "rows": 0, "told": None, "models": {}}
    told = TOLD if TOLD in said else TOLD_STATE
    errors = np.column_stack([np.abs(values - truth) for values in said.values()])
    means = drawn_means(errors, rows["group_id"].to_numpy(), seed=seed)
    at = list(said).index(told)
    low, high = np.quantile(means / means[:, [at]], [0.025, 0.975], axis=0)
    return {
        "moment": name,
        "rows": len(rows),
        "mean_true_probability": float(truth.mean()),
        "told": told,
        "models": {
            model: {
                "mean_absolute_error": float(errors[:, place].mean()),
                "ratio": float(errors[:, place].mean() / errors[:, at].mean()),
                "low": float(low[place]),
                "high": float(high[place]),
                "mean_probability": float(said[model].mean()),
            }
            for place, model in enumerate(said)
        },
    }
