"""Tests forward in time: train on what was known, test on the mornings that came after."""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.errors import NotEnoughError
from models.enough import how_long
from models.scorer import Floats

Positions = npt.NDArray[np.intp]
EARLY_SHARE = 0.25


@dataclass(frozen=True)
class Fold:
    """One test forward in time.

    ``train`` are row positions of the ladder, all with ``as_of`` + gap at or before ``start``;
    ``test`` are row positions of the mornings from ``start`` through ``end``; no account is in both.
    ``weight`` has one factor per training row (see ``forward_folds``).
    """

    start: pd.Timestamp
    end: pd.Timestamp
    train: Positions
    weight: Floats
    test: Positions


def forward_folds(
    ladder: pd.DataFrame,
    mornings: pd.DataFrame,
    *,
    folds: int,
    gap_days: float,
    min_wins: int,
    seed: int,
) -> list[Fold]:
    """Cut the mornings into consecutive test blocks, each with the training rows whose labels were known by then.

    Boundaries fall half by time and half by wins, so that neither a quiet year nor a busy month
    becomes a block of its own; fewer blocks are cut where wins are few.

    An account with rows on both sides goes to one of them by a hash of its id. Dropping all of them
    from training would drop nothing but leads that stayed open, that is, losses; dropping by hash and
    counting the ones that stay twice keeps the close rate what it was (Horvitz and Thompson 1952).

    Raises:
        NotEnoughError: not even one such test fits.
    """
    gap = pd.Timedelta(days=gap_days)
    train_wins, test_wins = max(5, min_wins // 2), max(4, min_wins // 3)
    starts = _block_starts(ladder, mornings, folds, gap, train_wins, test_wins)
    times = mornings["as_of"]
    made = []
    for start, until in zip(starts, [*starts[1:], None][: len(starts)], strict=True):
        in_block = (times >= start) & ((times < until) if until is not None else True)
        fold = _fold(ladder, mornings, start, in_block.to_numpy(dtype=bool), gap, seed)
        if _usable(ladder["label"].to_numpy()[fold.train]) and _usable(
            mornings["label"].to_numpy()[fold.test]
        ):
            made.append(fold)
    if not made:
        raise NotEnoughError(_too_short(ladder, mornings, gap_days, train_wins, test_wins))
    return made


def _usable(label: npt.NDArray[np.generic]) -> bool:
    return bool(len(label)) and 3 <= float(label.sum()) < len(label)


def _block_starts(
    ladder: pd.DataFrame,
    mornings: pd.DataFrame,
    folds: int,
    gap: pd.Timedelta,
    train_wins: int,
    test_wins: int,
) -> list[pd.Timestamp]:
    """Return the first moments of the blocks; none if there are too few wins on either side."""
    won = ladder[ladder["label"] == 1].groupby("lead_id")["as_of"].min().sort_values()
    if len(won) < train_wins or mornings.empty:
        return []
    # The first block waits for a quarter of the wins if enough are left to be tested on after it.
    wanted = max(train_wins, int(np.ceil(EARLY_SHARE * len(won))))
    for needed in (wanted, train_wins):
        known_from = won.iloc[needed - 1] + gap
        later = mornings[mornings["as_of"] >= known_from]
        wins_later = later.loc[later["label"] == 1, "lead_id"].nunique()
        if wins_later >= 2 * test_wins or (needed == train_wins and wins_later >= test_wins):
            return _cut(later, min(folds, wins_later // test_wins), test_wins)
    return []


def _cut(later: pd.DataFrame, blocks: int, test_wins: int) -> list[pd.Timestamp]:
    """Cut at equal steps of a clock that runs half by time and half by wins; a moment is never split."""
    first_win = later[later["label"] == 1].groupby("lead_id")["as_of"].min().value_counts()
    moments = pd.DatetimeIndex(np.sort(later["as_of"].unique()))
    wins = first_win.reindex(moments, fill_value=0).to_numpy(dtype=np.float64)
    elapsed = (moments - moments[0]) / pd.Timedelta(days=1)
    span = float(elapsed[-1]) or 1.0
    clock = elapsed.to_numpy(dtype=np.float64) / span / 2 + (wins.cumsum() - wins) / wins.sum() / 2
    slot = np.minimum((clock * blocks).astype(np.intp), blocks - 1)
    starts, gathered, current = [moments[0]], wins[0], 0
    for position in range(1, len(moments)):
        if (
            slot[position] > current
            and gathered >= test_wins
            and wins[position:].sum() >= test_wins
        ):
            starts.append(moments[position])
            gathered, current = 0.0, slot[position]
        gathered += wins[position]
    return starts


def _fold(
    ladder: pd.DataFrame,
    mornings: pd.DataFrame,
    start: pd.Timestamp,
    in_block: npt.NDArray[np.bool_],
    gap: pd.Timedelta,
    seed: int,
) -> Fold:
    known = (ladder["as_of"] + gap <= start).to_numpy(dtype=bool)
    both = set(ladder["group_id"][known]) & set(mornings["group_id"][in_block])
    to_test = {group for group in both if _heads(str(group), seed)}
    train = known & ~ladder["group_id"].isin(to_test).to_numpy(dtype=bool)
    test = in_block & ~mornings["group_id"].isin(both - to_test).to_numpy(dtype=bool)
    positions = np.flatnonzero(train)
    stayed = ladder["group_id"].isin(both - to_test).to_numpy(dtype=bool)[positions]
    return Fold(
        start=start,
        end=mornings["as_of"][in_block].max(),
        train=positions,
        weight=np.where(stayed, 2.0, 1.0),
        test=np.flatnonzero(test),
    )


def _heads(group: str, seed: int) -> bool:
    return bool(hashlib.sha256(f"{seed}:{group}".encode()).digest()[0] & 1)


def _too_short(
    ladder: pd.DataFrame, mornings: pd.DataFrame, gap_days: float, train_wins: int, test_wins: int
) -> str:
    times = pd.concat([ladder["as_of"], mornings["as_of"]])
    first, last = times.min(), times.max()
    days = (last - first) / pd.Timedelta(days=1)
    return (
        f"not enough history for one honest test forward in time. Snapshots with a known outcome run from"
        f" {first:%Y-%m-%d} to {last:%Y-%m-%d} ({days:.0f} days), and a label takes {gap_days:g} days to be known."
        f" A test needs training snapshots that were over before it starts: more than {2 * gap_days:g} days of data"
        f" before the data cut-off, with at least {train_wins} won leads to train on and {test_wins} later ones"
        f" of other accounts to test on{_more(ladder, days, gap_days, train_wins + test_wins)}. Add older leads, or set a shorter label.horizon_days in the project file"
    )


def _more(ladder: pd.DataFrame, days: float, gap_days: float, wins: int) -> str:
    """Say how much longer it takes at the pace of wins so far; nothing where it is not the time that lacks."""
    won = int(ladder.loc[ladder["label"] == 1, "lead_id"].nunique())
    if not won or days < 1:
        return ""
    missing = gap_days + wins * days / won - days
    if missing <= 0:
        return ""
    return f": at the pace so far ({won} won leads in {days:.0f} days) {how_long(missing)} more of data"
