"""Scores leads with a saved model: numpy, pandas and lightgbm, and nothing of ours.

The file is packed beside the model it scores, so that a model still scores after this
package has moved on. What it reads is text and JSON; it never unpickles.
"""

import json
from pathlib import Path
from typing import Any, Self

import lightgbm
import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Spec = dict[str, Any]

FORMAT = 2
MISSING = "__missing__"
OTHER = "__other__"
GRADES = ("A", "B", "C")


class FrameError(ValueError):
    """The frame does not hold what the model was trained on."""


def expit(margin: Floats) -> Floats:
    """Return probabilities from log-odds, without overflow at either end."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * margin)), dtype=np.float64)


def encode(features: list[Spec], frame: pd.DataFrame) -> Floats:
    """Return the (rows x columns) matrix that the steps read: numbers with NaN, categories as codes, rates as log-odds.

    Columns are taken by name, never by position; others are ignored.

    Raises:
        FrameError: columns are missing, or changed between number and text.
    """
    absent = list(
        dict.fromkeys(spec["name"] for spec in features if spec["name"] not in frame.columns)
    )
    if absent:
        raise FrameError(
            f"the frame lacks {len(absent)} feature column(s) that the model was trained on: {', '.join(absent)}"
        )
    matrix = np.empty((len(frame), len(features)), dtype=np.float64)
    problems = []
    for position, spec in enumerate(features):
        column = frame[str(spec["name"])]
        try:
            matrix[:, position] = READERS[spec["type"]](spec, column)
        except FrameError as error:
            problems.append(str(error))
    if problems:
        raise FrameError("; ".join(problems))
    return matrix


def _numbers(spec: Spec, column: pd.Series) -> Floats:
    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan).copy()
    else:
        for value in column[column.notna()]:
            if isinstance(value, str):
                raise FrameError(
                    f"column {spec['name']} held numbers when the model was trained and now holds text,"
                    f" such as {value[:40]!r}"
                )
            break
        try:
            values = (
                column.astype(object)
                .where(column.notna(), np.nan)
                .astype(np.float64)
                .to_numpy()
                .copy()
            )
        except (TypeError, ValueError) as error:
            raise FrameError(f"column {spec['name']} should hold numbers: {error}") from None
    values[~np.isfinite(values)] = np.nan
    return values


def _codes(spec: Spec, column: pd.Series) -> Floats:
    missing = column.isna().to_numpy(dtype=bool)
    numeric = pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(
        column.dtype
    )
    if numeric and not missing.all():
        raise FrameError(
            f"column {spec['name']} held text when the model was trained and now holds numbers,"
            f" such as {column[~missing].iloc[0]!s}"
        )
    known = pd.Index(spec["levels"], dtype=object)
    codes = known.get_indexer(pd.Index(column.astype(object), dtype=object)).astype(np.float64)
    codes[codes < 0] = spec["other"]
    # A text that spells one of our own two names must not be taken for it.
    codes[column.isin([MISSING, OTHER]).to_numpy(dtype=bool)] = spec["other"]
    codes[missing] = spec["missing"]
    return np.asarray(codes, dtype=np.float64)


def rate_keys(column: pd.Series) -> npt.NDArray[np.object_]:
    """Return the levels of a category column as text; a missing value is a level of its own."""
    return np.asarray(
        column.astype(object).where(column.notna(), MISSING).astype(str), dtype=object
    )


def _rates(spec: Spec, column: pd.Series) -> Floats:
    known = pd.Series(spec["levels"], dtype=np.float64)
    place = known.index.get_indexer(pd.Index(rate_keys(column), dtype=object))
    found = np.append(known.to_numpy(), spec["else"])
    return np.asarray(found[place], dtype=np.float64)


READERS = {"number": _numbers, "category": _codes, "rate": _rates}


def base_rate_contributions(step: Spec, matrix: Floats) -> Floats:
    """Return what the lead's age adds to the base, in the age feature's column (rows x features)."""
    parts = np.zeros(matrix.shape, dtype=np.float64)
    if step["feature"] is not None:
        by_band = banded(step, matrix[:, step["feature"]]) - step["base"]
        parts[:, step["feature"]] = np.where(np.isnan(by_band), 0.0, by_band)
    return parts


def banded(step: Spec, ages: Floats) -> Floats:
    """Return the log-odds learned for each age's band; NaN where the age is."""
    margins = np.asarray(step["margins"], dtype=np.float64)
    band = np.searchsorted(np.asarray(step["edges"], dtype=np.float64), ages, side="right")
    return np.where(np.isnan(ages), np.nan, margins[np.minimum(band, len(margins) - 1)])


