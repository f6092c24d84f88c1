"""What real exports hold: rows that repeat, contradict, point at nobody, or cannot be read.

Rows are added, never spoiled: without the added ones the tables are as they were, but for
stray spaces around some values.
"""

import numpy as np
import pandas as pd

from simulation.arrays import Texts
from simulation.names import record_ids
from simulation.scenario import Scenario

Tables = dict[str, pd.DataFrame]

_NO_TIMES = ("31.02.2025 10:00:00", "n/a", "0000-00-00")
_FUTURE = {"iso": "2099-01-01T00:00:00Z", "local": "01.01.2099 00:00:00"}
_LONG_AGO = "05.01.2015 09:30:00"
# At most this share of a table's rows for each kind of dirt; with five kinds at most, below 1 %.
_SHARE = 0.0008
_TOO_FEW = 800  # rows of a table of which one would be too much
_EVENT_TABLES = ("web_events", "mail_events", "sales_activities")
_SPACED = ("Country", "Company")


def soil(texts: Tables, scenario: Scenario) -> tuple[Tables, dict[str, list[str]]]:
    """Return the tables with dirt added, and the ragged lines of each table's file.

    Tables of under 800 rows stay clean.
    """
    random = scenario.random("dirt")
    unborn = record_ids("00Q", len(texts["leads"]), shift=10_000_000)
    nobody = record_ids("00Q", len(texts["leads"]), shift=30_000_000)
    added = {
        "leads": _leads(texts["leads"], unborn, random),
        "opportunities": _opportunities(texts, nobody, random),
        "accounts": [_some(texts["accounts"], random)] if "accounts" in texts else [],
        "spend": [_some(texts["spend"], random).assign(**{"Amount EUR": "tbd"})],
        "lead_history": _history(texts["lead_history"], nobody, random),
    }
    added |= {name: _events(texts[name], nobody, random) for name in _EVENT_TABLES}
    soiled = {name: _mixed(rows, added.get(name, []), random) for name, rows in texts.items()}
    soiled["leads"] = _spaced(soiled["leads"], random)
    return soiled, {"web_events": _ragged(texts["web_events"])}


def _count(rows: pd.DataFrame) -> int:
    return 0 if len(rows) < _TOO_FEW else max(1, int(len(rows) * _SHARE))


def _some(rows: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    return rows.iloc[random.integers(0, max(len(rows), 1), _count(rows))].copy()


def _as(rows: pd.DataFrame, **values: str | Texts) -> pd.DataFrame:
    """Return the rows with other values; a name's underscores stand for spaces."""
    return rows.assign(**{name.replace("_", " "): value for name, value in values.items()})


def _no_times(count: int) -> Texts:
    return np.resize(np.array(_NO_TIMES, dtype=object), count)


def _leads(leads: pd.DataFrame, unborn: Texts, random: np.random.Generator) -> list[pd.DataFrame]:
    """Leads twice, alike and with another owner; created never, or in the future."""
    twice, differing, never, future = (_some(leads, random) for _ in range(4))
    return [
        twice,
        _as(differing, Lead_Owner="Unassigned"),
        _as(never, Lead_ID=unborn[: len(never)], Created_Date=_no_times(len(never))),
        _as(future, Lead_ID=unborn[len(never) :][: len(future)], Created_Date=_FUTURE["iso"]),
    ]


def _opportunities(texts: Tables, nobody: Texts, random: np.random.Generator) -> list[pd.DataFrame]:
    """Outcomes of nobody; of open leads won before they were created, never, or in the future."""
    closed = texts["opportunities"]
    lead = texts["leads"]["Lead ID"]
    still_open = random.permutation(lead[~lead.isin(closed["Lead ID"])].to_numpy(dtype=object))
    parts = [_some(closed, random)]
    parts[0]["Lead ID"] = nobody[: len(parts[0])]
    won = closed[closed["Stage"] == "Closed Won"]
    times = (
        np.array([_LONG_AGO] * 3, dtype=object),
        np.array(_NO_TIMES),
        np.array([_FUTURE["local"]] * 3),
    )
    if not len(won) or not _count(closed):
        return parts
    for part, close in zip(
        np.array_split(still_open[: min(9, 3 * _count(closed))], 3), times, strict=True
    ):
        rows = won.iloc[random.integers(0, len(won), len(part))]
        parts.append(_as(rows, Lead_ID=part, Close_Date=close[: len(part)]))
    ids = record_ids("006", sum(map(len, parts)), shift=20_000_000)
    return [_as(pd.concat(parts), Opportunity_ID=ids)]


def _events(events: pd.DataFrame, nobody: Texts, random: np.random.Generator) -> list[pd.DataFrame]:
    """Events of nobody, at no time, and in the future."""
    unknown, never, future = (_some(events, random) for _ in range(3))
    return [
        _as(unknown, Lead_ID=random.choice(nobody, len(unknown))),
        _as(never, Activity_Date=_no_times(len(never))),
        _as(future, Activity_Date=_FUTURE["iso"]),
    ]


def _history(
    history: pd.DataFrame, nobody: Texts, random: np.random.Generator
) -> list[pd.DataFrame]:
    unknown, never = _some(history, random), _some(history, random)
    return [
        _as(unknown, Lead_ID=random.choice(nobody, len(unknown))),
        _as(never, Edit_Date=_no_times(len(never))),
    ]


def _mixed(
    rows: pd.DataFrame, added: list[pd.DataFrame], random: np.random.Generator
) -> pd.DataFrame:
    """Return the rows with the added ones somewhere among them, the others in their order."""
    extra = pd.concat(added) if added else rows.iloc[:0]
    if extra.empty:
        return rows
    place = np.concatenate([np.arange(len(rows)), random.integers(0, len(rows), len(extra)) + 0.5])
    return pd.concat([rows, extra]).iloc[np.argsort(place, kind="stable")].reset_index(drop=True)


def _spaced(leads: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Return the leads with stray spaces around some values."""
    spaced = leads.copy()
    for column in _SPACED:
        rows = random.permutation(len(leads))[: _count(leads)]
        spaced.loc[rows, column] = "  " + spaced.loc[rows, column] + " "
    return spaced


def _ragged(events: pd.DataFrame) -> list[str]:
    """Return a line with a value too many and one that breaks off."""
    if not _count(events):
        return []
    lead, activity, when = events.iloc[0]
    return [f"{lead},{activity},{when},mobile", f"{lead},{activity}"]
