"""Fits CatBoost or AutoGluon in the peers' own environment; spoken to through files.

Called with the path of a JSON file: ``peer``, ``train`` and ``test`` (Parquet), ``numbers``, ``categories``,
``seconds`` (AutoGluon's time limit), ``threads``, ``seed``, ``models`` (folder) and ``out`` (Parquet).
Nothing of leadgauge is imported: this environment does not have it. The last line that it
prints is JSON with the seconds that fitting and predicting took.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

LABEL, WEIGHT = "__label", "__weight"
MISSING = "(missing)"


def catboost(spec: dict[str, Any], train: pd.DataFrame, test: pd.DataFrame) -> np.ndarray:
    """Return CatBoost's probabilities, as it comes."""
    from catboost import (  # type: ignore[import-not-found]  # lives in the peers' environment
        CatBoostClassifier,
        Pool,
    )

    columns, categories = [*spec["numbers"], *spec["categories"]], spec["categories"]
    told = {name: train[name].fillna(MISSING) for name in categories}
    pool = Pool(
        train.assign(**told)[columns],
        label=train[LABEL],
        weight=train[WEIGHT],
        cat_features=categories,
    )
    model = CatBoostClassifier(
        random_seed=spec["seed"],
        thread_count=spec["threads"],
        verbose=False,
        allow_writing_files=False,
    )
    model.fit(pool)
    asked = test.assign(**{name: test[name].fillna(MISSING) for name in categories})[columns]
    return np.asarray(model.predict_proba(asked)[:, 1])


def autogluon(spec: dict[str, Any], train: pd.DataFrame, test: pd.DataFrame) -> np.ndarray:
    """Return AutoGluon's probabilities with the preset ``good_quality``, within its time limit."""
    from autogluon.tabular import TabularPredictor  # type: ignore[import-not-found]

    columns = [*spec["numbers"], *spec["categories"]]

    def fitted(folder: str, more: dict[str, Any]) -> np.ndarray:
        predictor = TabularPredictor(
            label=LABEL,
            problem_type="binary",
            eval_metric="log_loss",
            sample_weight=WEIGHT,
            path=folder,
            verbosity=1,
        )
        predictor.fit(
            train[[*columns, LABEL, WEIGHT]],
            presets="good_quality",
            time_limit=spec["seconds"],
            num_cpus=spec["threads"],
            **more,
        )
        return np.asarray(predictor.predict_proba(test[columns])[1])

    try:
        return fitted(spec["models"], {})
    except AssertionError:
        # Its trial of stacking now and then leaves a learner behind that cannot be fitted again.
        return fitted(f"{spec['models']}-again", {"dynamic_stacking": False})


PEERS = {"catboost": catboost, "autogluon": autogluon}


def main(path: Path) -> None:
    """Fit, predict, write the probabilities and print how long it took."""
    spec = json.loads(path.read_text(encoding="utf-8"))
    train, test = pd.read_parquet(spec["train"]), pd.read_parquet(spec["test"])
    begun = time.perf_counter()
    told = PEERS[spec["peer"]](spec, train, test)
    seconds = time.perf_counter() - begun
    pd.DataFrame({"probability": told}).to_parquet(spec["out"], index=False)
    sys.stdout.write("\n" + json.dumps({"seconds": seconds, "cpus": os.cpu_count()}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
