"""The training mornings in order: which are what is usual, and how far past ones lay from those before them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.bundle import Bundle
from models.drift import ONE_SIDED_95, compared, distance, independent, matched, pile
from models.scorer import Floats, Spec
from models.tally import AGE_EDGES, Flags, Places, bands, bin_count, counted, outer, places

SPAN_DAYS = 28.0  # at least so long is what tonight is held against
LEAST_MORNINGS = 4
LEAST_WORTH = 30.0  # independent leads of an age band
PAST_MORNINGS = 20  # held against those a horizon before them
LEAST_PAST = 3
LEAST_BEFORE = 2
MOVES = ("distance", "pile", "missing", "filled", "strange", "one")
Ints = npt.NDArray[np.int64]


def weekday(moment: Any, timezone: str) -> int:  # noqa: ANN401  a datetime or a Timestamp, naive UTC
    """Return the day of the week of a naive UTC moment in a zone, Monday 0."""
    return int(pd.Timestamp(moment).tz_localize("UTC").tz_convert(ZoneInfo(timezone)).weekday())


@dataclass(frozen=True)
class Mornings:
    """The mornings in order: which are what is usual, and which past ones are held against which."""

    period: Ints
    band: Places
    edges: list[float]
    group: Ints
    window: Flags
    past: list["Past"]
    lag_days: float
    gap_days: float
    weekdays: list[int] | None

    @classmethod
    def of(cls, mornings: pd.DataFrame, bundle: Bundle) -> "Mornings":
        """Order the rows of ``models.usual.reference`` by morning."""
        gap = float(bundle.model["horizon_days"])
        as_of = mornings["as_of"].to_numpy().astype("datetime64[s]")
        day = (as_of - as_of.max()).astype(np.float64) / 86_400
        flat = bool((mornings["age_days"] == 0).all())
        # A night of a flat export sees what came in since the last known outcome: one horizon.
        start = np.ceil(day / gap) * gap if flat else day
        moments, period = np.unique(start, return_inverse=True)
        group = pd.factorize(mornings["group_id"])[0].astype(np.int64)
        window = start > _first(moments, gap, LEAST_MORNINGS)
        edges = _edges(mornings["age_days"].to_numpy(dtype=np.float64), group, window)
        lag, pairs = _past(moments, gap)
        zone = bundle.catalogue.timezone
        return cls(
            period=period,
            band=bands(mornings["age_days"], edges),
            edges=edges,
            group=group,
            window=window,
            past=[
                Past.of(period, bands(mornings["age_days"], edges), group, len(edges) + 1, *pair)
                for pair in pairs
            ],
            lag_days=lag,
            gap_days=gap,
            weekdays=None
            if flat
            else sorted({weekday(moment, zone) for moment in np.unique(as_of[window])}),
        )

    def worth(self, rows: Flags) -> Floats:
        """Return how many independent leads each age band is worth."""
        return _worth(self.group, self.band, rows, len(self.edges) + 1)

    def means(self, values: Floats) -> list[float | None]:
        """Return the mean in each age band, None where there is no row."""
        found: list[float | None] = []
        for band in range(len(self.edges) + 1):
            inside = values[self.window & (self.band == band)]
            found.append(float(inside.mean()) if len(inside) else None)
        return found

    def told(self, column: Spec, values: pd.Series) -> Spec:
        """Return counts by age band and bin, and how far past mornings lay from those before them."""
        where, shape = places(column, values), (len(self.edges) + 1, bin_count(column))
        bins, missing = counted(where[self.window], self.band[self.window], *shape)
        read = _Read(column, where, self.band, shape, self._comparable(column, values))
        moved = [past.moved(read) for past in self.past]
        most = {name: max((one[name] for one in moved), default=0.0) for name in MOVES}
        most["distance"] *= max(1.0, self.gap_days / self.lag_days) if self.lag_days else 1.0
        distinct = len(np.unique(read.held[self.window & (where >= 0)]))
        return {
            "bins": bins.astype(int).tolist(),
            "missing": missing.astype(int).tolist(),
            "distinct": distinct if column.get("shared") else None,
            "moved": most,
        }

    def _comparable(self, column: Spec, values: pd.Series) -> Floats:
        """Return numbers as they are, and of a category the morning that first had each row's level."""
        if column["kind"] == "number":
            return values.to_numpy(dtype=np.float64, na_value=np.nan)
        codes = pd.factorize(values.astype(object), use_na_sentinel=True)[0]
        first = pd.Series(self.period).groupby(codes).transform("min").to_numpy(dtype=np.float64)
        return np.where(codes < 0, np.nan, first)


@dataclass(frozen=True)
class _Read:
    """One column over all mornings: bins, bands, and what ``Mornings._comparable`` made of its values."""

    column: Spec
    where: Places
    band: Places
    shape: tuple[int, int]
    held: Floats