def standardised(part: Spec, values: Floats) -> Floats:
    """Return one number column as the logistic step sees it: clipped, its tail drawn in, scaled, missing at the mean."""
    if "margins" in part:
        bent = banded(part, values)
    else:
        bent = np.clip(values, part["low"], part["high"])
        if part["log"]:
            bent = np.sign(bent) * np.log1p(np.abs(bent))
    scaled = (bent - part["mean"]) / part["scale"]
    return np.where(np.isnan(scaled), 0.0, scaled)


def logistic_contributions(step: Spec, matrix: Floats) -> Floats:
    """Return coefficient x (value - training mean), one-hot columns summed to their feature (rows x features)."""
    parts = np.zeros(matrix.shape, dtype=np.float64)
    for part in step["numbers"]:
        values = matrix[:, part["feature"]]
        parts[:, part["feature"]] = part["coef"] * standardised(part, values)
        if part["missing_coef"]:
            parts[:, part["feature"]] += part["missing_coef"] * (
                np.isnan(values) - part["missing_mean"]
            )
    for part in step["categories"]:
        effects = np.asarray(part["effects"], dtype=np.float64)
        parts[:, part["feature"]] = effects[matrix[:, part["feature"]].astype(np.intp)]
    return parts


LINEAR = {"base_rate": base_rate_contributions, "logistic": logistic_contributions}


