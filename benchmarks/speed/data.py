"""A company as large as one likes, as Parquet exports: what the night is measured on.

``python -m benchmarks.speed.data FOLDER --leads 1000000`` writes a night and, beside it, a small
past of the same company, so that a model is trained in little time:

    leadgauge train FOLDER/project.yaml --data FOLDER/train
    leadgauge score FOLDER/project.yaml

It is made for its size, not for its likeness: intent moves sources, activity and closing, and whether
the product fits the buyer's size moves closing alone, no more.
``simulation/`` has the company whose numbers mean something.
"""

import argparse
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.speed.project_file import PROJECT

Ints = NDArray[np.int64]
Texts = NDArray[np.str_]

CHUNK = 50_000  # leads that are drawn at a time: memory does not grow with the leads
DAY = 86_400
CUTOFF = int(np.datetime64("2026-03-02T05:00:00", "s").astype(np.int64))
PAST_DAYS = 730
OPEN_DAYS = 180  # no open lead is older
TRAIN_OPEN = 3_000  # of the open leads, in the training folder as well
LEADS_PER_OWNER = 75
CLOSED_PER_OPEN = 50  # one lead that closed lately for so many open ones

SOURCES = ["Website", "Webinar", "Trade show", "Referral", "Paid search", "Partner", "Bought list"]
COUNTRIES = ["DE", "FR", "GB", "US", "NL", "ES", "IT", "PL", "SE", "AT", "CH", "DK"]
INDUSTRIES = ["Software", "Retail", "Health", "Banking", "Energy", "Logistics", "Public", "Media"]
PRODUCTS = ["Basic", "Plus", "Enterprise"]
KINDS = [
    *("page_view", "product_page", "pricing_page", "docs", "blog", "mail_opened"),
    *("mail_clicked", "form_submitted", "webinar_attended", "call", "meeting", "demo_request"),
]
KIND_SHARES = [0.28, 0.13, 0.07, 0.08, 0.08, 0.15, 0.07, 0.04, 0.03, 0.04, 0.02, 0.01]
WARM = [
    0.0,
    0.3,
    1.0,
    0.2,
    0.0,
    0.1,
    0.5,
    0.6,
    0.5,
    0.3,
    0.9,
    1.3,
]  # log-odds by which intent moves a kind
_ALPHABET = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"))


@dataclass(frozen=True)
class Made:
    """Where the company lies, and how many rows there are of what."""

    project_file: Path
    train: Path
    leads: int
    open_leads: int
    events: int


@dataclass
class _Writer:
    """The files of one folder, each opened when its first rows come."""

    folder: Path
    open: dict[str, Any] = field(default_factory=dict[str, Any])

    def add(self, name: str, columns: dict[str, Any]) -> None:
        table = pa.table(columns)
        if name not in self.open:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            self.open[name] = pq.ParquetWriter(path, table.schema, compression="snappy")
        self.open[name].write_table(table)

    def close(self) -> None:
        for writer in self.open.values():
            writer.close()


@dataclass(frozen=True)
class _Chunk:
    """Leads drawn together: ``number`` in the order of creation of nobody, ``-1`` for no end."""

    number: Ints
    created: Ints
    closed: Ints
    won: NDArray[np.bool_]
    warmth: NDArray[np.float64]
    size: NDArray[np.float64]
    product: Ints


