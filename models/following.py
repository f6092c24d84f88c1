"""The intercept that follows the outcomes: a close rate that moves moves the probabilities with it.

A model learns from years and is asked about tomorrow. Between the two the market may have turned.
What it got wrong on the outcomes that became known since is the best witness of that, and one
number, a shift of all log-odds, is all that a few outcomes can teach. The shift is the state of a
local level model that is updated as outcomes mature (West, Harrison and Migon 1985, dynamic
generalised linear models; here with one Newton solution per moment in place of their approximation).
A shift adds to the base alone, so that reasons stay what they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.bundle import Bundle
from models.frames import evidence_of
from models.metrics import log_losses
from models.scorer import Floats, Spec, expit

SPEEDS = (None, 0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2)  # none at all is the first
DEFAULT_SPEED = (
    1e-4  # 0.05 log-odds a month, 0.2 a year: what the close rates of quiet companies move
)
PRIOR_VARIANCE = 0.25
PULL = 0.5  # log loss, in independent outcomes
MOST_MOMENTS = 1_000  # more are taken day by day
HOUR = np.timedelta64(1, "h")


@dataclass(frozen=True)
class History:
    """Rows whose outcome became known: what the shift is learned from, in any order.

    ``margin`` (rows,) is what the model said, ``label`` 0 or 1, ``as_of`` when it would have said it
    (naive UTC), ``evidence`` the independent outcomes that each row stands for.
    """

    margin: Floats
    label: Floats
    as_of: npt.NDArray[np.datetime64]
    evidence: Floats

    @classmethod
    def of(cls, margin: Floats, rows: pd.DataFrame, evidence: Floats) -> "History":
        """Take label and time from snapshots."""
        return cls(
            margin,
            rows["label"].to_numpy(dtype=np.float64),
            rows["as_of"].to_numpy(dtype="datetime64[us]"),
            evidence,
        )

    def __add__(self, other: "History") -> "History":
        return History(
            np.concatenate([self.margin, other.margin]),
            np.concatenate([self.label, other.label]),
            np.concatenate([self.as_of, other.as_of]),
            np.concatenate([self.evidence, other.evidence]),
        )


@dataclass(frozen=True)
class State:
    """What the shift is thought to be at a moment (days since 1970), and how sure that is."""

    shift: float
    variance: float
    day: float


START = State(0.0, PRIOR_VARIANCE, -np.inf)


def follow(
    history: History,
    moments: npt.NDArray[np.datetime64],
    *,
    gap_days: float,
    speed: float | None,
    start: State = START,
) -> tuple[Floats, State]:
    """Return the shift as it stood at each moment, and the state after the last of them.

    Args:
        history: rows with known outcomes; one counts from ``as_of`` + ``gap_days`` on.
        moments: when somebody asks, in any order.
        gap_days: how long a label takes to be known.
        speed: variance that the shift gains per day; 0 for a constant one, None for none at all.
        start: where to go on from; rows whose label was known by then are not read again.
    """
    if speed is None or not len(moments):
        return np.zeros(len(moments)), START
    shifts, states = _follow_each(history, moments, gap_days, np.array([speed]), start)
    return shifts[:, 0], states[0]


def _follow_each(
    history: History,
    moments: npt.NDArray[np.datetime64],
    gap_days: float,
    speeds: Floats,
    start: State,
) -> tuple[Floats, list[State]]:
    """Follow at several speeds in one pass: (moments, speeds), and the last state of each."""
    known = _days(history.as_of) + gap_days
    asked, fresh = _days(moments), np.flatnonzero(known > start.day)
    if len(np.unique(np.concatenate([asked, known]))) > MOST_MOMENTS:
        asked, known = np.floor(asked), np.ceil(known)
    fresh = fresh[np.argsort(known[fresh], kind="stable")]
    learned = known[fresh]
    ticks = np.unique(np.concatenate([asked, learned[learned <= asked.max()]]))
    ends = np.searchsorted(learned, ticks, side="right")
    shift, variance = np.full(len(speeds), start.shift), np.full(len(speeds), start.variance)
    day, shifts, taken = start.day, np.empty((len(ticks), len(speeds))), 0
    for number, (tick, end) in enumerate(zip(ticks, ends, strict=True)):
        if np.isfinite(day):  # the clock starts at the first outcome, whoever asks before
            variance = variance + speeds * max(tick - day, 0.0)
        if end > taken:
            shift, variance = _updated(history, fresh[taken:end], shift, variance)
            taken = int(end)
        if taken or np.isfinite(day):
            day = max(day, float(tick))
        shifts[number] = shift
    states = [State(float(s), float(v), day) for s, v in zip(shift, variance, strict=True)]
    return shifts[np.searchsorted(ticks, asked)], states


def _days(times: npt.NDArray[np.datetime64]) -> Floats:
    return np.asarray((times - np.datetime64(0, "us")) / HOUR / 24, dtype=np.float64)


def _updated(
    history: History, rows: npt.NDArray[np.intp], shift: Floats, variance: Floats
) -> tuple[Floats, Floats]:
    """Return mode and variance of the shift after some more outcomes (Laplace), at each speed."""
    margin, evidence = history.margin[rows][:, None], history.evidence[rows][:, None]
    label, before, curve = history.label[rows][:, None], shift, 1 / variance
    for _ in range(20):
        p = expit(margin + shift)
        slope = (evidence * (p - label)).sum(axis=0) + (shift - before) / variance
        curve = (evidence * p * (1 - p)).sum(axis=0) + 1 / variance
        step = np.clip(slope / curve, -1, 1)
        shift = shift - step
        if np.abs(step).max() < 1e-6:
            break
    return shift, 1 / curve


@dataclass(frozen=True)
class Trial:
    """One fold for the choice of a speed: what was known before it, and its own rows."""

    before: History
    test: History

    def shifts(self, speed: float | None, gap_days: float) -> Floats:
        """Return the shift at each test row, learned from all that was known by its own moment."""
        known = self.before + self.test
        return follow(known, self.test.as_of, gap_days=gap_days, speed=speed)[0]

    def losses(self, gap_days: float) -> Floats:
        """Return the log loss of the test rows at each of ``SPEEDS``, summed over independent outcomes."""
        paces = np.array([speed for speed in SPEEDS if speed is not None])
        known = self.before + self.test
        shifts, _ = _follow_each(known, self.test.as_of, gap_days, paces, START)
        shifts = np.column_stack([np.zeros(len(shifts)), shifts])
        said, label = self.test.margin[:, None] + shifts, self.test.label[:, None]
        losses = log_losses(label, expit(said)) * self.test.evidence[:, None]
        return np.asarray(losses.sum(axis=0), dtype=np.float64)


def choose_speed(trials: Sequence[Trial], gap_days: float) -> float | None:
    """Return the speed with the least log loss over the trials' test rows, pulled to the default, which it is without any.

    A few outcomes cannot tell a quick market from a quiet one: each step of ``SPEEDS`` away from the
    default has to save some log loss.
    """
    losses = [trial.losses(gap_days) for trial in trials if len(trial.test.label)]
    if not losses:
        return DEFAULT_SPEED
    away = np.abs(np.arange(len(SPEEDS)) - SPEEDS.index(DEFAULT_SPEED))
    return SPEEDS[int(np.argmin(np.round(np.sum(losses, axis=0) + PULL * away, 6)))]


def as_published(
    bundle: Bundle, rows: pd.DataFrame, gap_days: float, *, known: pd.DataFrame | None = None
) -> Floats:
    """Return the probability that a night at each row's own ``as_of`` would have published, (rows,).

    Args:
        bundle: the model.
        rows: snapshots with ``as_of``, the features and, where ``known`` is not given, ``label``.
        gap_days: how long a label takes to be known; the horizon.
        known: labelled snapshots whose outcomes the shift may learn from once they are known; without
            it the rows themselves. What the model learned from already is not read again.
    """
    raw = bundle.raw_margin(rows)
    shift = shifts_at(bundle, rows["as_of"].to_numpy(), gap_days, rows if known is None else known)
    return expit(bundle.calibrated(raw + shift))


def at_their_time(bundle: Bundle, rows: pd.DataFrame, raw: Floats, gap_days: float) -> Floats:
    """Return the probabilities of past rows with the level that their own time's outcomes told, (rows,).

    A model's intercept is that of its training's end, or of tonight; held against leads of two years ago it tells
    what the market became, and not what they were. Here the shift starts anew and follows the rows' own outcomes.

    Args:
        bundle: the model.
        rows: snapshots with ``as_of``, ``age_days`` and ``label``, NaN where the outcome is not known yet.
        raw: the bundle's ``raw_margin`` of them.
        gap_days: how long a label takes to be known; the horizon.
    """
    plain = raw - bundle.model["calibration"]["shift"]
    known = rows["label"].notna().to_numpy()
    if bundle.model["following"]["speed"] is None or not known.any():
        return expit(bundle.calibrated(raw))
    told = rows[known]
    history = History.of(plain[known], told, evidence_of(told, gap_days))
    moments = rows["as_of"].to_numpy(dtype="datetime64[us]")
    speed = bundle.model["following"]["speed"]
    shift, _ = follow(history, moments, gap_days=gap_days, speed=speed)
    return expit(bundle.calibrated(plain + shift))


def shifts_at(
    bundle: Bundle, moments: npt.NDArray[np.datetime64], gap_days: float, known: pd.DataFrame
) -> Floats:
    """Return what the intercept has moved by since the training at each moment, before calibration."""
    spec: Spec = bundle.model["following"]
    start = State(0.0, spec["variance"], spec["day"])
    late = known["as_of"].to_numpy(dtype="datetime64[us]")
    fresh = known[_days(late) + gap_days > start.day]
    if spec["speed"] is None or fresh.empty:
        return np.zeros(len(moments))
    learned_until = np.datetime64(0, "us") + np.timedelta64(
        round((start.day - gap_days) * 24 * 3_600_000_000), "us"
    )
    evidence = evidence_of(fresh, gap_days, after=learned_until)
    history = History.of(bundle.raw_margin(fresh), fresh, evidence)
    return follow(
        history,
        np.asarray(moments, dtype="datetime64[us]"),
        gap_days=gap_days,
        speed=spec["speed"],
        start=start,
    )[0]
