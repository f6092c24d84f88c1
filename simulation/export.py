"""Writing the company down: CSV files such as a CRM exports, their project file, and the truth beside them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from simulation.arrays import Texts
from simulation.company import Company
from simulation.dirt import soil
from simulation.project_file import project_file

FILES = (
    "leads",
    "opportunities",
    "web_events",
    "mail_events",
    "sales_activities",
    "accounts",
    "lead_history",
    "spend",
    "suppression",
)
# What a Salesforce export writes where nobody picked a value.
NOT_PICKED = "-- None --"
PICKLISTS = ("Industry", "Department", "Budget", "Decision Role", "Need", "Timeframe", "Consent")
_LOCAL_TIME = "Europe/Berlin"


def write_company(company: Company, folder: Path, *, dirty: bool = True) -> Path:
    """Write a company's tables as CSV and return the path of its project file, ``demo.yaml``.

    Times are ISO 8601 in UTC; those of opportunities.csv are local (Europe/Berlin, day first).
    The truth goes to ``folder/truth/truth.csv``, which no source of the project file points at.
    The same company gives the same bytes.

    Args:
        company: what to write.
        folder: where to; made if missing, files of the same name are overwritten.
        dirty: also write what real exports hold: repeated leads, events of nobody, times that are
            none (below 1 % of the rows of each table), and ``-- None --`` for missing picklist values.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        name: as_text(getattr(company, name), local=name == "opportunities")
        for name in FILES
        if name != "accounts" or company.scenario.accounts
    }
    ragged: dict[str, list[str]] = {}
    if dirty:
        picked = texts["leads"][list(PICKLISTS)]
        texts["leads"][list(PICKLISTS)] = picked.where(picked != "", NOT_PICKED)
        texts, ragged = soil(texts, company.scenario)
    for name, rows in texts.items():
        _write(rows, folder / f"{name}.csv", ragged.get(name, []))
    (folder / "truth").mkdir(exist_ok=True)
    _write(as_text(company.truth, decimals=9), folder / "truth" / "truth.csv", [])
    path = folder / "demo.yaml"
    path.write_text(project_file(company.scenario), encoding="utf-8", newline="\n")
    return path


def as_text(frame: pd.DataFrame, *, local: bool = False, decimals: int = 2) -> pd.DataFrame:
    """Return every value as the text that stands in a file, missing ones as empty text."""
    return pd.DataFrame({name: _text(frame[name], local, decimals) for name in frame})


def _text(values: pd.Series, local: bool, decimals: int) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        return pd.Series(_time_text(values, local), index=values.index, dtype="str")
    if pd.api.types.is_bool_dtype(values):
        return values.map({True: "true", False: "false"}).astype("str")
    if pd.api.types.is_float_dtype(values):
        decimals = 0 if bool((values.dropna() % 1 == 0).all()) else decimals
        return (
            values.map(lambda number: f"{number:.{decimals}f}", na_action="ignore")
            .astype("str")
            .fillna("")
        )
    return values.astype("str").fillna("")


def _time_text(values: pd.Series, local: bool) -> Texts:
    """Return times as ISO 8601 in UTC, as dates if they are months, or as local times, day first."""
    if local:
        there = values.dt.tz_localize("UTC").dt.tz_convert(_LOCAL_TIME)
        return np.asarray(there.dt.strftime("%d.%m.%Y %H:%M:%S"), dtype=object)
    if values.name == "Month":
        return np.datetime_as_string(values.to_numpy().astype("datetime64[D]"))
    return np.char.add(np.datetime_as_string(values.to_numpy().astype("datetime64[s]")), "Z")


def _write(texts: pd.DataFrame, path: Path, ragged: list[str]) -> None:
    """Write texts as CSV, quoted where needed, with the ragged lines in the middle."""
    header = ",".join(texts.columns)
    lines = pc.binary_join_element_wise(*[_quoted(texts[name]) for name in texts], ",").to_pylist()
    middle = len(lines) // 2
    text = "\n".join([header, *lines[:middle], *ragged, *lines[middle:], ""])
    path.write_text(text, encoding="utf-8", newline="\n")


def _quoted(values: pd.Series) -> pa.Array:
    column = pa.array(values, type=pa.string(), from_pandas=True)
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    special = pc.match_substring_regex(column, r'[",\r\n]')
    if not pc.any(special).as_py():
        return column
    doubled = pc.replace_substring(column, '"', '""')
    return pc.if_else(special, pc.binary_join_element_wise('"', doubled, '"', ""), column)
