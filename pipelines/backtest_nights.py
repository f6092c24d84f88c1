"""The nights between two trainings of a backtest: scored with the model in use, as they would have been."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from features.assemble import assemble
from features.canonical import moment
from features.catalogue import AccountAttribute, Attribute, Catalogue
from features.declare import as_trained
from features.frames import canonical
from features.tables import AttributeColumn, TableSet, open_tables
from pipelines.backtest_plan import Plan
from pipelines.backtest_retrain import Retraining, read_then
from pipelines.reading import feature_frame
from pipelines.settings import Request

if TYPE_CHECKING:
    import pandas as pd

    from models.bundle import Bundle

OLD_SCORE = "old_score"
NEWEST = "always_newest"  # what the model of the last training says, whatever the gate said
SAID = "__said"  # begins as no feature does
KEY = ["lead_id", "as_of"]
KEPT = ["lead_id", "as_of", "night", "created_at", "age_days", "group_id", "label"]


@dataclass(frozen=True)
class InUse:
    """The model in use, and the feature rows that were assembled for it: all before ``until``."""

    retraining: Retraining
    until: datetime | None = None
    parts: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Stretch:
    """The nights from one training to the next.

    ``used``: the training whose model was in use, None if none was. ``scored`` is a Parquet file of rows,
    None if there was no model at all.
    """

    retraining: Retraining
    nights: int
    used: int | None
    scored: Path | None


def score_nights(
    request: Request, tables: TableSet, plan: Plan, made: Retraining, champion: InUse | None
) -> tuple[Stretch, InUse | None]:
    """Score the nights until the next training with the model in use, and return it with its rows.

    The rows between what the model learned from and the stretch are assembled, too: what a night
    publishes may follow the outcomes that have become known since. Where no model is in use, the rows
    have no ``leadgauge`` but what the newest one would have said, if there is one.
    """
    until = plan.until(made.number)
    nights = sum(made.at <= night < until for night in plan.nights)
    if made.promoted:
        champion = InUse(made)
    used = champion or (InUse(made) if made.refused is None else None)
    if used is None:
        return Stretch(made, nights, None, None), None
    from models.bundle import Bundle

    used = _assembled(request, tables, plan, used, until)
    rows = _published(request, used, since=made.at)
    scored = rows[KEPT].assign(
        leadgauge=rows[SAID] if champion else float("nan"),
        base_rate=Bundle.load(used.retraining.base_rate).probability(rows),
        always_newest=rows[SAID],
    )
    if made.refused is None and made.number != used.retraining.number:
        newest = _published(
            request, _assembled(request, tables, plan, InUse(made), until), since=made.at
        )
        told = newest[[*KEY, SAID]].rename(columns={SAID: NEWEST})
        scored = scored.drop(columns=NEWEST).merge(told, on=KEY, how="left", validate="1:1")
    path = request.work / f"scored-{made.number}.parquet"
    scored.to_parquet(path)
    if champion is None:
        return Stretch(made, nights, None, path), None
    return Stretch(made, nights, used.retraining.number, path), used


def _published(request: Request, used: InUse, since: datetime) -> "pd.DataFrame":
    """Return a model's rows of the nights from ``since`` on, with what it would have published, ``SAID``."""
    import pandas as pd

    from models.bundle import Bundle
    from models.following import as_published

    bundle = Bundle.load(used.retraining.bundle)
    rows = pd.concat(
        [feature_frame(part, bundle.catalogue) for part in used.parts], ignore_index=True
    )
    rows[SAID] = as_published(bundle, rows, request.project.label.horizon_days)
    return rows[rows["night"] >= since].reset_index(drop=True)


def _assembled(
    request: Request,
    tables: TableSet,
    plan: Plan,
    used: InUse,
    until: datetime,
) -> InUse:
    """Assemble what is missing of a model's rows up to ``until``."""
    from models.bundle import Bundle

    trained = used.retraining
    bundle = Bundle.load(trained.bundle)
    read = _as_the_model_reads(request, tables, bundle.catalogue, trained.number)
    path = request.work / f"rows-{trained.number}-{len(used.parts)}.parquet"
    connection = open_tables(read, request.project.limits.memory_gb)
    try:
        rows = connection.read_parquet(plan.snapshots)
        rows = rows.filter(rows.night < moment(until))
        if used.until is None:
            rows = rows.filter(rows.as_of > moment(_followed_until(request, bundle)))
        else:
            rows = rows.filter(rows.night >= moment(used.until))
        snapshots = connection.create_table("nights", rows)
        connection.to_parquet(
            assemble(canonical(connection, read), snapshots, bundle.catalogue), path
        )
    finally:
        connection.disconnect()
    return replace(used, until=until, parts=(*used.parts, path))


