"""What past nights promised: their probabilities whose horizon is over, beside what tonight's data say became of them."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from delivery.publication import SCORES, follow, nights, project_folder, read_manifest
from features.tables import TableSet
from models.cohorts import COLUMNS, cohorts, is_off, words
from models.watch import Finding
from pipelines.settings import Request

if TYPE_CHECKING:
    import pandas as pd

LOOKED_BACK = timedelta(days=366)


def realised_finding(
    request: Request, tables: TableSet, as_of: datetime
) -> tuple[Finding, list[dict[str, object]]]:
    """Return one finding about expected against realised wins, and the cohorts that it stands on.

    It warns and never stops: the promises are made, and what is wrong may lie with the model or with outcomes that
    are entered late. Either way tonight's order of the leads is no worse than yesterday's.
    """
    horizon = timedelta(days=request.project.label.horizon_days)
    over, waiting, broken = _nights(request, tables, as_of, horizon)
    note = {"unreadable": broken} if broken else {}
    if not over:
        first = min(waiting, default=None)
        said = (
            f"the first one, of {first:%Y-%m-%d}, is over on {first + horizon:%Y-%m-%d}"
            if first
            else "none was published before"
        )
        text = f"no published night is old enough to be held against what happened: {said}"
        return Finding("realised wins", "go on", text, details=note), []
    found, together = cohorts(_with_ends(tables, over, horizon))
    if together is None:
        text = "the leads of past nights are no longer in the data: nothing to hold them against"
        return Finding("realised wins", "go on", text, details=note), []
    text = words(together, found)
    off = is_off(together, found)
    if off:
        text = (
            f"realised wins: {text}. Check that wins are entered in time; if they are, "
            "the probabilities are off: train anew"
        )
    finding = Finding(
        "realised wins",
        "warn" if off else "go on",
        text,
        float(together.wins),
        float(together.low if together.wins < together.expected_wins else together.high),
        {"expected_wins": together.expected_wins, "chance": together.chance, **note},
    )
    return finding, [one.to_json() for one in found]


def _nights(
    request: Request, tables: TableSet, as_of: datetime, horizon: timedelta
) -> tuple["list[pd.DataFrame]", list[datetime], list[str]]:
    """Return the rows of the nights that are over, the nights that are not, and those that cannot be read.

    A lead's later nights of a month are left out while reading, so that memory does not grow with the nights.
    """
    import pandas as pd

    known_until = min(as_of, tables.data_cutoff)
    rows, waiting, broken = [], list[datetime](), list[str]()
    month, counted = "", set[str]()
    for night, pointer in nights(project_folder(request.home.root, request.project.project)):
        if night >= as_of or night + horizon < known_until - LOOKED_BACK:
            continue
        if night + horizon > known_until:
            waiting.append(night)
            continue
        if f"{night:%Y-%m}" != month:
            month, counted = f"{night:%Y-%m}", set()
        try:
            told = _published(pointer)
        except (OSError, ValueError) as error:
            broken.append(f"{night:%Y-%m-%d %H:%M}: {error}")
            continue
        fresh = told[~told["lead_id"].isin(counted)]
        counted.update(fresh["lead_id"])
        rows.append(fresh.assign(night=pd.Timestamp(night)))
    return rows, waiting, broken


def _published(pointer: Path) -> "pd.DataFrame":
    """Return lead, probability and model version of one night.

    Raises:
        OSError: its files are not there.
        ValueError: they are not what was published.
    """
    import pandas as pd

    folder = follow(pointer)
    if folder is None:
        raise ValueError("its folder is gone")
    version = read_manifest(folder).receipt.model_version
    told = pd.read_parquet(folder / SCORES, columns=["lead_id", "close_probability"])
    return told.assign(lead_id=told["lead_id"].astype(str), version=version)


def _with_ends(tables: TableSet, rows: "list[pd.DataFrame]", horizon: timedelta) -> "pd.DataFrame":
    """Return the rows of leads that are still in the data, with whether they were won within the horizon."""
    import pandas as pd

    leads = pd.read_parquet(tables.path("leads"), columns=["lead_id"])["lead_id"].astype(str)
    ends = pd.read_parquet(tables.path("outcomes"), columns=["lead_id", "won", "closed_at"])
    won = ends[ends["won"].fillna(value=False).astype(bool)]
    won = won.assign(lead_id=won["lead_id"].astype(str)).drop_duplicates("lead_id")
    held = pd.concat(rows, ignore_index=True)
    held = held[held["lead_id"].isin(set(leads))].merge(won, on="lead_id", how="left")
    closed = pd.to_datetime(held["closed_at"])
    # A flat export tells the end and not its time: the status is all there is to hold against.
    inside = ((closed >= held["night"]) & (closed < held["night"] + horizon)) | tables.flat
    held["won"] = held["won"].fillna(value=False).astype(bool) & inside
    return held[list(COLUMNS)]
