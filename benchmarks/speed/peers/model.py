"""The peers' model: ``python -m benchmarks.speed.peers.model FOLDER MODEL`` trains 200 trees of 31 leaves.

What it learns is of no interest: labels are drawn from the features, so that the trees split on many of them.
"""

import sys
from pathlib import Path

import lightgbm
import numpy as np

from benchmarks.speed.peers.company import AS_OF
from benchmarks.speed.peers.night import written_in

TREES, LEAVES = 200, 31


def main() -> None:
    """Train on the open leads of a folder."""
    folder, target = map(Path, sys.argv[1:3])
    read, features = written_in("pandas")
    rows = features(read(folder), AS_OF)
    numbers = rows.select_dtypes("number").fillna(0)
    scaled = (numbers - numbers.mean()) / (numbers.std() + 1e-9)
    random = np.random.default_rng(7)
    said = scaled.to_numpy() @ random.normal(size=scaled.shape[1]) / np.sqrt(scaled.shape[1])
    label = (random.normal(size=len(rows)) < said - 1).astype(int)
    settings = {"objective": "binary", "num_leaves": LEAVES, "verbosity": -1, "seed": 7}
    lightgbm.train(settings, lightgbm.Dataset(rows, label), TREES).save_model(target)


if __name__ == "__main__":
    main()