def _followed_until(request: Request, bundle: "Bundle") -> datetime:
    """Return the moment after which a night's outcome can still move the model's intercept."""
    learned = datetime.fromisoformat(bundle.training["last_as_of"])
    day = float(bundle.model["following"]["day"])
    if not isfinite(day):
        return learned
    known = datetime.fromtimestamp(day * 86_400, UTC).replace(tzinfo=None)
    return min(learned, known - timedelta(days=request.project.label.horizon_days))


def _as_the_model_reads(
    request: Request, tables: TableSet, catalogue: Catalogue, number: int
) -> TableSet:
    """Return the tables with the column types that the model was trained on, read anew only if they differ."""
    known = {(str(column.table), column.column): column.type for column in tables.attributes}
    asked = {
        ("leads" if isinstance(feature, Attribute) else "accounts", feature.column): feature.type
        for feature in catalogue.features
        if isinstance(feature, Attribute | AccountAttribute)
    }
    if all(known.get(key) == type_ for key, type_ in asked.items()):
        return tables
    folder = request.work / f"tables-as-{number}"
    if (folder / "tables.json").is_file():
        return TableSet.load(folder)
    return read_then(request, as_trained(request.project, catalogue), request.as_of, folder)


def offers(
    request: Request,
    tables: TableSet,
    plan: Plan,
    stretches: list[Stretch],
    old_score: AttributeColumn | None,
) -> "pd.DataFrame":
    """Return the scored rows of all nights with what a win brought, ``amount``, and the old score if there is one.

    Columns: ``KEPT``, ``leadgauge``, ``base_rate``, ``always_newest``, ``amount`` (NaN if not known, or not won), ``old_score``.
    """
    import pandas as pd

    rows = pd.concat(
        [pd.read_parquet(stretch.scored) for stretch in stretches if stretch.scored],
        ignore_index=True,
    )
    outcomes = pd.read_parquet(tables.path("outcomes"), columns=["lead_id", "won", "amount"])
    won = outcomes[outcomes["won"].fillna(value=False).astype(bool)]
    rows = rows.merge(won[["lead_id", "amount"]], on="lead_id", how="left")
    if old_score is not None:
        said = _old_scores(request, tables, plan, old_score)
        rows = rows.merge(said, on=["lead_id", "as_of"], how="left")
    return rows.sort_values(["night", "lead_id"], kind="stable").reset_index(drop=True)


def _old_scores(
    request: Request, tables: TableSet, plan: Plan, column: AttributeColumn
) -> "pd.DataFrame":
    """Return the old score of each night's leads: as it stood then if its history is known, else as exported."""
    import pandas as pd

    catalogue = Catalogue(
        project=request.project.project,
        timezone=request.project.timezone,
        horizon_days=request.project.label.horizon_days,
        features=[
            Attribute(
                name=OLD_SCORE,
                group="who they are",
                concept=OLD_SCORE,
                label=column.label,
                column=column.column,
                changing=True,
            )
        ],
    )
    path = request.work / "old_scores.parquet"
    connection = open_tables(tables, request.project.limits.memory_gb)
    try:
        rows = connection.read_parquet(plan.snapshots)
        rows = rows.filter(
            rows.night >= moment(plan.nights[0]), rows.night <= moment(plan.nights[-1])
        )
        snapshots = connection.create_table("nights", rows)
        connection.to_parquet(assemble(canonical(connection, tables), snapshots, catalogue), path)
    finally:
        connection.disconnect()
    return pd.read_parquet(path, columns=["lead_id", "as_of", OLD_SCORE])


def has_history(tables: TableSet, column: AttributeColumn) -> bool:
    """Tell whether changes of a column of the leads are recorded."""
    import pandas as pd

    fields = pd.read_parquet(tables.path("history"), columns=["field"])["field"]
    return bool((fields == column.column).any())
