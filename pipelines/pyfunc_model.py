"""The model as MLflow serves it: a bundle of text and JSON, and the scorer that reads it.

MLflow copies this file beside the model and runs it wherever the model is loaded, without
leadgauge being installed there: it may import numpy, pandas, lightgbm (through the scorer)
and mlflow, and nothing else.
"""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel


class LeadModel(PythonModel):
    """Close probabilities and log-odds of rows of features."""

    def load_context(self, context: Any) -> None:  # noqa: ANN401  MLflow's
        """Read the scorer and the bundle that were packed together."""
        scorer = _import_file(Path(context.artifacts["scorer"]))
        self._scorer = scorer.Scorer.load(Path(context.artifacts["bundle"]))
        self._expit = scorer.expit
        self._version = (context.model_config or {}).get("model_version") or None

    def predict(
        self,
        context: Any,  # noqa: ANN401, ARG002  MLflow's
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,  # noqa: ARG002  part of MLflow's interface
    ) -> pd.DataFrame:
        """Return ``close_probability``, ``log_odds`` and ``model_version``, one row per row given.

        Columns may come in any order, be missing (then unknown for every row) or too many.
        """
        margin = np.asarray(self._scorer.margin(self._arranged(model_input)), dtype=float)
        return pd.DataFrame(
            {
                "close_probability": self._expit(margin),
                "log_odds": margin,
                "model_version": pd.Series(self._version, index=model_input.index, dtype=object),
            },
            index=model_input.index,
        )

    def _arranged(self, given: pd.DataFrame) -> pd.DataFrame:
        columns = {}
        for feature in self._scorer.model["features"]:
            name, kind = feature["name"], object if feature["type"] == "category" else float
            columns[name] = (
                given[name] if name in given else pd.Series(np.nan, index=given.index, dtype=kind)
            )
        return pd.DataFrame(columns, index=given.index)


def _import_file(path: Path) -> Any:  # noqa: ANN401  a module
    name = "leadgauge_packed_scorer"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path}: the packed scorer cannot be read")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


set_model(LeadModel())
