"""Why one lead has the score that it has: in words, and as a picture of what adds up."""

import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.errors import UsageError
from features.frames import open_frame
from features.tables import TableSet
from pipelines.following import follow_outcomes
from pipelines.reading import feature_batches, moment_of, read, tidy
from pipelines.registry import Registry
from pipelines.scoring import catalogue_of
from pipelines.settings import Request
from pipelines.steps import Steps
from pipelines.summary import Summary

if TYPE_CHECKING:
    import pandas as pd

LONGEST = 60  # characters of a bar's words
SHOWN = 12  # concepts in the picture; the rest are summed into one bar


@dataclass(frozen=True)
class Explained:
    """One lead's score, its reasons, what each concept adds in log-odds, and where the picture lies."""

    facts: dict[str, Any]
    picture: Path


def explain(request: Request, steps: Steps) -> Summary:
    """Explain one open lead.

    Raises:
        UsageError: there is no such lead, or it is not open.
        NotEnoughError: there is no champion.
        DataError: the data break the contract, or do not fit the model.
    """
    project = request.project
    lead_id = str(request.options["lead_id"])
    registry = Registry(request.home, project.project)
    champion = steps.reach("ask for the champion", registry.champion, request.shown_file)
    bundle = steps.reach("fetch the model", registry.fetch, champion, request.work)
    catalogue = steps.run("read the model's catalogue", catalogue_of, bundle, project.project)
    tables = steps.reach("read and check the tables", read, request, catalogue)
    as_of = moment_of(request, tables)
    followed = steps.run(
        "follow the outcomes since", follow_outcomes, request, tables, catalogue, bundle, as_of
    )
    frame = steps.run(
        "assemble features", open_frame, tables, project, catalogue, as_of, request.work
    )
    found = steps.run(
        "explain the lead", explain_lead, frame, followed.bundle, tables, request, lead_id, as_of
    )
    steps.run("tidy up", tidy, request)
    return Summary(
        project=project.project,
        command="explain",
        run_id=request.run_id,
        as_of=as_of,
        data_cutoff=tables.data_cutoff,
        written=[found.picture],
        warnings=tables.warnings,
        facts={"lead_id": lead_id, "model_version": champion.version, **found.facts},
        headline=_headline(lead_id, found.facts, catalogue.horizon_days),
    )


def explain_lead(
    frame: Path,
    bundle: Path,
    tables: TableSet,
    request: Request,
    lead_id: str,
    as_of: datetime,
) -> Explained:
    """Score one lead of the open ones and draw what adds up to its score.

    Raises:
        UsageError: the lead is not among them.
    """
    from models.bundle import Bundle
    from models.reasons import score
    from models.speaking import told

    model = Bundle.load(bundle)
    row = _find(frame, model, lead_id)
    if row is None:
        raise UsageError(_absent(tables, lead_id, as_of))
    scored = score(row, model).iloc[0]
    parts = [(str(concept), float(value)) for concept, value in scored["contributions"]]
    words = told(row, model)[0]
    margin = float(model.margin(row)[0])
    base = margin - sum(value for _, value in parts)
    picture = request.project_home.reports / f"lead-{_file_name(lead_id)}-{as_of:%Y-%m-%d}.png"
    picture.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _draw([(words[concept], value) for concept, value in parts], base, margin, picture)
    return Explained(
        facts={
            "close_probability": float(scored["close_probability"]),
            "score": int(scored["score"]),
            "grade": str(scored["grade"]),
            "probability_low": _known(scored["probability_low"]),
            "probability_high": _known(scored["probability_high"]),
            "confidence": str(scored["confidence"]),
            "confidence_note": str(scored["confidence_note"]),
            "seen": _known(scored["seen"]),
            "reasons_for": list(scored["reasons_for"]),
            "reasons_against": list(scored["reasons_against"]),
            "base_log_odds": base,
            "contributions": [
                {"concept": concept, "words": words[concept], "log_odds": value}
                for concept, value in parts
            ],
        },
        picture=picture,
    )


