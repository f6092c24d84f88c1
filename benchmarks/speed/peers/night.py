"""A night as a competent user writes it: features, LightGBM, contributions, the strongest five in words, a CSV.

``python -m benchmarks.speed.peers.night pandas|polars FOLDER MODEL OUT [features]``: pandas with
``shap.TreeExplainer``, or Polars with LightGBM's own ``pred_contrib``; ``features`` ends after those.
Prints seconds by step as JSON.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd

from benchmarks.speed.peers import features_pandas

AS_OF = pd.Timestamp("2026-03-02T05:00:00")
REASONS = 5


def main() -> None:
    """Run one night and print how long each step took."""
    engine, folder, model, out = sys.argv[1], *map(Path, sys.argv[2:5])
    took, begun = dict[str, float](), time.perf_counter()

    def done(step: str) -> None:
        took[step] = time.perf_counter() - begun - sum(took.values())

    booster = lightgbm.Booster(model_file=model)
    rows = assembled(engine, folder)
    done("features")
    if "features" in sys.argv[5:]:
        print(json.dumps({"leads": len(rows), "seconds": took}))
        return
    matrix = rows[booster.feature_name()]
    probability = np.asarray(booster.predict(matrix))
    done("predict")
    values = contributions(engine, booster, matrix)
    done("contributions")
    write(rows, probability, values, out)
    done("write")
    print(json.dumps({"leads": len(rows), "seconds": took}))


def assembled(engine: str, folder: Path) -> pd.DataFrame:
    """Return the features of the open leads, cleaned names, categories typed."""
    if engine == "polars":
        from benchmarks.speed.peers.features_polars import features

        rows = features(folder, AS_OF.to_pydatetime())
    else:
        rows = features_pandas.features(*features_pandas.read(folder), AS_OF)
    return rows.rename(columns=lambda name: str(name).replace(" ", "_"))


def contributions(
    engine: str, booster: lightgbm.Booster, matrix: pd.DataFrame
) -> np.ndarray[Any, Any]:
    """Return what each feature adds to each row, (rows, features)."""
    if engine == "polars":
        return np.asarray(booster.predict(matrix, pred_contrib=True))[:, :-1]
    import shap

    return np.asarray(shap.TreeExplainer(booster).shap_values(matrix))


def write(
    rows: pd.DataFrame, probability: np.ndarray[Any, Any], values: np.ndarray[Any, Any], out: Path
) -> None:
    """Write probability and the strongest five features with their values."""
    names, texts = np.array(rows.columns[: values.shape[1]]), {}
    order = np.argsort(-np.abs(values), axis=1)[:, :REASONS]
    cells = rows.to_numpy(dtype=object)
    for place in range(REASONS):
        chosen = order[:, place]
        told = zip(names[chosen], cells[np.arange(len(rows)), chosen], strict=True)
        texts[f"reason_{place + 1}"] = [f"{name}: {value}" for name, value in told]
    pd.DataFrame({"lead_id": rows.index, "probability": probability, **texts}).to_csv(
        out, index=False
    )


if __name__ == "__main__":
    main()
