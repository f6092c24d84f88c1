"""The second step: ridge logistic regression on standardised numbers and one-hot categories."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import skew

from models.base_rate import logit
from models.scorer import Floats, Spec, standardised

STRENGTHS = (0.002, 0.01, 0.05, 0.3, 2.0)
DEFAULT_STRENGTH = 0.01
NEWTON_COLUMNS = 400


class LogisticDesign:
    """The columns that the regression sees, learned on one training set, and the way back to features."""

    def __init__(self, features: list[Spec], matrix: Floats, weight: Floats, base: Spec) -> None:
        share = weight / weight.sum()
        self.numbers = [
            part
            for position, spec in enumerate(features)
            if spec["type"] == "number"
            and (part := _number_part(position, matrix[:, position], share, base)) is not None
        ]
        self.categories: list[Spec] = []
        columns: list[Floats] = []
        for part in self.numbers:
            values = matrix[:, part["feature"]]
            columns.append(standardised(part, values))
            if part["missing_mean"] > 0:
                columns.append(np.isnan(values) - part["missing_mean"])
        for position, spec in enumerate(features):
            if spec["type"] == "category" and len(spec["levels"]) > 1:
                hot = matrix[:, position, None] == np.arange(len(spec["levels"]))
                means = share @ hot
                self.categories.append({"feature": position, "means": means})
                columns.extend((hot - means).T)
        self.matrix = np.column_stack(columns) if columns else np.zeros((len(matrix), 0))

    def spec(self, coef: Floats, intercept: float) -> Spec:
        """Return the fitted step as JSON. Columns are centred, so the intercept is the base."""
        remaining = iter(coef)
        numbers = []
        for part in self.numbers:
            own = float(next(remaining))
            gap = float(next(remaining)) if part["missing_mean"] > 0 else 0.0
            numbers.append({**part, "coef": own, "missing_coef": gap})
        categories = []
        for part in self.categories:
            own_effects = np.array([next(remaining) for _ in part["means"]])
            effects = own_effects - float(part["means"] @ own_effects)
            categories.append(
                {"feature": part["feature"], "effects": [float(effect) for effect in effects]}
            )
        return {"base": float(intercept), "numbers": numbers, "categories": categories}


def _number_part(position: int, values: Floats, share: Floats, base: Spec) -> Spec | None:
    """Learn how one column is bent, its mean and scale; None if it never varies.

    Age is read through the base rate's bands: a close rate seldom falls along a straight line of age,
    and so the regression starts from the step below it.
    """
    known = ~np.isnan(values)
    missing = float(share[~known].sum())
    if not known.any():
        return None
    part: Spec = {"feature": position, "mean": 0.0, "scale": 1.0}
    if position == base["feature"]:
        part |= {"edges": base["edges"], "margins": base["margins"]}
    else:
        low, high = (float(edge) for edge in np.quantile(values[known], [0.005, 0.995]))
        # Counts and amounts have tails that a straight line would follow too far.
        clipped = np.clip(values[known], low, high)
        part |= {
            "low": low,
            "high": high,
            "log": bool(clipped.std() > 0 and abs(float(skew(clipped))) > 2),
        }
    bent = standardised(part, values)[known]
    within = share[known] / share[known].sum()
    mean = float(within @ bent)
    scale = float(np.sqrt(within @ (bent - mean) ** 2))
    gaps = 0.005 < missing < 0.995
    if scale < 1e-9 and not gaps:
        return None
    return part | {
        "mean": mean,
        "scale": scale if scale >= 1e-9 else 1.0,
        "missing_mean": missing if gaps else 0.0,
    }


def fit_logistic(
    features: list[Spec],
    matrix: Floats,
    label: Floats,
    weight: Floats,
    *,
    base: Spec,
    strengths: Sequence[float],
) -> dict[float, Spec]:
    """Fit one regression per strength C (inverse penalty, in leads), the weakest first, each from the last one's end.

    The weights sum to about the number of leads, so that C means the same whatever the number of snapshots.
    No class weights: they would spoil the probabilities.
    """
    from sklearn.linear_model import LogisticRegression

    design = LogisticDesign(features, matrix, weight, base)
    if design.matrix.shape[1] == 0:
        overall = float(logit(np.array([np.average(label, weights=weight)]))[0])
        return {strength: design.spec(np.zeros(0), overall) for strength in strengths}
    # Newton's method takes a step in columns squared; up to so many it is the sooner at the end, and nearer to it.
    few = design.matrix.shape[1] <= NEWTON_COLUMNS
    model = LogisticRegression(
        solver="newton-cholesky" if few else "lbfgs", tol=1e-5, max_iter=2000, warm_start=True
    )
    fitted = {}
    for strength in sorted(strengths):
        model.set_params(C=strength).fit(design.matrix, label, sample_weight=weight)
        fitted[strength] = design.spec(model.coef_[0].copy(), float(model.intercept_[0]))
    return fitted
