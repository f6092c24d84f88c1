"""Is there enough to learn from, and if not, what would it take."""

import pandas as pd

from features.errors import NotEnoughError
from features.project import Model


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
            + ". Add older leads, or check in the project file that"
            " label.won and label.lost name the right values and that label.horizon_days is not too long for the data"
        )
