"""Origins in time: what was known then, and the mornings that came after."""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.errors import NotEnoughError
from models.frames import learning_rows

FIRST_SHARES = (0.4, 0.3, 0.2)  # of the wins that the first origin waits for; less if need be
BLOCK_WINS = 20
AGAIN = " (again)"


@dataclass(frozen=True)
class Origin:
    """One moment at which models are fitted, and the block of mornings that they are tested on.

    Attributes:
        start: the origin.
        end: the last morning of the block.
        ladder: rows whose labels were known at the origin, as ``models.training.train`` takes them.
        mornings: the same of the mornings.
        later: mornings whose labels were not known at the origin, up to the block's end.
        tested: which of ``later`` are test rows, (rows of later,).
        gap_days: how long a label takes to be known; the horizon.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    ladder: pd.DataFrame
    mornings: pd.DataFrame
    later: pd.DataFrame
    tested: npt.NDArray[np.bool_]
    gap_days: float

    @property
    def learned(self) -> pd.DataFrame:
        """The training rows that every peer is fitted on: ladder and mornings, weighted as leadgauge takes them."""
        return learning_rows(self.ladder, self.mornings, self.gap_days)

    @property
    def test(self) -> pd.DataFrame:
        """The test rows."""
        return self.later[self.tested]

    @property
    def wins(self) -> int:
        """Won leads among the test rows."""
        return won_leads(self.test)


def won_leads(rows: pd.DataFrame) -> int:
    """Return how many different leads were won."""
    return int(rows.loc[rows["label"] == 1, "lead_id"].nunique())


def make_origins(
    ladder: pd.DataFrame, mornings: pd.DataFrame, *, count: int, gap_days: float, seed: int
) -> list[Origin]:
    """Cut the mornings after the first 40 % of the wins into blocks of equally many wins, and split at each start.

    Fewer blocks are cut where they would hold less than 20 won leads.

    Raises:
        NotEnoughError: not even one block can be cut.
    """
    gap = pd.Timedelta(days=gap_days)
    starts = _starts(ladder, mornings, count, gap)
    if not starts:
        raise NotEnoughError(
            f"no block of mornings with {BLOCK_WINS} won leads comes after a fifth of the wins were known:"
            " the data are too short for one test forward in time"
        )
    after = mornings["as_of"].max() + pd.Timedelta(seconds=1)
    return [
        split(ladder, mornings, start, until, gap=gap, seed=seed)
        for start, until in zip(starts, [*starts[1:], after], strict=True)
    ]


def split(
    ladder: pd.DataFrame,
    mornings: pd.DataFrame,
    start: pd.Timestamp,
    until: pd.Timestamp,
    *,
    gap: pd.Timedelta,
    seed: int,
) -> Origin:
    """Split at an origin, with no account on both sides.

    An account with rows on both sides goes to one of them by a hash of its name. What is left of such
    accounts in training stands there twice, under another lead's name and the same account's: without
    that, leads that stayed open would be rarer in training than they were (Horvitz and Thompson 1952).
    The code is the benchmark's own, so that it does not follow the folds that it is to judge.
    """
    in_block = (mornings["as_of"] >= start) & (mornings["as_of"] < until)
    known = {
        name: frame["as_of"] + gap <= start for name, frame in (("l", ladder), ("m", mornings))
    }
    groups = {*ladder.loc[known["l"], "group_id"], *mornings.loc[known["m"], "group_id"]}
    both = groups & set(mornings.loc[in_block, "group_id"])
    to_test = {group for group in both if _heads(str(group), seed)}
    later = mornings[(mornings["as_of"] + gap > start) & (mornings["as_of"] < until)]
    tested = (later["as_of"] >= start) & ~later["group_id"].isin(both - to_test)
    return Origin(
        start=start,
        end=mornings.loc[in_block, "as_of"].max(),
        ladder=_kept(ladder[known["l"]], to_test, both - to_test),
        mornings=_kept(mornings[known["m"]], to_test, both - to_test),
        later=later.reset_index(drop=True),
        tested=tested.to_numpy(dtype=bool),
        gap_days=gap / pd.Timedelta(days=1),
    )


def _kept(rows: pd.DataFrame, to_test: set[str], stayed: set[str]) -> pd.DataFrame:
    rows = rows[~rows["group_id"].isin(to_test)]
    again = rows[rows["group_id"].isin(stayed)]
    again = again.assign(lead_id=again["lead_id"].astype(str) + AGAIN)
    return pd.concat([rows, again], ignore_index=True)


def _heads(group: str, seed: int) -> bool:
    return bool(hashlib.sha256(f"quality:{seed}:{group}".encode()).digest()[0] & 1)


def _starts(
    ladder: pd.DataFrame, mornings: pd.DataFrame, count: int, gap: pd.Timedelta
) -> list[pd.Timestamp]:
    learned = _first_wins(ladder)
    for share in FIRST_SHARES:
        if learned.empty:
            return []
        first = learned.iloc[min(int(np.ceil(share * len(learned))), len(learned)) - 1] + gap
        later = mornings[mornings["as_of"] >= first]
        blocks = min(count, won_leads(later) // BLOCK_WINS)
        if blocks >= 1:
            return _cut(later, blocks)
    return []


def _first_wins(rows: pd.DataFrame) -> pd.Series:
    return rows[rows["label"] == 1].groupby("lead_id")["as_of"].min().sort_values()


def _cut(later: pd.DataFrame, blocks: int) -> list[pd.Timestamp]:
    """Return the first moments of blocks of equally many wins; a moment is never split."""
    wins, moments = _first_wins(later), pd.DatetimeIndex(np.sort(later["as_of"].unique()))
    starts = [moments[0]]
    for number in range(1, blocks):
        place = wins.iloc[int(np.ceil(number * len(wins) / blocks)) - 1]
        after = moments[moments > place]
        if len(after) and after[0] > starts[-1]:
            starts.append(after[0])
    return [pd.Timestamp(start) for start in starts]