class Scorer:
    """A saved model: probability, score and grade of leads, and what each feature added in log-odds."""

    def __init__(self, model: Spec, boosters: list[Any], *, threads: int = 1) -> None:
        self.model = model
        self.boosters = boosters
        self.threads = threads

    @classmethod
    def load(cls, folder: Path | str, *, threads: int = 1) -> Self:
        """Read ``model.json`` and the boosters it names.

        Raises:
            FrameError: the model was written in a format that this file does not read.
        """
        folder = Path(folder)
        model = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        if model.get("format") != FORMAT:
            raise FrameError(
                f"{folder / 'model.json'}: format {model.get('format')!r}; this version of leadgauge reads format {FORMAT}."
                " Score with the version that trained the model, or train again"
            )
        texts = [(folder / spec["file"]).read_text(encoding="utf-8") for spec in model["boosters"]]
        return cls(model, [lightgbm.Booster(model_str=text) for text in texts], threads=threads)

    @property
    def features(self) -> list[str]:
        """Names of the feature columns, in order."""
        return [spec["name"] for spec in self.model["features"]]

    def encoded(self, frame: pd.DataFrame) -> Floats:
        """Return the matrix that the members read; the rates stand after the features."""
        return encode([*self.model["features"], *self.model["rates"]], frame)

    def contributions(self, frame: pd.DataFrame) -> Floats:
        """Return log-odds, rows x (features + 1); the last column is the base. A row sums to its margin."""
        return self.contributions_of(self.encoded(frame))

    def contributions_of(self, matrix: Floats) -> Floats:
        """Return the contributions of an already encoded matrix; those of a rate go to its feature."""
        model, wide = self.model, np.zeros((len(matrix), matrix.shape[1] + 1))
        wide[:, :-1], wide[:, -1] = self.linear_contributions(matrix)
        for booster, spec in zip(
            self.boosters if len(matrix) else [], model["boosters"], strict=False
        ):
            columns = [*range(booster.num_feature()), -1]
            added = booster.predict(
                matrix[:, columns[:-1]], pred_contrib=True, num_threads=self.threads
            )
            wide[:, columns] += spec["weight"] * np.asarray(added, dtype=np.float64)
        count = len(model["features"])
        result = np.column_stack([wide[:, :count], wide[:, -1]])
        for position, rate in enumerate(model["rates"]):
            result[:, rate["of"]] += wide[:, count + position]
        calibration = model["calibration"]
        result[:, -1] += calibration["shift"]
        result *= calibration["slope"]
        result[:, -1] += calibration["intercept"]
        return result

    def linear_contributions(self, matrix: Floats) -> tuple[Floats, float]:
        """Return what the base rate and the regression add by column, (rows, columns), and their base."""
        added, base = np.zeros(matrix.shape), 0.0
        for name, weight in self.model["weights"].items():
            if name in LINEAR and weight:
                added += weight * LINEAR[name](self.model[name], matrix)
                base += weight * self.model[name]["base"]
        return added, base

    def margin(self, frame: pd.DataFrame) -> Floats:
        """Return calibrated log-odds, one per row."""
        return self.margin_of(self.encoded(frame))

    def margin_of(self, matrix: Floats) -> Floats:
        """Return the calibrated log-odds of an already encoded matrix."""
        return self.calibrated(self.raw_margin_of(matrix))

    def calibrated(self, raw: Floats) -> Floats:
        """Return calibrated log-odds from raw ones."""
        calibration = self.model["calibration"]
        return np.asarray(calibration["slope"] * raw + calibration["intercept"], dtype=np.float64)

    def raw_margin_of(self, matrix: Floats) -> Floats:
        """Return the log-odds before calibration: the members' by their weights, and the shift that followed the outcomes."""
        model = self.model
        raw = np.full(len(matrix), float(model["calibration"]["shift"]))
        for name, weight in model["weights"].items():
            if name in LINEAR and weight:
                raw += weight * (
                    model[name]["base"] + LINEAR[name](model[name], matrix).sum(axis=1)
                )
        for booster, spec in zip(
            self.boosters if len(matrix) else [], model["boosters"], strict=False
        ):
            added = booster.predict(
                matrix[:, : booster.num_feature()], raw_score=True, num_threads=self.threads
            )
            raw += spec["weight"] * np.asarray(added, dtype=np.float64)
        return raw

    def probability(self, frame: pd.DataFrame) -> Floats:
        """Return the probability that each lead closes within the horizon."""
        return expit(self.margin(frame))

    def score(self, probability: Floats) -> npt.NDArray[np.int64]:
        """Return 1..99: the share of reference leads below, ties counted half, in hundredths."""
        reference = np.asarray(self.model["reference"], dtype=np.float64)
        rounded = np.round(probability, 12)
        below = np.searchsorted(reference, rounded, side="left")
        through = np.searchsorted(reference, rounded, side="right")
        return np.clip(np.rint(50.0 * (below + through) / len(reference)), 1, 99).astype(np.int64)

    def grade(self, probability: Floats) -> list[str]:
        """Return A, B, C or D by the thresholds stored with the model."""
        rounded = np.round(probability, 12)
        grades = np.full(len(rounded), "D", dtype=object)
        for letter in reversed(GRADES):
            threshold = self.model["grades"][letter]
            if threshold is not None:
                grades[rounded >= threshold] = letter
        return [str(letter) for letter in grades]

    def table(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return ``close_probability``, ``score`` and ``grade``, one row per row of the frame."""
        probability = self.probability(frame)
        return pd.DataFrame(
            {
                "close_probability": probability,
                "score": self.score(probability),
                "grade": self.grade(probability),
            },
            index=frame.index,
        )
