"""The probability that anyone of an account closes: the people of one company share its fate.

If the open leads of an account closed independently of one another, one of them at least would with probability
``1 - (1 - p1) x (1 - p2) x ...``. They do not: a budget is there for all of them or for nobody, and one deal often
ends the others. So the log-odds of that product are scaled by what earlier accounts with several open leads did (Platt
1999), where that has proved to be better on accounts seen later; see docs/decisions/0020-account-probability.md.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import numpy as np
import pandas as pd

from models.calibration import IDENTITY, Block, Platt, choose_calibration, scaling
from models.cohorts import wins_band
from models.metrics import clustered_mean, log_losses, outcome_clusters
from models.scorer import Floats, expit

SHIFT_SPREAD = (
    1.0  # shared fate is about the level, which nothing follows here as it does for leads
)
SEVERAL = 2  # open leads of one account; one alone has its own probability
OF_AN_ACCOUNT = "account:"  # how group_id begins where the lead has an account
_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Tried:
    """What was said of accounts with several open leads, forward in time, and what became of them.

    An account counts once per horizon, by its first morning: ``accounts``. ``expected`` of them were to have a win,
    ``won`` had one; ``low`` and ``high`` is where the count lies in 95 of 100 cases if the probabilities are honest
    (Poisson-binomial). ``unscaled`` is what independence would have expected. ``gain`` is the log loss that the
    scaling saved per account and morning, ``error`` its standard error.
    """

    accounts: int
    expected: float
    won: int
    low: int
    high: int
    unscaled: float
    gain: float
    error: float

    @property
    def honest(self) -> bool:
        """Whether as many accounts had a win as honest probabilities give."""
        return self.low <= self.won <= self.high


@dataclass(frozen=True)
class AccountScale:
    """How the probabilities of an account's open leads become that of the account, and how well that went.

    ``outcomes`` counts accounts with several open leads, once per horizon, that taught it; ``tried`` is None where
    there were none.
    """

    platt: Platt = IDENTITY
    outcomes: int = 0
    tried: Tried | None = None

    @property
    def scaled(self) -> bool:
        """Whether anything but independence is told."""
        return self.platt != IDENTITY

    def probability(self, leads: Floats) -> float:
        """Return the probability that anyone of these open leads of one account closes within the horizon.

        Never below that of its best lead, nor above the sum of all: no dependence takes it further. One lead has
        its own.

        Args:
            leads: their probabilities, (leads,); at least one.
        """
        if len(leads) < SEVERAL:
            return float(leads[0])
        return float(_chance(_together(leads, np.zeros(len(leads), dtype=np.intp)), self.platt)[0])

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "slope": self.platt.slope,
            "intercept": self.platt.intercept,
            "scaled": self.scaled,
            "outcomes": self.outcomes,
            "tried": None
            if self.tried is None
            else asdict(self.tried) | {"honest": self.tried.honest},
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """Return what ``to_json`` wrote."""
        told = document["tried"]
        tried = (
            None
            if told is None
            else {key: told[key] for key in (field.name for field in fields(Tried))}
        )
        return cls(
            Platt(float(document["slope"]), float(document["intercept"])),
            int(document["outcomes"]),
            None if tried is None else Tried(**tried),
        )


def learn_accounts(predictions: pd.DataFrame, gap_days: float) -> AccountScale:
    """Learn the scaling from out-of-fold rows, and tell how honest it was forward in time.

    Args:
        predictions: ``fold, lead_id, as_of, group_id, label, age_days, leadgauge``, as ``Trained.predictions``.
        gap_days: the horizon.
    """
    rows = account_rows(predictions, gap_days)
    if rows.empty:
        return AccountScale()
    blocks = [_block(part) for _, part in rows.groupby("fold", sort=True)]
    platt = choose_calibration(blocks, shift_spread=SHIFT_SPREAD)
    told = _forward(rows, gap_days) if platt != IDENTITY else rows.assign(said=_chance(rows, platt))
    return AccountScale(platt, int(rows["cluster"].nunique()), _tried(told))


def account_rows(predictions: pd.DataFrame, gap_days: float) -> pd.DataFrame:
    """Return one row per account and morning on which several of its leads were open.

    Columns: ``fold, account, moment, open`` (leads), ``margin`` (log-odds that anyone closes, were they independent),
    ``best`` and ``total`` of their probabilities, ``label`` (1: anyone closed within the horizon) and ``cluster``
    (mornings within one horizon share the account's outcome). A flat export has no mornings: there the leads of one
    horizon stand together, as a night sees them.
    """
    rows = predictions[predictions["group_id"].astype(str).str.startswith(OF_AN_ACCOUNT)]
    if rows.empty:
        return pd.DataFrame(
            columns=["fold", "account", "moment", "open", *_SUMS, "label", "cluster"]
        )
    moment = rows["as_of"]
    if (predictions["age_days"] == 0).all():
        days = np.floor((moment - moment.min()) / _DAY / gap_days) * gap_days
        moment = moment.min() + days * _DAY
    seen = pd.DataFrame(
        {"fold": rows["fold"], "account": rows["group_id"].astype(str), "moment": moment}
    )
    # Both number the groups as they first appear.
    codes = seen.groupby(list(seen.columns), sort=False).ngroup().to_numpy()
    made = seen.drop_duplicates().reset_index(drop=True)
    said = rows["leadgauge"].to_numpy(dtype=np.float64)
    made = pd.concat([made, _together(said, codes)], axis=1)
    label = np.zeros(len(made))
    np.maximum.at(label, codes, rows["label"].to_numpy(dtype=np.float64))
    made["label"] = label
    several = made.loc[made["open"] >= SEVERAL].sort_values(["moment", "account"])
    several = several.reset_index(drop=True)
    if several.empty:
        return several.assign(cluster=0)
    named = several.rename(columns={"account": "lead_id", "moment": "as_of"})
    return several.assign(cluster=outcome_clusters(named, gap_days))


_SUMS = ("margin", "best", "total")


def _together(probability: Floats, codes: Any) -> pd.DataFrame:  # noqa: ANN401  integers of numpy's
    """Return ``open``, ``margin``, ``best`` and ``total`` of each group of leads, in the groups' order."""
    kept = np.clip(probability, 1e-12, 1 - 1e-12)
    none_closes = np.bincount(codes, weights=np.log1p(-kept))
    best = np.zeros(len(none_closes))
    np.maximum.at(best, codes, kept)
    return pd.DataFrame(
        {
            "open": np.bincount(codes),
            "margin": np.log(-np.expm1(none_closes)) - none_closes,
            "best": best,
            "total": np.bincount(codes, weights=kept),
        }
    )


def _chance(rows: pd.DataFrame, platt: Platt) -> Floats:
    """Return the scaled probability of each account, within what its leads' probabilities allow."""
    said = expit(platt(rows["margin"].to_numpy(dtype=np.float64)))
    most = np.minimum(rows["total"].to_numpy(dtype=np.float64), 1.0)
    return np.asarray(
        np.clip(said, rows["best"].to_numpy(dtype=np.float64), most), dtype=np.float64
    )


def _block(rows: pd.DataFrame) -> Block:
    return Block(
        rows["margin"].to_numpy(dtype=np.float64),
        rows["label"].to_numpy(dtype=np.float64),
        rows["cluster"].to_numpy(dtype=np.int64),
    )


def _forward(rows: pd.DataFrame, gap_days: float) -> pd.DataFrame:
    """Return each later block's rows with what was said of them by a scaling of the outcomes known at its start."""
    parts: list[pd.DataFrame] = []
    for _, part in rows.groupby("fold", sort=True):
        known = rows[rows["moment"] + gap_days * _DAY <= part["moment"].min()]
        platt = (
            scaling([_block(known)], shift_spread=SHIFT_SPREAD)
            if known["label"].sum()
            else IDENTITY
        )
        parts.append(part.assign(said=_chance(part, platt)))
    later = parts[1:] or parts
    return pd.concat(later, ignore_index=True)


def _tried(rows: pd.DataFrame) -> Tried:
    once = rows.sort_values(["moment", "account"], kind="stable").drop_duplicates("cluster")
    said = once["said"].to_numpy(dtype=np.float64)
    low, high = wins_band(said)
    label = rows["label"].to_numpy(dtype=np.float64)
    saved = log_losses(label, _chance(rows, IDENTITY)) - log_losses(
        label, rows["said"].to_numpy(dtype=np.float64)
    )
    gain, error = clustered_mean(saved, rows["cluster"].to_numpy())
    return Tried(
        accounts=len(once),
        expected=float(said.sum()),
        won=int(once["label"].sum()),
        low=low,
        high=high,
        unscaled=float(_chance(once, IDENTITY).sum()),
        gain=gain,
        error=error,
    )
