"""Counting feature rows into bins by age: what the watch keeps of a night, batch by batch."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.encoding import unseen
from models.scorer import Floats, Spec

MOST_BINS = 8
MOST_LEVELS = 15
OUTER = (0.005, 0.995)
AGE_EDGES = (1, 7, 30, 90, 180, 365, 730)
Places = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]


def bands(age_days: npt.ArrayLike, edges: Sequence[float]) -> Places:
    """Return the age band of each row: 0 below the first edge."""
    return np.asarray(
        np.searchsorted(np.asarray(edges, dtype=np.float64), np.asarray(age_days), side="right"),
        dtype=np.intp,
    )


def number_column(name: str, values: Floats) -> Spec:
    """Return how a number is counted: up to eight bins of equal mass; ``low`` and ``high`` leave out one in a hundred."""
    known = values[np.isfinite(values)]
    edges, low, high = np.zeros(0), 0.0, 0.0
    if len(known):
        shares = np.linspace(0, 1, MOST_BINS + 1)[1:-1]
        edges = np.unique(np.quantile(known, shares, method="inverted_cdf"))
        edges = edges[edges > known.min()]
        low, high = outer(known)
    return {"name": name, "kind": "number", "edges": edges.tolist(), "low": low, "high": high}


def outer(known: Floats) -> tuple[float, float]:
    """Return between which values all but one in a hundred lie."""
    low, high = np.quantile(known, OUTER, method="inverted_cdf")
    return float(low), float(high)


def category_column(name: str, column: pd.Series) -> Spec:
    """Return how a category is counted: its commonest levels, and the rest together."""
    present = column[column.notna()].astype(str)
    counts = present.value_counts()
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))
    return {
        "name": name,
        "kind": "category",
        "levels": [str(level) for level, _ in ordered[:MOST_LEVELS]],
    }


def bin_count(column: Spec) -> int:
    """Return how many bins a column has, missing not among them."""
    return 1 + len(column["edges"] if column["kind"] == "number" else column["levels"])


def places(column: Spec, values: pd.Series) -> Places:
    """Return each row's bin, -1 where the value is missing."""
    if column["kind"] == "number":
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        numbers = np.where(np.isfinite(numbers), numbers, np.nan)
        found = np.searchsorted(np.asarray(column["edges"]), numbers, side="right")
        return np.where(np.isnan(numbers), -1, found).astype(np.intp)
    missing = values.isna().to_numpy(dtype=bool)
    codes = pd.Index(column["levels"], dtype=object).get_indexer(
        pd.Index(values.astype(object), dtype=object)
    )
    codes = np.where(codes < 0, len(column["levels"]), codes)
    return np.where(missing, -1, codes).astype(np.intp)


def strange(column: Spec, values: pd.Series, spec: Spec | None) -> Flags:
    """Return which rows hold what training never held: a new level; or hardly ever: a number beyond its usual range."""
    if column["kind"] == "number":
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        return np.asarray((numbers < column["low"]) | (numbers > column["high"]), dtype=np.bool_)
    return unseen(spec, values)[0] if spec else np.zeros(len(values), dtype=np.bool_)


@dataclass
class Tally:
    """One column of a night: rows by age band and bin, rows without a value, rows with something unseen.

    ``new``: the unseen levels with their rows. ``first`` and ``varied`` tell whether all rows hold one value,
    ``distinct`` (of shared columns) which values there are.
    """

    bins: Floats
    missing: Floats
    strange: int = 0
    new: dict[str, int] = field(default_factory=dict)
    first: Any = None
    varied: bool = False
    distinct: set[Any] = field(default_factory=set)

    @classmethod
    def empty(cls, band_count: int, bins: int) -> "Tally":
        """Return a tally of no rows."""
        return cls(np.zeros((band_count, bins)), np.zeros(band_count))

    @property
    def rows(self) -> int:
        """Rows counted."""
        return int(self.bins.sum() + self.missing.sum())

    @property
    def present(self) -> int:
        """Rows with a value."""
        return int(self.bins.sum())

    def add(self, column: Spec, values: pd.Series, band: Places, spec: Spec | None) -> None:
        """Count one batch."""
        where = places(column, values)
        bins, missing = counted(where, band, *self.bins.shape)
        self.bins += bins
        self.missing += missing
        odd = strange(column, values, spec)
        self.strange += int(odd.sum())
        if column["kind"] == "category" and odd.any():
            for level, rows in values[odd].astype(str).value_counts().items():
                self.new[str(level)] = self.new.get(str(level), 0) + int(rows)
        held = values[where >= 0]
        if column.get("shared"):
            self.distinct.update(held.unique().tolist())
        if len(held):
            if self.first is None:
                self.first = held.iloc[:1].tolist()[0]
            self.varied = self.varied or bool((held != self.first).any())

    def take(self, other: "Tally") -> None:
        """Add what another tally of the same column counted."""
        self.bins = self.bins + other.bins
        self.missing = self.missing + other.missing
        self.strange += other.strange
        for level, rows in other.new.items():
            self.new[level] = self.new.get(level, 0) + rows
        self.distinct |= other.distinct
        both = self.first is not None and other.first is not None
        self.varied = self.varied or other.varied or (both and bool(self.first != other.first))
        self.first = other.first if self.first is None else self.first

    def to_json(self) -> dict[str, Any]:
        """Return the tally as JSON values."""
        return {
            "bins": self.bins.tolist(),
            "missing": self.missing.tolist(),
            "strange": self.strange,
            "new": self.new,
            "first": self.first,
            "varied": self.varied,
            "distinct": sorted(self.distinct),
        }

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "Tally":
        """Return the tally that ``to_json`` told."""
        return cls(
            np.array(told["bins"]),
            np.array(told["missing"]),
            told["strange"],
            told["new"],
            told["first"],
            told["varied"],
            set(told["distinct"]),
        )


def counted(where: Places, band: Places, band_count: int, bins: int) -> tuple[Floats, Floats]:
    """Return rows by band and bin, and rows without a value by band."""
    there = where >= 0
    flat = np.bincount(band[there] * bins + where[there], minlength=band_count * bins)
    missing = np.bincount(band[~there], minlength=band_count)
    return flat.reshape(band_count, bins).astype(np.float64), missing.astype(np.float64)