@dataclass(frozen=True)
class Past:
    """A past morning, the mornings that it is held against, and all rows up to the last of these."""

    now: Flags
    before: Flags
    until: Flags
    last: int
    worth_now: float
    worth_before: Floats

    @classmethod
    def of(
        cls,
        period: Ints,
        band: Places,
        group: Ints,
        band_count: int,
        at: int,
        before: Sequence[int],
    ) -> "Past":
        """Take the morning ``at`` and those ``before`` it, by their places in order."""
        now, earlier = period == at, np.isin(period, before)
        return cls(
            now=now,
            before=earlier,
            until=period <= max(before),
            last=max(before),
            worth_now=independent(group[now]),
            worth_before=_worth(group, band, earlier, band_count),
        )

    def moved(self, read: _Read) -> dict[str, float]:
        """Return how far the morning lay from those before it, what luck explains taken off."""
        bins, missing = counted(read.where[self.now], read.band[self.now], *read.shape)
        past_bins, past_missing = counted(
            read.where[self.before], read.band[self.before], *read.shape
        )
        rows, past_rows = bins.sum(axis=1) + missing, past_bins.sum(axis=1) + past_missing
        usual, worth = matched(rows, past_missing, past_rows, self.worth_before)
        noise = usual * (1 - usual) * (1 / max(self.worth_now, 1.0) + 1 / max(worth, 1.0))
        more = float(missing.sum() / max(1, self.now.sum())) - usual
        luck = ONE_SIDED_95 * float(np.sqrt(noise))
        found, heap = self._apart(read, bins, past_bins)
        return {
            "distance": found,
            "pile": heap,
            "missing": max(0.0, more - luck),
            "filled": max(0.0, -more - luck),
            "strange": self._strange(read),
            "one": float(bins.sum(axis=0).max() / max(1.0, bins.sum())),
        }

    def _apart(self, read: _Read, bins: Floats, past_bins: Floats) -> tuple[float, float]:
        seen = compared(bins, past_bins, self.worth_before)
        if seen is None:
            return 0.0, 0.0
        now, before = self.worth_now, seen.worth
        if read.column.get("shared"):
            there = read.where >= 0
            now = min(now, float(len(np.unique(read.held[self.now & there]))))
            before = min(before, float(len(np.unique(read.held[self.before & there]))))
        rows = now * float(bins.sum() / max(1, self.now.sum()))
        found = distance(
            seen.observed,
            seen.expected,
            rows=rows,
            reference_rows=before,
            ordered=read.column["kind"] == "number",
        )
        heap = pile(seen.observed, seen.expected, rows=rows, reference_rows=before)
        return found.excess() if found else 0.0, heap

    def _strange(self, read: _Read) -> float:
        """Return the share of the morning's rows with what no earlier row held, or hardly any."""
        now = read.held[self.now]
        if read.column["kind"] == "category":
            return float((now > self.last).sum() / max(1, len(now)))
        known = read.held[self.until]
        known = known[np.isfinite(known)]
        if not len(known):
            return 0.0
        low, high = outer(known)
        return float(((now < low) | (now > high)).sum() / max(1, len(now)))


def _worth(group: Ints, band: Places, rows: Flags, band_count: int) -> Floats:
    return np.array([independent(group[rows & (band == number)]) for number in range(band_count)])


def _first(moments: Floats, gap: float, least: int) -> float:
    """Return the day after which mornings are taken together: those of the last horizon, of four weeks at least."""
    span = moments[-1] - max(gap, SPAN_DAYS)
    return float(min(span, moments[-min(least, len(moments))] - 1e-6))


def _edges(age: Floats, group: Ints, window: Flags) -> list[float]:
    """Return where age bands end, so that each is worth some leads."""
    edges: list[float] = []
    left = 0.0
    for right in AGE_EDGES:
        inside = window & (age >= left) & (age < right)
        rest = window & (age >= right)
        if independent(group[inside]) >= LEAST_WORTH and independent(group[rest]) >= LEAST_WORTH:
            edges.append(float(right))
            left = float(right)
    return edges


def _past(moments: Floats, gap: float) -> tuple[float, list[tuple[int, list[int]]]]:
    """Return the lag in days and the past mornings with those that each is held against.

    The lag is one horizon where the history is long enough; else as much as it has.
    """
    for lag in (gap, gap / 2, gap / 4, gap / 8):
        pairs: list[tuple[int, list[int]]] = []
        for at in range(len(moments) - 1, -1, -1):
            earlier = np.flatnonzero(moments <= moments[at] - lag + 1e-6)
            if len(earlier) >= LEAST_BEFORE:
                first = _first(moments[earlier], gap, LEAST_BEFORE)
                pairs.append((at, earlier[moments[earlier] > first].tolist()))
        if len(pairs) >= LEAST_PAST:
            step = max(1, len(pairs) // PAST_MORNINGS)
            return lag, pairs[::step][:PAST_MORNINGS]
    return 0.0, []
