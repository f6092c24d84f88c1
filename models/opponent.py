"""What the champion would have said on the challenger's rows, and on which of them that is a fair match."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.bundle import Bundle
from models.following import History, as_published, follow
from models.frames import evidence_of
from models.scorer import Floats, expit

KEY = ["lead_id", "as_of"]
ENOUGH_WON = 20  # independent won outcomes; fewer do not tell two models apart


@dataclass(frozen=True)
class Opponent:
    """The champion's probabilities on the challenger's rows, (rows,), which of them are fair, and why these.

    ``even`` is False where none are, and all are taken.
    """

    probability: Floats
    fair: npt.NDArray[np.bool_]
    note: str
    even: bool = True


def opponent(
    bundle: Bundle,
    rows: pd.DataFrame,
    mornings: pd.DataFrame,
    trial: pd.DataFrame | None,
    gap_days: float,
) -> Opponent:
    """Return what the champion would have published for each row.

    Args:
        bundle: the champion.
        rows: the challenger's evaluated rows, ``lead_id, as_of, label, cluster``.
        mornings: labelled mornings with the champion's own features; the rows are among them.
        trial: ``lead_id, as_of, leadgauge`` as the champion's training predicted them forward in time,
            if that was kept.
        gap_days: how long a label takes to be known.

    Fair are, in this order: nights since all outcomes that the champion learned from were known, if
    they hold 20 wins: there it says what it would have published, the intercept following. Else all
    rows that it did not learn from: those of its own trial, as told then, and the later ones (of
    which it may have known the end of leads that stood open at its training; that favours
    the champion, so a challenger that is better all the same is better). Else all rows, which
    favours the champion, and the note says so; even so its intercept stands where it would have
    stood at each moment, not where the outcomes of those very rows took it.
    """
    moments = rows["as_of"].to_numpy(dtype="datetime64[us]")
    learned = pd.Timestamp(bundle.training["last_as_of"])
    ended = learned + pd.Timedelta(days=gap_days)
    later, nights = moments > learned.to_datetime64(), moments >= ended.to_datetime64()
    tried = _trial_of(trial, rows)
    known, said = ~np.isnan(tried), _said(bundle, rows, mornings, later, gap_days)
    won = _won(rows, nights)
    if won >= ENOUGH_WON:
        return Opponent(said, nights, f"compared on the nights since {ended:%Y-%m-%d}")
    few = f"since the champion's training ({ended:%Y-%m-%d}) only {won} won outcomes are known"
    if _won(rows, known | later) >= ENOUGH_WON:
        note = f"compared on what both said forward in time of rows that they had not learned from, as {few}"
        return Opponent(np.where(known, tried, said), known | later, note)
    note = f"the champion was trained on some of these rows, which favours it, but {few}"
    return Opponent(said, np.ones(len(rows), dtype=bool), note, even=False)


def _won(rows: pd.DataFrame, chosen: npt.NDArray[np.bool_]) -> int:
    """Return how many independent outcomes of the chosen rows were won."""
    won = (rows["label"] == 1).to_numpy(dtype=bool) & chosen
    return int(rows.loc[won, "cluster"].nunique())


def _said(
    bundle: Bundle,
    rows: pd.DataFrame,
    mornings: pd.DataFrame,
    later: npt.NDArray[np.bool_],
    gap_days: float,
) -> Floats:
    """Return the champion's word on each row as a night at its moment would have published it."""
    told = mornings.merge(rows[KEY].drop_duplicates(), on=KEY).drop_duplicates(KEY)
    after = as_published(bundle, told, gap_days, known=mornings)
    before = _retold(bundle, told, mornings, gap_days)
    both = rows[KEY].merge(told[KEY].assign(after=after, before=before), on=KEY, how="left")
    return np.where(later, both["after"], both["before"]).astype(np.float64)


def _retold(bundle: Bundle, rows: pd.DataFrame, mornings: pd.DataFrame, gap_days: float) -> Floats:
    """Return probabilities with the intercept where it would have stood at each row's moment.

    The shift that the model carries is that of its training's end, which for an earlier row is hindsight:
    where the close rate moved it is as wrong there as it is right since.
    """
    carried = float(bundle.model["calibration"]["shift"])
    raw = bundle.raw_margin(mornings) - carried
    shift, _ = follow(
        History.of(raw, mornings, evidence_of(mornings, gap_days)),
        rows["as_of"].to_numpy(dtype="datetime64[us]"),
        gap_days=gap_days,
        speed=bundle.model["following"]["speed"],
    )
    return expit(bundle.calibrated(bundle.raw_margin(rows) - carried + shift))


def _trial_of(trial: pd.DataFrame | None, rows: pd.DataFrame) -> Floats:
    """Return what was predicted for each row in a trial, NaN where nothing was."""
    if trial is None:
        return np.full(len(rows), np.nan)
    told = trial[[*KEY, "leadgauge"]].drop_duplicates(KEY)
    said = rows[KEY].merge(told, on=KEY, how="left")["leadgauge"]
    return said.to_numpy(dtype=np.float64)