def _known(value: float) -> float | None:
    """Return a number as JSON takes it: None for one that there is not."""
    return None if math.isnan(value) else float(value)


def _headline(lead_id: str, facts: dict[str, Any], horizon_days: int) -> str:
    from delivery.people import of_a_hundred

    told = f"Lead {lead_id}: {100 * facts['close_probability']:.1f} % to close within {horizon_days} days"
    if facts["probability_low"] is not None:
        ends = [f"{facts[name]:.4f}" for name in ("probability_low", "probability_high")]
        told += f" (of leads like it, {of_a_hundred(*ends)} closed)"
    told += f", score {facts['score']}, grade {facts['grade']}, confidence {facts['confidence']}"
    return f"{told} ({facts['confidence_note']})." if facts["confidence_note"] else f"{told}."


def _find(frame: Path, model: Any, lead_id: str) -> "pd.DataFrame | None":  # noqa: ANN401  a Bundle
    for batch in feature_batches(frame, model.catalogue):
        mine = batch[batch["lead_id"].astype(str) == lead_id]
        if len(mine):
            return mine.reset_index(drop=True)
    return None


def _absent(tables: TableSet, lead_id: str, as_of: datetime) -> str:
    """Say why a lead is not among the open ones."""
    import pandas as pd

    moment = f"{as_of:%Y-%m-%d %H:%M} UTC"
    leads = pd.read_parquet(tables.path("leads"), columns=["lead_id"])
    if not leads["lead_id"].astype(str).eq(lead_id).any():
        return (
            f"no lead has the id {lead_id!r} at {moment}: check its spelling, whether it was created by then, "
            f"whether it is on the suppression list, and {tables.folder / 'quarantine.csv'}"
        )
    outcomes = pd.read_parquet(tables.path("outcomes"), columns=["lead_id", "won", "closed_at"])
    mine = outcomes[outcomes["lead_id"].astype(str) == lead_id]
    if len(mine):
        end = mine.iloc[0]
        word = "won" if bool(end["won"]) else "lost"
        when = "" if pd.isna(end["closed_at"]) else f" on {end['closed_at']:%Y-%m-%d}"
        return f"lead {lead_id!r} is not open at {moment}: it was {word}{when}. Say an earlier moment with --as-of"
    return (
        f"lead {lead_id!r} is not open at {moment}: it counts as lost by the project file "
        "(label.lost_after_days, label.unmatched). Say an earlier moment with --as-of"
    )


def _file_name(lead_id: str) -> str:
    """Return a lead's id as part of a file name: what is neither letter nor digit becomes a dash."""
    return "".join(sign if sign.isalnum() else "-" for sign in lead_id)[:60]


def _shortened(words: str) -> str:
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"


def _draw(parts: list[tuple[str, float]], base: float, margin: float, path: Path) -> None:
    """Draw the waterfall from the base to the lead's log-odds, the strongest concept on top."""
    from matplotlib.figure import Figure

    shown, rest = parts[:SHOWN], parts[SHOWN:]
    bars = [*shown, *([(f"{len(rest)} more", sum(value for _, value in rest))] if rest else [])]
    figure = Figure(figsize=(10, 1.6 + 0.42 * (len(bars) + 1)), dpi=144, layout="constrained")
    axes = figure.subplots()
    axes.axvline(base, color="0.7", linewidth=1)
    position = base
    for place, (_, value) in enumerate(reversed(bars)):
        colour = "#2a7f62" if value >= 0 else "#b5523b"
        axes.barh(place, value, left=position, color=colour, height=0.62)
        position += value
    axes.axvline(margin, color="0.2", linewidth=1)
    axes.set_yticks(
        range(len(bars)),
        [f"{_shortened(name)} ({value:+.2f})" for name, value in reversed(bars)],
        parse_math=False,
    )
    axes.set_xlabel(
        "log-odds of closing:\nfrom the average lead (light line)\nto this one (dark line)"
    )
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    figure.savefig(path, metadata={"Software": None})
