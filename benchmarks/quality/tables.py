"""The results as Markdown."""

from collections.abc import Sequence
from typing import Any

NAMES = {
    "leadgauge": "**leadgauge**",
    "base_rate": "base rate by age",
    "odoo": "Odoo",
    "logistic": "logistic regression, one-hot",
    "lightgbm": "LightGBM as it comes",
    "lightgbm_early": "LightGBM, early stopping",
    "catboost": "CatBoost as it comes",
    "autogluon": "AutoGluon, good_quality",
    "exact_observable": "the exact probability given what the tables tell",
    "told_observable": "told what the tables tell, exactly",
    "told_state": "told the hidden state",
}
HEADS = [
    "model",
    "log loss",
    "leadgauge less it (95 %)",
    "Brier",
    "AUC",
    "av. precision",
    "ECE",
    "chance (95 %)",
    "slope",
    "intercept",
    "wins in top 20 %",
    "seconds",
]


def document(results: dict[str, Any]) -> str:
    """Return everything that was measured as one Markdown text."""
    sets = results["sets"]
    judged = {name: one for name, one in sets.items() if "models" in one}
    parts = [f"Measured {results['made_at']} by `{results['command']}` at {results['revision']}."]
    if judged:
        parts += ["## At a glance", _glance(judged)]
    for name, one in sets.items():
        parts += [f"## {name}", *_set(one)]
    if "simulated" in results:
        parts += ["## The simulated company", *_simulated(results["simulated"])]
    return "\n\n".join(parts) + "\n"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(_cell(text) for text in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def number(value: float | None, digits: int = 4) -> str:
    """Return a number with so many digits after the point; a dash where it is not defined."""
    return "-" if value is None else f"{value:.{digits}f}"


def difference(found: dict[str, float] | None) -> str:
    """Return a difference with its interval, and which of the two is surely better."""
    if found is None:
        return ""
    sure = " better" if found["high"] < 0 else " worse" if found["low"] > 0 else ""
    return f"{found['mean']:+.4f} ({found['low']:+.4f} to {found['high']:+.4f}){sure}"


def best_peer(one: dict[str, Any]) -> str | None:
    """Return the peer with the least log loss among those that spoke of all test rows."""
    rivals = _rivals(one)
    return min(rivals, key=lambda name: float(rivals[name]["log_loss"])) if rivals else None


def least_ece(one: dict[str, Any]) -> float | None:
    """Return the least calibration error of a peer among those that spoke of all test rows."""
    return min((float(model["ece"]) for model in _rivals(one).values()), default=None)


def _rivals(one: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: model
        for name, model in one["models"].items()
        if name != "leadgauge" and model["rows"] == one["rows"]
    }


def _glance(judged: dict[str, Any]) -> str:
    rows = []
    for name, one in judged.items():
        ours, rival = one["models"]["leadgauge"], best_peer(one)
        honest = [part for parts in one["calibration"].values() for part in parts]
        theirs = one["models"][rival] if rival else None
        rows.append(
            [
                name,
                ", ".join(dict.fromkeys(origin["step"] for origin in one["origins"])),
                number(ours["log_loss"]),
                f"{NAMES[rival]} {number(theirs['log_loss'])}" if rival and theirs else "-",
                difference(theirs["difference"]) if theirs else "-",
                f"{number(ours['ece'])} of {number(ours['ece_noise_95'])}",
                number(least_ece(one)),
                number(ours["calibration_slope"], 2),
                f"{sum(part['within'] for part in honest)} of {len(honest)}",
                number(max(origin["seconds"]["training"] for origin in one["origins"]), 1),
            ]
        )
    heads = [
        "set",
        "step",
        "log loss",
        "best peer",
        "difference (95 %)",
        "ECE of what chance makes",
        "least ECE of a peer",
        "slope",
        "segments within chance",
        "longest training (s)",
    ]
    return table(heads, rows)


def _set(one: dict[str, Any]) -> list[str]:
    if "models" not in one:
        return [f"Not measured: {one['why']}"]
    parts = [
        (
            f"{one['rows']} test rows of {one['leads']} leads, {one['won_leads']} of them won, after"
            f" {len(one['origins'])} origins; share of ones {one['base_rate']:.1%}, horizon"
            f" {one['horizon_days']:g} days, {one['features']} features."
        ),
        table(HEADS, [_model(name, model, one) for name, model in one["models"].items()]),
        *[f"{NAMES[name]}: {why}." for name, why in one["absent"].items()],
        *[f"Origin {skip['start']} skipped: {skip['why']}" for skip in one["skipped_origins"]],
        _origins(one["origins"]),
    ]
    for by, segments in one["calibration"].items():
        shown = f"source ({one['source_column']})" if by == "source" else by
        if segments:
            parts += [f"Calibration of leadgauge by {shown}:", _segments(segments)]
    if "curve" in one:
        parts += ["Learning curve, tested on the last block:", _curve(one["curve"])]
    if "shuffled" in one:
        parts += [_shuffled(one["shuffled"])]
    return parts


def _model(name: str, model: dict[str, Any], one: dict[str, Any]) -> list[str]:
    partly = model["rows"] < one["rows"]
    last = f" (last block; leadgauge there {number(model['leadgauge_log_loss'])})" if partly else ""
    return [
        NAMES[name],
        number(model["log_loss"]) + last,
        difference(model["difference"]),
        number(model["brier"]),
        number(model["auc"], 3),
        number(model["average_precision"], 3),
        number(model["ece"]),
        number(model["ece_noise_95"]),
        number(model["calibration_slope"], 2),
        number(model["calibration_intercept"], 2),
        number(model["wins_in_top_20"], 3),
        number(model["seconds"], 1),
    ]


def _origins(origins: list[dict[str, Any]]) -> str:
    rows = [
        [
            one["start"][:10],
            one["end"][:10],
            f"{one['training_leads']} / {one['training_wins']}",
            f"{one['rows']} / {one['won_leads']}",
            f"{one['training_base_rate']:.1%}",
            f"{one['base_rate']:.1%}",
            f"{one['mean_probability']['leadgauge']:.1%}",
            one["step"],
            number(one["log_loss"]["leadgauge"]),
            number(one["seconds"]["training"], 1),
        ]
        for one in origins
    ]
    heads = [
        "origin",
        "to",
        "training leads / wins",
        "test rows / won leads",
        "training rate",
        "test rate",
        "predicted",
        "step",
        "log loss",
        "training (s)",
    ]
    return table(heads, rows)


def _segments(segments: list[dict[str, Any]]) -> str:
    rows = [
        [
            one["segment"],
            str(one["rows"]),
            str(one["won_leads"]),
            f"{one['predicted']:.2%}",
            f"{one['observed']:.2%}",
            number(one["ece"]),
            number(one["ece_noise_95"]),
            "yes" if one["within"] else "no",
            number(one["calibration_slope"], 2),
        ]
        for one in segments
    ]
    heads = [
        "segment",
        "rows",
        "won leads",
        "predicted",
        "observed",
        "ECE",
        "chance (95 %)",
        "within",
        "slope",
    ]
    return table(heads, rows)


def _curve(points: list[dict[str, Any]]) -> str:
    rows = [
        [
            str(one["leads"]),
            f"{one['trained']} of {one['samples']}",
            ", ".join(one["steps"]),
            number(one.get("log_loss")),
            number(one.get("base_rate_log_loss")),
            difference(one.get("difference")),
            number(one.get("worst")),
            one["why"],
        ]
        for one in points
    ]
    heads = [
        "leads",
        "samples trained",
        "steps",
        "log loss",
        "base rate",
        "difference (95 %)",
        "worst sample's difference",
        "why refused",
    ]
    return table(heads, rows)


def _shuffled(one: dict[str, Any]) -> str:
    if "why" in one:
        return f"Outcomes dealt anew among the leads: not trained, {one['why']}"
    return (
        f"Outcomes dealt anew among the leads: step {one['step']}, log loss {number(one['log_loss'])},"
        f" less that of the base rate {difference(one['difference'])}."
    )


def _simulated(one: dict[str, Any]) -> list[str]:
    rows = [
        [
            f"{point['moment']} ({point['rows']} rows)",
            NAMES.get(name, name),
            number(error["mean_absolute_error"]),
            f"{error['ratio']:.2f} ({error['low']:.2f} to {error['high']:.2f})",
            f"{error['mean_probability']:.1%}",
        ]
        for point in one["moments"]
        for name, error in point["models"].items()
    ]
    heads = [
        "moment",
        "model",
        "mean absolute error",
        "times the told model's (95 %)",
        "mean probability",
    ]
    return [
        f"{one['leads']} leads, models fitted on what was known at {one['origin'][:10]}. {one['reading']}",
        table(heads, rows),
    ]
