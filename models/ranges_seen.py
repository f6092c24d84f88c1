"""Confidence for models that were trained before they learned it: from ranges and levels alone."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.bundle import Bundle
from models.encoding import unseen

IMPORTANT_SHARE = 0.9

Flags = npt.NDArray[np.bool_]


def confidence_by_ranges(frame: pd.DataFrame, bundle: Bundle) -> list[str]:
    """Return high, medium or low: how much of a lead lies where the model has learned.

    low: a level that training never saw among the features that matter, a lead older than any in
    training, or three numbers that matter outside what training held. medium: one or two such
    numbers, a rare level, most features that matter missing, or a model that knows the age alone.
    """
    low, medium = np.zeros(len(frame), dtype=bool), np.full(len(frame), bundle.step == "base_rate")
    outside, missing = np.zeros(len(frame), dtype=np.int64), np.zeros(len(frame), dtype=np.int64)
    training = bundle.training
    important = _important(training["importance"])
    for spec in bundle.model["features"]:
        if spec["name"] not in important:
            continue
        column = frame[str(spec["name"])]
        missing += column.isna().to_numpy(dtype=bool)
        if spec["type"] == "category":
            new, rare = unseen(spec, column)
            low |= new
            medium |= rare
        elif spec["name"] in training["ranges"]:
            outside += _outside(column, training["ranges"][spec["name"]])
    low |= _too_old(frame, bundle) | (outside >= 3)
    medium |= (outside > 0) | (missing * 2 > max(len(important), 1))
    return [str(word) for word in np.select([low, medium], ["low", "medium"], "high")]


def _important(importance: dict[str, float]) -> set[str]:
    """Return the strongest features that together make nine tenths of what the model says."""
    total, reached, chosen = sum(importance.values()), 0.0, set[str]()
    for name, strength in sorted(importance.items(), key=lambda item: (-item[1], item[0])):
        if total <= 0 or reached >= IMPORTANT_SHARE * total:
            break
        chosen.add(name)
        reached += strength
    return chosen


def _outside(column: pd.Series, found: dict[str, float]) -> Flags:
    values = pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray((values < found["low"]) | (values > found["high"]), dtype=bool)


def _too_old(frame: pd.DataFrame, bundle: Bundle) -> Flags:
    age = bundle.model["base_rate"]["feature"]
    if age is None:
        return np.zeros(len(frame), dtype=bool)
    values = pd.to_numeric(frame[bundle.catalogue.names[age]]).to_numpy(
        dtype=np.float64, na_value=np.nan
    )
    return np.asarray(values > bundle.training["oldest_days"] + 1, dtype=bool)