def make(
    folder: Path, leads: int, events_per_lead: float = 20, seed: int = 7, past: int = 12_000
) -> Made:
    """Write ``project.yaml``, ``leads``, ``outcomes`` and ``accounts.parquet``, and ``events/<month>.parquet``.

    Args:
        folder: is emptied first. ``folder/train`` holds the past and a few open leads, in the same schema.
        leads: how many are open at the end of the data, 2026-03-02 05:00 UTC.
        events_per_lead: in the mean.
        seed: of all random numbers.
        past: leads of the two years before that have ended, but for the youngest.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "project.yaml").write_text(PROJECT, encoding="utf-8")
    night, train = _Writer(folder), _Writer(folder / "train")
    counts = {"leads": 0, "open": 0, "events": 0}
    for chunk in _chunks(leads, past, seed):
        random = np.random.default_rng([seed, 1, int(chunk.number[0])])
        rows = _leads(chunk, past, random)
        ends = _outcomes(chunk, random)
        events = _events(chunk, events_per_lead, random)
        known = chunk.number < past + TRAIN_OPEN
        for writer, mine in ((night, np.ones(len(known), dtype=bool)), (train, known)):
            if mine.any():
                _write(writer, chunk, rows, ends, events, mine)
        counts["leads"] += len(chunk.number)
        counts["open"] += int((chunk.closed < 0).sum())
        counts["events"] += len(events["lead"])
    accounts = _accounts((leads + past) // 3 + 1, np.random.default_rng([seed, 2]))
    for writer in (night, train):
        writer.add("accounts.parquet", accounts)
        writer.close()
    return Made(
        folder / "project.yaml", folder / "train", counts["leads"], counts["open"], counts["events"]
    )


def _chunks(leads: int, past: int, seed: int) -> Iterator[_Chunk]:
    """Yield the past first, then the open leads with those that closed lately among them."""
    total = past + leads + leads // CLOSED_PER_OPEN
    for first in range(0, total, CHUNK):
        random = np.random.default_rng([seed, 0, first])
        number = np.arange(first, min(first + CHUNK, total))
        old, size = number < past, len(number)
        young = np.minimum(random.exponential(60, size), OPEN_DAYS - 1) + random.random(size)
        age = np.where(old, random.random(size) * PAST_DAYS, young)
        created = CUTOFF - 1 - (age * DAY).astype(np.int64)
        warmth = random.normal(size=size)
        life = 1 + (random.exponential(25, size) * DAY).astype(np.int64)
        ends = old | (number >= past + leads)
        life = np.where(old, life, np.minimum(life, (age * DAY * 0.9).astype(np.int64) + 1))
        closed = np.where(ends & (created + life < CUTOFF), created + life, -1)
        scale, product = random.normal(size=size), random.integers(0, len(PRODUCTS), size)
        # Which product fits hangs on how large the buyer is: a matter for trees, that no regression sees.
        fits = 1.6 * np.tanh(1.5 * scale) * (product - 1)
        won = random.random(size) < 1 / (1 + np.exp(2.1 - 1.0 * warmth - fits))
        yield _Chunk(number, created, closed, won, warmth, scale, product)


def _leads(chunk: _Chunk, past: int, random: np.random.Generator) -> dict[str, Any]:
    size = len(chunk.number)
    lean = np.clip(chunk.warmth * 0.9 + random.normal(size=size) * 1.6 + 3, 0, 6).astype(np.int64)
    account = random.integers(0, 1 << 40, size) % (chunk.number.max() // 3 + 1)
    # As many open leads for each owner at any size; those of the training folder are all there.
    recent = (chunk.number - past) // LEADS_PER_OWNER
    owner = np.where(recent >= 0, recent, random.integers(0, TRAIN_OPEN // LEADS_PER_OWNER, size))
    return {
        "Lead ID": pa.array(_ids("00Q", chunk.number)),
        "Created Date": _times(chunk.created),
        "Account": pa.array(_ids("001", account), mask=random.random(size) < 0.3),
        "Owner": pa.array(np.char.mod("owner %05d", owner)),
        "Source": _picked(np.array(SOURCES), lean),
        "Campaign": _picked(
            np.char.mod("Campaign %02d", np.arange(40)), random.integers(0, 40, size)
        ),
        "Country": _picked(np.array(COUNTRIES), (random.random(size) ** 2 * 12).astype(np.int64)),
        "Employees": pa.array(
            np.round(np.exp(4 + 0.3 * chunk.warmth + 1.4 * chunk.size)),
            mask=random.random(size) < 0.2,
        ),
        "Budget": pa.array(
            np.round(np.exp(random.normal(9, 1, size)), 2), mask=random.random(size) < 0.5
        ),
        "Product": _picked(np.array(PRODUCTS), chunk.product),
    }


def _outcomes(chunk: _Chunk, random: np.random.Generator) -> dict[str, Any]:
    ended = np.flatnonzero(chunk.closed >= 0)
    won = chunk.won[ended]
    return {
        "lead": ended,
        "Lead ID": _ids("00Q", chunk.number[ended]),
        "Stage": np.where(won, "Closed Won", "Closed Lost"),
        "Close Date": chunk.closed[ended],
        "Amount": np.where(won, np.round(np.exp(random.normal(9, 0.8, len(ended))), 2), np.nan),
    }


def _events(chunk: _Chunk, per_lead: float, random: np.random.Generator) -> dict[str, Any]:
    """Draw events from five days before the creation to the end, in the order of time."""
    pace = per_lead * random.gamma(2.0, 0.5, len(chunk.number)) * np.exp(0.35 * chunk.warmth - 0.06)
    lead = np.repeat(np.arange(len(pace)), random.poisson(pace))
    begin = chunk.created[lead] - 5 * DAY
    end = np.where(chunk.closed[lead] >= 0, chunk.closed[lead], CUTOFF)
    share = random.random(len(lead)) ** (1.0 + 0.4 / (1 + np.exp(chunk.warmth[lead])))
    at = begin + (share * (end - begin)).astype(np.int64)
    order = np.argsort(at, kind="stable")
    lead, at = lead[order], at[order]
    odds = np.array(KIND_SHARES) * np.exp(
        np.outer(np.array([-1.0, 0.0, 1.0]), np.array(WARM))
    )  # of the cold, the middling and the warm
    edges = np.cumsum(odds / odds.sum(axis=1, keepdims=True), axis=1)
    third = np.digitize(chunk.warmth, [-0.5, 0.5])[lead]
    drawn = random.random(len(lead))
    kind = np.zeros(len(lead), dtype=np.int64)
    for edge in range(len(KINDS) - 1):
        kind += drawn > edges[third, edge]
    minutes = np.where(kind >= KINDS.index("call"), random.integers(5, 60, len(lead)), -1)
    return {"lead": lead, "at": at, "kind": kind, "minutes": minutes}


def _write(
    writer: _Writer,
    chunk: _Chunk,
    rows: dict[str, Any],
    ends: dict[str, Any],
    events: dict[str, Any],
    mine: NDArray[np.bool_],
) -> None:
    writer.add("leads.parquet", {name: values.filter(mine) for name, values in rows.items()})
    kept = mine[ends["lead"]]
    writer.add(
        "outcomes.parquet",
        {
            "Lead ID": ends["Lead ID"][kept],
            "Stage": ends["Stage"][kept],
            "Close Date": _times(ends["Close Date"][kept]),
            "Amount": pa.array(ends["Amount"][kept], from_pandas=True),
        },
    )
    ids, kinds = pa.array(_ids("00Q", chunk.number)), np.array(KINDS)
    month = events["at"].astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    chosen = mine[events["lead"]]
    for one in np.unique(month[chosen]):
        at = np.flatnonzero(chosen & (month == one))
        minutes = events["minutes"][at]
        writer.add(
            f"events/{np.datetime64(int(one), 'M')}.parquet",
            {
                "Lead ID": ids.take(pa.array(events["lead"][at])),
                "Activity": _picked(kinds, events["kind"][at]),
                "Activity Date": _times(events["at"][at]),
                "Minutes": pa.array(minutes.astype(np.float64), mask=minutes < 0),
            },
        )


def _accounts(size: int, random: np.random.Generator) -> dict[str, Any]:
    return {
        "Account": pa.array(_ids("001", np.arange(size))),
        "Industry": _picked(np.array(INDUSTRIES), random.integers(0, len(INDUSTRIES), size)),
        "Revenue": pa.array(
            np.round(np.exp(random.normal(14, 2, size))), mask=random.random(size) < 0.25
        ),
    }


def _ids(prefix: str, number: Ints) -> Texts:
    """Return ids of 18 characters as a CRM gives them, in no order that a number has."""
    mixed = (number.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(4)
    letters = np.empty((len(number), 18), dtype="U1")
    letters[:, :3] = list(prefix)
    letters[:, 3:8] = list("5g000")
    for place in range(17, 7, -1):
        letters[:, place] = _ALPHABET[(mixed % np.uint64(62)).astype(np.int64)]
        mixed //= np.uint64(62)
    return np.ascontiguousarray(letters).view("U18").reshape(-1)


def _picked(levels: Texts, position: Ints) -> Any:  # noqa: ANN401  pyarrow's arrays have no types
    return pa.array(levels).take(pa.array(position))


def _times(seconds: Ints) -> Any:  # noqa: ANN401
    return pa.array(seconds.astype("datetime64[s]").astype("datetime64[us]"))


def main() -> None:
    """Make a company from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--leads", type=int, default=250_000)
    parser.add_argument("--events-per-lead", type=float, default=20)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    print(make(given.folder, given.leads, given.events_per_lead, given.seed))


if __name__ == "__main__":
    main()
