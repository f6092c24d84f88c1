"""The peers that run in this environment: what a careful person would get by hand.

Each is fitted on the rows that leadgauge learned from and speaks of the same test rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from features.catalogue import Catalogue
from models.base_rate import fit_base_rate
from models.odoo import OdooScoring, low_cardinality
from models.scorer import Floats, base_rate_contributions, expit

RARE = 10  # rows that a level needs for a column of its own in the regression
PATIENCE = 50
MOST_ROUNDS = 2000
LATEST_SHARE = 0.2


@dataclass(frozen=True)
class Task:
    """What a peer is given: training rows with labels, test rows, and what the columns are."""

    train: pd.DataFrame
    test: pd.DataFrame
    catalogue: Catalogue
    threads: int = 1
    seed: int = 7

    @property
    def label(self) -> Floats:
        """Labels of the training rows."""
        return self.train["label"].to_numpy(dtype=np.float64)

    @property
    def weight(self) -> Floats:
        """Weights of the training rows, as leadgauge takes them."""
        return self.train["weight"].to_numpy(dtype=np.float64)

    @property
    def numbers(self) -> list[str]:
        """Number features that vary or are missing here and there in training."""
        names = [
            name for name in self.catalogue.names if name not in set(self.catalogue.categories)
        ]
        return [name for name in names if self.train[name].notna().any()]

    @property
    def categories(self) -> list[str]:
        """Category features with a value in training."""
        return [name for name in self.catalogue.categories if self.train[name].notna().any()]


Peer = Callable[[Task], Floats]


def base_rate(task: Task) -> Floats:
    """Return the close rate of the lead's age."""
    ages = task.train[["age_days"]].to_numpy(dtype=np.float64)
    rate = fit_base_rate(ages, task.label, task.weight, age_feature=0)
    tested = task.test[["age_days"]].to_numpy(dtype=np.float64)
    return expit(rate["base"] + base_rate_contributions(rate, tested).sum(axis=1))


def odoo(task: Task) -> Floats:
    """Return Odoo's scores: naive Bayes on every category of at most 50 levels."""
    columns = low_cardinality(task.catalogue, task.train)
    return OdooScoring.fit(task.train, task.label, task.weight, columns).probability(task.test)


def logistic(task: Task) -> Floats:
    """Return a logistic regression on standardised numbers and one-hot categories, C = 1."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    columns = ColumnTransformer(
        [
            (
                "numbers",
                make_pipeline(
                    SimpleImputer(strategy="median", add_indicator=True), StandardScaler()
                ),
                task.numbers,
            ),
            (
                "categories",
                OneHotEncoder(handle_unknown="ignore", min_frequency=RARE),
                task.categories,
            ),
        ]
    )
    model = make_pipeline(columns, LogisticRegression(C=1.0, max_iter=5000))
    model.fit(_texts(task, task.train), task.label, logisticregression__sample_weight=task.weight)
    return np.asarray(model.predict_proba(_texts(task, task.test))[:, 1], dtype=np.float64)


def lightgbm(task: Task) -> Floats:
    """Return LightGBM as it comes, with its own handling of categories."""
    return _boosted(task, {}, np.ones(len(task.train), dtype=bool))


def lightgbm_early(task: Task) -> Floats:
    """Return LightGBM stopped by the latest fifth of the training rows, then fitted on all with as many rounds."""
    import lightgbm as lgb

    moments = task.train["as_of"]
    late = (moments > moments.quantile(1 - LATEST_SHARE)).to_numpy(dtype=bool)
    label, every = task.label, np.ones(len(task.train), dtype=bool)
    if not all(0 < label[part].sum() < part.sum() for part in (late, ~late)):
        return _boosted(task, {}, every)
    matrix, weight = _categorical(task, task.train), task.weight
    model = lgb.LGBMClassifier(n_estimators=MOST_ROUNDS, **_settings(task))
    model.fit(
        matrix[~late],
        label[~late],
        sample_weight=weight[~late],
        eval_X=matrix[late],
        eval_y=label[late],
        eval_sample_weight=[weight[late]],
        callbacks=[lgb.early_stopping(PATIENCE, verbose=False)],
    )
    return _boosted(task, {"n_estimators": max(int(model.best_iteration_), 1)}, every)


def _boosted(task: Task, settings: dict[str, Any], rows: np.ndarray) -> Floats:
    import lightgbm as lgb

    model = lgb.LGBMClassifier(**_settings(task) | settings)
    model.fit(
        _categorical(task, task.train)[rows], task.label[rows], sample_weight=task.weight[rows]
    )
    told = model.predict_proba(_categorical(task, task.test))
    return np.asarray(told, dtype=np.float64)[:, 1]


def _settings(task: Task) -> dict[str, Any]:
    return {
        "n_jobs": task.threads,
        "random_state": task.seed,
        "verbosity": -1,
        "deterministic": True,
        "force_col_wise": True,
    }


def _texts(task: Task, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the features, missing categories as a level of their own."""
    told = {name: rows[name].astype(object).fillna("(missing)") for name in task.categories}
    return rows[task.numbers].assign(**told)


def _categorical(task: Task, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the features, categories with the levels of training; new ones are missing."""
    told = {}
    for name in task.categories:
        levels = sorted(task.train[name].dropna().unique())
        known = rows[name].where(rows[name].isin(levels))
        told[name] = pd.Categorical(known, categories=levels)
    return rows[task.numbers].assign(**told)


PEERS: dict[str, Peer] = {
    "base_rate": base_rate,
    "odoo": odoo,
    "logistic": logistic,
    "lightgbm": lightgbm,
    "lightgbm_early": lightgbm_early,
}
