"""The measured nights as ratios and as tables."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

TRAINING, NIGHT = "leadgauge train (12,000 leads)", "leadgauge score"


def headline(results: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the figures that the benchmark is asked for, of the largest size that has each."""
    sizes: Sequence[Mapping[str, Any]] = results["sizes"]
    night = sizes[-1]["night"]
    cases = results.get("reasons", {}).get("cases", [])
    both = [one for one in sizes if "contributions" in _steps(one, "pandas")]
    features = [one for one in sizes if _steps(one, "pandas")]
    grown = [one for one in growth(sizes) if one["what"] == NIGHT]
    return {
        "night_seconds": night["seconds"],
        "night_peak_mb": night["peak_mb"],
        "shap_ratio_vs_pred_contrib": cases[0]["ratio"] if cases else None,
        "train_ratio_vs_lightgbm": results.get("training", {}).get("ratio"),
        "train_processor_ratio_vs_lightgbm": results.get("training", {}).get("processor_ratio"),
        "night_ratio_vs_pandas_shap": _ratio(both, lambda one: _night(one, "pandas")),
        "night_ratio_vs_polars_pred_contrib": _ratio(both, lambda one: _night(one, "polars")),
        "features_ratio_vs_pandas": _ratio(features, lambda one: features_ratio(one, "pandas")),
        "features_ratio_vs_polars": _ratio(features, lambda one: features_ratio(one, "polars")),
        "features_with_checks_ratio_vs_pandas": _ratio(features, features_with_checks_ratio),
        "night_seconds_growth": grown[-1]["seconds"] if grown else None,
        "night_peak_growth": grown[-1]["peak_mb"] if grown else None,
    }


def features_ratio(one: Mapping[str, Any], engine: str) -> float:
    """Return how many times as long a peer takes to make the features as leadgauge does.

    Reading is in neither: the peer's tables lie in memory, leadgauge's as checked Parquet on disk, to which
    it writes its features, too.
    """
    return float(_steps(one, engine)["features"] / one["assembling"]["features"])


def features_with_checks_ratio(one: Mapping[str, Any]) -> float:
    """Return the same with reading on both sides, where leadgauge checks every row and pandas none."""
    theirs, ours = _steps(one, "pandas"), one["assembling"]
    return float(
        (theirs["read"] + theirs["features"]) / (ours["read_and_check"] + ours["features"])
    )


