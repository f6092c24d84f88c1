"""What is published: a model as text and JSON in one folder, with the catalogue it was trained on."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy.typing as npt
import pandas as pd
from pydantic import ValidationError

from features.catalogue import Catalogue
from features.errors import DataError
from models.scorer import Floats, FrameError, Scorer, Spec

if TYPE_CHECKING:
    from models.treeshap import TreeShap


@dataclass(frozen=True)
class Bundle:
    """A trained model.

    ``model`` is the content of ``model.json``; ``boosters`` are LightGBM's own texts by file name.
    """

    model: Spec
    boosters: dict[str, str]
    catalogue: Catalogue
    scorer: Scorer

    @classmethod
    def of(
        cls, model: Spec, boosters: dict[str, str], catalogue: Catalogue, *, threads: int = 1
    ) -> Self:
        """Make a bundle from its parts."""
        import lightgbm

        parsed = [lightgbm.Booster(model_str=boosters[spec["file"]]) for spec in model["boosters"]]
        return cls(model, boosters, catalogue, Scorer(model, parsed, threads=threads))

    @classmethod
    def load(cls, folder: Path, *, threads: int = 1) -> Self:
        """Read a bundle folder.

        Raises:
            DataError: a file is missing, damaged or of another format.
        """
        try:
            scorer = Scorer.load(folder, threads=threads)
            catalogue = Catalogue.model_validate_json(
                (folder / "catalogue.json").read_text(encoding="utf-8")
            )
            boosters = {
                spec["file"]: (folder / spec["file"]).read_text(encoding="utf-8")
                for spec in scorer.model["boosters"]
            }
        except FrameError as error:
            raise DataError(str(error)) from None
        except (OSError, ValueError, KeyError, ValidationError) as error:
            raise DataError(
                f"{folder}: this is not a whole model bundle ({error}). Expected model.json, catalogue.json and the"
                " boosters that model.json names; train again, or take the model from the registry"
            ) from None
        if catalogue.names != scorer.features:
            raise DataError(
                f"{folder}: catalogue.json and model.json name different features; take both from one training"
            )
        return cls(scorer.model, boosters, catalogue, scorer)

    def save(self, folder: Path) -> None:
        """Write ``model.json``, ``catalogue.json`` and ``booster_*.txt``; the same model gives the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in self.boosters.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
        (folder / "catalogue.json").write_text(
            self.catalogue.model_dump_json(indent=1) + "\n", encoding="utf-8", newline="\n"
        )
        text = json.dumps(self.model, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False)
        (folder / "model.json").write_text(text + "\n", encoding="utf-8", newline="\n")

    @property
    def step(self) -> str:
        """The step of the ladder that is published."""
        return str(self.model["step"])

    @property
    def training(self) -> dict[str, Any]:
        """What the model was trained on: rows, leads, wins, ages, ranges, and what each concept adds on average."""
        return dict(self.model["training"])

    def margin(self, frame: pd.DataFrame) -> Floats:
        """Return calibrated log-odds, (rows,).

        Raises:
            DataError: a feature column is missing, or changed between number and text.
        """
        return self._checked(self.scorer.margin, frame)

    def probability(self, frame: pd.DataFrame) -> Floats:
        """Return the probability that each lead closes within the horizon, (rows,). Raises as ``margin``."""
        return self._checked(self.scorer.probability, frame)

    def raw_margin(self, frame: pd.DataFrame) -> Floats:
        """Return log-odds before calibration, the shift that followed the outcomes included, (rows,). Raises as ``margin``."""
        scorer = self.scorer
        return self._checked(lambda rows: scorer.raw_margin_of(scorer.encoded(rows)), frame)

    def calibrated(self, raw: Floats) -> Floats:
        """Return calibrated log-odds from raw ones, (rows,)."""
        return self.scorer.calibrated(raw)

    def shifted(self, shift: float) -> Self:
        """Return the same model with all its raw log-odds moved by ``shift``."""
        calibration = dict(self.model["calibration"])
        calibration["shift"] += shift
        model = {**self.model, "calibration": calibration}
        return type(self).of(model, self.boosters, self.catalogue, threads=self.scorer.threads)

    def contributions(self, frame: pd.DataFrame) -> Floats:
        """Return log-odds, (rows, features + 1), the base last; a row sums to its margin. Raises as ``margin``.

        TreeSHAP for LightGBM (Lundberg et al. 2020, path-dependent), coefficient x deviation from the mean
        for the regression, both scaled by the calibration.
        """
        if not self.boosters:
            return self._checked(self.scorer.contributions, frame)
        matrix = self._checked(self.scorer.encoded, frame)
        added, base = self.scorer.linear_contributions(matrix)
        calibration, features = self.model["calibration"], len(self.model["features"])
        of_rates = [int(rate["of"]) for rate in self.model["rates"]]
        for position, feature in enumerate(of_rates, start=features):
            added[:, feature] += added[:, position]
        slope = float(calibration["slope"])
        return self.trees.values(
            matrix,
            feature_of=[*range(features), *of_rates],
            extra=added[:, :features],
            scale=slope,
            base=slope * (base + calibration["shift"]) + calibration["intercept"],
            threads=self.scorer.threads,
        )

    @cached_property
    def trees(self) -> "TreeShap":
        """The boosters' contributions, tabulated when they are asked for first."""
        from models.treeshap import TreeShap

        specs = self.model["boosters"]
        return TreeShap.of(
            [self.boosters[spec["file"]] for spec in specs],
            [spec["weight"] for spec in specs],
            columns=len(self.model["features"]) + len(self.model["rates"]),
        )

    def score(self, probability: Floats) -> npt.NDArray[Any]:
        """Return 1..99, a lead's place among the leads of the last evaluated mornings."""
        return self.scorer.score(probability)

    def grade(self, probability: Floats) -> list[str]:
        """Return A, B, C or D."""
        return self.scorer.grade(probability)

    @staticmethod
    def _checked(ask: Any, frame: pd.DataFrame) -> Floats:  # noqa: ANN401
        try:
            answer: Floats = ask(frame)
        except FrameError as error:
            raise DataError(
                f"these rows do not fit the model: {error}. Score with the features that the model's catalogue declares,"
                " or train again"
            ) from None
        return answer
