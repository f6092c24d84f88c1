"""The leads of a night, counted for the watch: batches are counted apart, wherever they are scored, and added up."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.bundle import Bundle
from models.drift import independent
from models.scorer import Floats, Spec
from models.tally import Tally, bands, bin_count
from models.usual import FORMAT, SCORE


@dataclass
class Counted:
    """Sums over leads, and one number for each lead's account.

    ``tallies`` by column; ``by_band`` leads by age band; ``older`` than any that was learned from;
    ``summed`` probabilities; ``groups`` hashes of ``group_id``, batch by batch, or ``kept_worth`` in
    their place, once the night is counted and on disk.
    """

    tallies: dict[str, Tally]
    by_band: Floats
    leads: int = 0
    older: int = 0
    summed: float = 0.0
    groups: list[npt.NDArray[np.uint64]] = field(default_factory=list[npt.NDArray[np.uint64]])
    kept_worth: float | None = None

    @classmethod
    def empty(cls, usual: Spec) -> Self:
        """Return the count of no leads, as the reference ``usual`` counts them."""
        band_count = len(usual["edges"]) + 1
        return cls(
            {
                column["name"]: Tally.empty(band_count, bin_count(column))
                for column in _columns(usual)
            },
            np.zeros(band_count),
        )

    def add(self, frame: pd.DataFrame, probability: Floats, bundle: Bundle) -> None:
        """Count feature rows and their probabilities, as the bundle's reference does."""
        usual = bundle.model["watch"]
        specs = {spec["name"]: spec for spec in bundle.model["features"]}
        band = bands(frame["age_days"], usual["edges"])
        score = pd.Series(np.round(probability, 6), index=frame.index)
        for column in _columns(usual):
            name = str(column["name"])
            values: pd.Series = score if name == SCORE else frame[name]
            self.tallies[name].add(column, values, band, specs.get(name))
        self.leads += len(frame)
        self.older += int((frame["age_days"] > usual["oldest_days"]).sum())
        names = frame["group_id"].astype(str).to_numpy(dtype=object)
        self.groups.append(pd.util.hash_array(names, categorize=False))
        self.summed += float(probability.sum())
        self.by_band += np.bincount(band, minlength=len(self.by_band))

    def take(self, other: "Counted") -> None:
        """Add the leads of another batch."""
        for name, tally in self.tallies.items():
            tally.take(other.tallies[name])
        self.by_band = self.by_band + other.by_band
        self.leads += other.leads
        self.older += other.older
        self.summed += other.summed
        self.groups += other.groups

    @property
    def worth(self) -> float:
        """Return how many independent leads there are; those of one account count as one."""
        if self.kept_worth is not None:
            return self.kept_worth
        return independent(np.concatenate(self.groups)) if self.groups else 0.0

    def save(self, path: Path) -> None:
        """Write the sums as JSON; of the accounts it says only how many independent leads they come to."""
        document = {
            "leads": self.leads,
            "older": self.older,
            "summed": self.summed,
            "by_band": self.by_band.tolist(),
            "worth": self.worth,
            "tallies": {name: tally.to_json() for name, tally in self.tallies.items()},
        }
        path.write_text(json.dumps(document), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the sums back; nothing can be added to them."""
        told = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            {name: Tally.from_json(tally) for name, tally in told["tallies"].items()},
            np.array(told["by_band"]),
            told["leads"],
            told["older"],
            told["summed"],
            kept_worth=told["worth"],
        )


def has_reference(bundle: Bundle) -> bool:
    """Tell whether a model says what is usual; one that was trained before there was a watch does not."""
    usual = bundle.model.get("watch")
    return usual is not None and usual["format"] == FORMAT


def counted(batches: Iterable[tuple[pd.DataFrame, Floats]], bundle: Bundle) -> Counted:
    """Count feature rows with their published probabilities, for a bundle that has a reference."""
    found = Counted.empty(bundle.model["watch"])
    for frame, probability in batches:
        found.add(frame, probability, bundle)
    return found


def _columns(usual: Spec) -> list[Spec]:
    return [*usual["columns"], usual["score"]]
