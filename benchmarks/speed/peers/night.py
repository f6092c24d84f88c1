"""A night as a competent user writes it: features, LightGBM, contributions, the strongest five in words, a CSV.

``python -m benchmarks.speed.peers.night pandas|polars FOLDER MODEL OUT [features]``: pandas with
``shap.TreeExplainer``, or Polars with LightGBM's own ``pred_contrib``; ``features`` ends after those.
Prints seconds by step as JSON; reading is a step of its own, and checks nothing.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd

from benchmarks.speed.peers.company import AS_OF

REASONS = 5


def main() -> None:
    """Run one night and print how long each step took."""
    engine, folder, model, out = sys.argv[1], *map(Path, sys.argv[2:5])
    took, begun = dict[str, float](), time.perf_counter()

    def done(step: str) -> None:
        took[step] = time.perf_counter() - begun - sum(took.values())

    booster = lightgbm.Booster(model_file=model)
    read, features = written_in(engine)
    done("load")
    exports = read(folder)
    done("read")
    rows = features(exports, AS_OF)
    done("features")
    if "features" in sys.argv[5:]:
        print(json.dumps({"leads": len(rows), "columns": rows.shape[1], "seconds": took}))
        return
    del exports
    matrix = rows[booster.feature_name()]
    probability = np.asarray(booster.predict(matrix))
    done("predict")
    values = contributions(engine, booster, matrix)
    done("contributions")
    write(matrix, probability, values, out)
    done("write")
    print(json.dumps({"leads": len(rows), "columns": rows.shape[1], "seconds": took}))


def written_in(
    engine: str,
) -> tuple[Callable[[Path], Any], Callable[[Any, datetime], pd.DataFrame]]:
    """Return an engine's ways to read the exports and to make features of them; the other is not imported."""
    if engine == "polars":
        from benchmarks.speed.peers import features_polars

        return features_polars.read, features_polars.features
    from benchmarks.speed.peers import features_pandas

    return features_pandas.read, features_pandas.features


def contributions(
    engine: str, booster: lightgbm.Booster, matrix: pd.DataFrame
) -> np.ndarray[Any, Any]:
    """Return what each feature adds to each row, (rows, features)."""
    if engine == "polars":
        return np.asarray(booster.predict(matrix, pred_contrib=True))[:, :-1]
    import shap

    return np.asarray(shap.TreeExplainer(booster).shap_values(matrix))


def write(
    matrix: pd.DataFrame, probability: np.ndarray[Any, Any], values: np.ndarray[Any, Any], out: Path
) -> None:
    """Write probability and the strongest five features with their values."""
    names, texts = np.array(matrix.columns), {}
    order = np.argsort(-np.abs(values), axis=1)[:, :REASONS]
    cells = matrix.to_numpy(dtype=object)
    for place in range(REASONS):
        chosen = order[:, place]
        told = zip(names[chosen], cells[np.arange(len(matrix)), chosen], strict=True)
        texts[f"reason_{place + 1}"] = [f"{name}: {value}" for name, value in told]
    pd.DataFrame({"lead_id": matrix.index, "probability": probability, **texts}).to_csv(
        out, index=False
    )


if __name__ == "__main__":
    main()
