"""Is there enough to learn from, and if not, what would it take."""

import math

import pandas as pd

from features.errors import NotEnoughError
from features.project import Model

FEW_WINS = 100  # below, a boosted model has to be better by more


def won_leads(frame: pd.DataFrame) -> int:
    """Return how many different leads were won."""
    return int(frame.loc[frame["label"] == 1, "lead_id"].nunique())


def check_enough(ladder: pd.DataFrame, settings: Model) -> None:
    """Refuse to train on too few leads, too few wins, or one class.

    Raises:
        NotEnoughError: says everything that is short, and by how much.
    """
    leads, won = int(ladder["lead_id"].nunique()), won_leads(ladder)
    short = []
    if leads < settings.min_leads:
        short.append(
            f"{leads} leads with a known outcome, {settings.min_leads} are needed (model.min_leads)"
        )
    if won < settings.min_wins:
        short.append(f"{won} won leads, {settings.min_wins} are needed (model.min_wins)")
    if leads and bool((ladder["label"] == 1).all()):
        short.append(
            f"all {leads} leads were won: without lost leads there is nothing to tell apart (label.lost)"
        )
    if short:
        raise NotEnoughError(
            "not enough data to train on: "
            + "; ".join(short)
            + _what_it_takes(ladder, leads, won, settings)
            + ". Add older leads, or check in the project file that"
            " label.won and label.lost name the right values and that label.horizon_days is not too long for the data"
        )


def _what_it_takes(ladder: pd.DataFrame, leads: int, won: int, settings: Model) -> str:
    """Say how many leads and how long it takes if all goes on as so far; nothing where that cannot be told."""
    if not won:
        return ""
    needed = max(settings.min_leads, math.ceil(settings.min_wins * leads / won))
    if needed <= leads:
        return ""
    more = needed - leads
    said = (
        f". If {won} of {leads} leads go on to be won, it takes about {needed} of them, {more} more"
    )
    first = ladder.groupby("lead_id")["as_of"].min()
    days = (first.max() - first.min()) / pd.Timedelta(days=1)
    if days < 1:
        return said
    return f"{said}: at the pace so far ({leads} in {days:.0f} days) {how_long(more * days / leads)} more of data"


def how_long(days: float) -> str:
    """Write a stretch of time roughly: 12 days, 5 months, 3.4 years."""
    if days < 60:
        return f"about {math.ceil(days)} day{'' if math.ceil(days) == 1 else 's'}"
    return (
        f"about {math.ceil(days / 30.44)} months"
        if days < 730
        else f"about {days / 365.25:.1f} years"
    )


def reachable_step(won: int, settings: Model) -> str:
    """Return the highest step of the ladder that this many won leads can be expected to carry.

    Boosted trees want about a hundred wins before they beat a regression (see models/ladder.py);
    with fewer they are tried all the same, and asked for more.
    """
    steps = [step for step in ("base_rate", "logistic", "lightgbm") if step in settings.ladder]
    if won < FEW_WINS and "logistic" in steps:
        return "logistic"
    return steps[-1] if steps else "base_rate"