def growth(sizes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return how many times as much each run takes as at the size before, for what ran at both sizes.

    ``seconds_per_lead``: the seconds' factor over that of the leads; 1 is growth in proportion.
    """
    found = []
    for before, after in pairwise(sizes):
        earlier, leads = dict(_runs(before)), after["leads"] / before["leads"]
        for what, ran in _runs(after):
            if what in earlier and what != TRAINING:
                then = earlier[what]
                seconds = ran["seconds"] / then["seconds"]
                found.append(
                    {
                        "what": what,
                        "from": before["leads"],
                        "to": after["leads"],
                        "leads": leads,
                        "seconds": seconds,
                        "seconds_per_lead": seconds / leads,
                        "peak_mb": ran["peak_mb"] / then["peak_mb"],
                    }
                )
    return found


def _steps(one: Mapping[str, Any], engine: str) -> Mapping[str, float]:
    found: Mapping[str, float] = one["peers"].get(engine, {}).get("steps", {})
    return found


def _night(one: Mapping[str, Any], engine: str) -> float:
    return float(one["peers"][engine]["seconds"] / one["night"]["seconds"])


def _ratio(sizes: Sequence[Mapping[str, Any]], of: Any) -> float | None:  # noqa: ANN401
    return of(sizes[-1]) if sizes else None


def document(results: Mapping[str, Any]) -> str:
    """Return the results as Markdown."""
    lines = [f"`{results['command']}`, {results['machine']}", ""]
    lines += [", ".join(f"{name} {number}" for name, number in results["versions"].items()), ""]
    lines += _table(
        ["open leads", "events", "what", "seconds", "of processors", "peak MB"],
        [
            [f"{one['leads']:,}", f"{one['events']:,}", what, *_figures(ran)]
            for one in results["sizes"]
            for what, ran in _runs(one)
        ],
    )
    for one in results["sizes"]:
        lines += ["", f"Steps of the night, {one['leads']:,} open leads:", ""]
        lines += _table(
            ["step", "seconds"],
            [[step, f"{seconds:.1f}"] for step, seconds in one["night"]["steps"].items()],
        )
        floor = one["floor"]
        lines += [
            "",
            f"Floor: scan of the events {floor['scan']:.1f} s, LightGBM's margins alone {floor['predict']:.1f} s,"
            f" contributions alone {floor['kernel']:.1f} s. Assembling in a process of its own:"
            f" reading and checking {one['assembling']['read_and_check']:.1f} s,"
            f" features {one['assembling']['features']:.1f} s ({one['assembling']['columns']} columns).",
        ]
        for engine, peer in one["peers"].items():
            steps = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in peer["steps"].items())
            lines += ["", f"{engine}: {steps}."]
    lines += _growth(results["sizes"]) + _training(results.get("training"))
    lines += ["", "| figure | |", "|---|---:|"]
    lines += [f"| `{name}` | {_number(results[name])} |" for name in KEYS if name in results]
    return "\n".join(lines) + "\n"


FACTORS = {
    "leads": "leads x",
    "seconds": "seconds x",
    "seconds_per_lead": "seconds per lead x",
    "peak_mb": "peak MB x",
}
KEYS = (
    "night_seconds",
    "night_peak_mb",
    "shap_ratio_vs_pred_contrib",
    "night_ratio_vs_pandas_shap",
    "night_ratio_vs_polars_pred_contrib",
    "train_ratio_vs_lightgbm",
    "train_processor_ratio_vs_lightgbm",
    "features_ratio_vs_pandas",
    "features_ratio_vs_polars",
    "features_with_checks_ratio_vs_pandas",
    "night_seconds_growth",
    "night_peak_growth",
)


def _runs(one: Mapping[str, Any]) -> list[tuple[str, Mapping[str, float]]]:
    peers = [
        (
            f"{engine}, {'whole night' if 'contributions' in peer['steps'] else 'features alone'}",
            peer,
        )
        for engine, peer in one["peers"].items()
    ]
    return [
        (TRAINING, one["train"]),
        (NIGHT, one["night"]),
        *peers,
    ]


def _growth(sizes: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = [
        [
            f"{one['from']:,}",
            f"{one['to']:,}",
            one["what"],
            *(f"{one[name]:.2f}" for name in FACTORS),
        ]
        for one in growth(sizes)
    ]
    if not rows:
        return []
    head = ["from", "to open leads", "what", *FACTORS.values()]
    return ["", "Growth, each size over the one before:", "", *_table(head, rows)]


def _training(told: Mapping[str, float] | None) -> list[str]:
    if told is None:
        return []
    words = (
        f"Training on {told['rows']:,} rows: {told['seconds']:.1f} s. LightGBM's calls, which run beside each"
        f" other, add up to {told['lightgbm_seconds']:.1f} s (data {told['build_seconds']:.1f} s,"
        f" trees {told['grow_seconds']:.1f} s, predictions {told['predict_seconds']:.1f} s);"
        f" {told['rest_seconds']:.1f} s passed without any. Of processors: {told['processor_seconds']:.1f} s,"
        f" LightGBM's {told['lightgbm_processor_seconds']:.1f} s."
    )
    return ["", words]


def _figures(ran: Mapping[str, float]) -> list[str]:
    return [f"{ran['seconds']:.1f}", f"{ran['cpu_seconds']:.1f}", f"{ran['peak_mb']:,.0f}"]


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:,.2f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]
