"""The simulated company, where the true probability is known: how far from it is what is published."""

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks.quality.curve import last_origin
from benchmarks.quality.judge import OURS, How, train_on
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
from models.following import as_published
from models.scorer import Floats
from pipelines.reading import feature_frame
from simulation.company import Company, simulate
from simulation.export import write_company

LEADS = 12_000
OBSERVABLE, STATE = "observable_probability", "state"
TOLD, TOLD_STATE = "told_observable", "told_state"
READING = (
    "At creation the told model is the exact probability given what the company's own tables can tell of"
    " the lead (its row, its answers, its visits before): everything that is not noise to anybody who cannot look"
    ' into the lead, learned from no data and so without error. That is the fair reading of "a model told'
    ' the true features": told the hidden fit and the hidden state of intent as well, it would know what no'
    " column holds, and the ratio would measure the simulation, not the model. At later ages no such exact"
    " probability is known; the told model there is LightGBM with early stopping on our features plus the hidden"
    " state of intent, a bound that nobody can reach without looking into the lead."
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
    spoken[TOLD] = after[OBSERVABLE].to_numpy(dtype=np.float64)
    spoken[TOLD_STATE] = _told_state(rows, origin, told, after, how)
    return {
        "leads": leads,
        "origin": str(origin.start),
        "reading": READING,
        "moments": [_moment(after, spoken, name) for name in after["moment"].unique()],
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
    connection = open_tables(read, project.limits.memory_gb)
    try:
        snapshots = connection.create_table("moments", truth[own].drop_duplicates(own[:2]))
        connection.to_parquet(assemble(canonical(connection, read), snapshots, catalogue), path)
    finally:
        connection.disconnect()
    known = ["lead_id", "as_of", "moment", STATE, "true_probability", OBSERVABLE]
    return feature_frame(path, catalogue).merge(truth[known], on=["lead_id", "as_of"])


def _published(rows: DatedRows, origin: Origin, after: pd.DataFrame, how: How) -> dict[str, Floats]:
    """Return what leadgauge would have published at each moment; the mornings' outcomes are known to it as they mature."""
    trained = train_on(rows, origin, how)
    columns = list(origin.later.columns)
    later = pd.concat([origin.later, after[columns]], ignore_index=True)
    told = as_published(trained.bundle, later, rows.gap_days)[len(origin.later) :]
    how.say(f"  {OURS}: {trained.bundle.step}")
    return {OURS: told}


def _peers(rows: DatedRows, origin: Origin, after: pd.DataFrame, how: How) -> dict[str, Floats]:
    task = Task(origin.learned, after, rows.catalogue, threads=how.threads, seed=how.seed)
    with threadpool_limits(how.threads):
        return {name: PEERS[name](task) for name in how.peers if name in PEERS}


def _told_state(
    rows: DatedRows, origin: Origin, told: pd.DataFrame, after: pd.DataFrame, how: How
) -> Floats:
    """Fit on moments of truth whose outcome was known at the origin, with the hidden state as one more feature."""
    known = told[told["as_of"] + pd.Timedelta(days=rows.gap_days) <= origin.start]
    source = next(f for f in rows.catalogue.features if f.type == "category")
    hidden = source.model_copy(update={"name": STATE})
    catalogue = rows.catalogue.model_copy(update={"features": [*rows.catalogue.features, hidden]})
    task = Task(known, after, catalogue, threads=how.threads, seed=how.seed)
    return PEERS["lightgbm_early"](task)


def _moment(after: pd.DataFrame, spoken: dict[str, Floats], name: str) -> dict[str, Any]:
    there = (after["moment"] == name).to_numpy(dtype=bool)
    truth = after.loc[there, "true_probability"].to_numpy(dtype=np.float64)
    errors = {
        model: float(np.abs(values[there] - truth).mean())
        for model, values in spoken.items()
        if not np.isnan(values[there]).any()
    }
    told = errors[TOLD] if TOLD in errors else errors[TOLD_STATE]
    return {
        "moment": name,
        "rows": int(there.sum()),
        "mean_true_probability": float(truth.mean()),
        "models": {
            model: {
                "mean_absolute_error": error,
                "ratio": error / told,
                "mean_probability": float(spoken[model][there].mean()),
            }
            for model, error in errors.items()
        },
    }
