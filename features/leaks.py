"""Leaks: leads that fall between marketing and sales, one row per lead and leak, and what cannot be judged."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from features import sql
from features.agreement import Agreement
from features.loop import LoopColumns

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

NOT_TOUCHED: Final = "not_touched"
GONE_SILENT: Final = "gone_silent"
LOST_NOT_RECYCLED: Final = "lost_not_recycled"
HIGH_NOT_HANDED: Final = "high_not_handed"
RECYCLED_NOT_MAILED: Final = "recycled_not_mailed"

WHAT_TO_DO: Final = {
    NOT_TOUCHED: "call",
    GONE_SILENT: "ask sales for a word, or take it back",
    HIGH_NOT_HANDED: "hand it over",
    LOST_NOT_RECYCLED: "give it back to marketing",
    RECYCLED_NOT_MAILED: "take it into nurture",
}
LEAKS: Final = tuple(WHAT_TO_DO)
Why = Literal[
    "no_hand_offs",
    "no_contacts",
    "no_word_of_sales",
    "no_publication",
    "no_recycle_reasons",
    "no_recycled",
    "no_nurture_kinds",
    "no_nurture_events",
    "no_returns",
    "no_closing_times",
    "no_loss_reasons",
]
WHY_WORDS: Final[dict[Why, str]] = {
    "no_hand_offs": "no event of the kind handed_over is in the data",
    "no_contacts": "no event of the kinds contacted or agreement.sales_kinds is in the data",
    "no_word_of_sales": "no event of the kinds accepted, contacted or agreement.sales_kinds is in the data",
    "no_publication": "no night was published before this one",
    "no_recycle_reasons": "the project file names no agreement.recycle_reasons",
    "no_recycled": "no event of the kind recycled is in the data",
    "no_nurture_kinds": "the project file names no agreement.nurture_kinds",
    "no_nurture_events": "no event of agreement.nurture_kinds is in the data",
    "no_returns": "no event of the kinds rejected or recycled is in the data",
    "no_closing_times": "the outcomes have no time at which a lead was lost",
    "no_loss_reasons": "the outcomes have no reason of a loss",
}
LOOK_BACK_DAYS = 90
NIGHTS_ENOUGH = (
    2  # a lead that is sales-ready for one night only may have had bad luck with the hour
)
MAIL_WITHIN_DAYS = 7


@dataclass(frozen=True)
class Leaks:
    """What was found.

    ``rows``: ``lead_id, leak, since, owner, team, close_probability, expected_value, what_to_do``; ``since`` is when
    something last happened with the lead (naive UTC). The leaks in the order of ``LEAKS``, in each the leads of most
    value first. ``unknown``: leaks that the data cannot tell, and why (``WHY_WORDS`` says it in words); they have no rows,
    which is not the same as having no leads.
    """

    rows: "pd.DataFrame"
    unknown: dict[str, Why]

    @property
    def counts(self) -> dict[str, int | None]:
        """How many leads leak in each way; None where that is not known."""
        found = self.rows["leak"].value_counts()
        return {
            leak: None if leak in self.unknown else int(found.get(leak, default=0))
            for leak in LEAKS
        }


def find_leaks(
    loop: "Path | pd.DataFrame",
    scored: "Path | pd.DataFrame",
    agreement: Agreement,
    columns: LoopColumns,
    as_of: datetime,
    *,
    handed: "Path | pd.DataFrame | None",
) -> Leaks:
    """Return the leads that leak as of a night.

    Args:
        loop: the loop table (`features.loop`), as of that night, as Parquet or as a frame.
        scored: the open leads' ``lead_id, close_probability, expected_value``.
        agreement: what sales and marketing signed: how soon, which reasons, which kinds.
        columns: what the loop's columns are, and which kinds of events occur at all.
        as_of: the night, naive UTC.
        handed: ``lead_id, first_night, nights`` of the leads that earlier nights gave to sales, and how often;
            without ``nights``, often enough. None: nothing was published before.
    """
    import duckdb

    unknown = dict(_unknown(agreement, columns, published=handed is not None))
    told = [leak for leak in LEAKS if leak not in unknown]
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("SET preserve_insertion_order = false")
        _view(connection, "loop", loop)
        _view(connection, "scored", scored)
        there = connection.table("loop").columns
        unknown |= dict(_not_in_the_loop(connection, told))
        if handed is not None:
            _view(connection, "published", handed)
        team = sql.identifier(columns.team) if columns.team in there else "NULL"
        conditions = _conditions(agreement, sql.moment(as_of))
        parts = [
            _part(number, leak, *conditions[leak], team, handed)
            for number, leak in enumerate(LEAKS)
            if leak not in unknown
        ]
        rows = connection.execute(_all(parts)).df()
    return Leaks(rows.astype({"since": "datetime64[us]"}), unknown)


def _unknown(
    agreement: Agreement, columns: LoopColumns, *, published: bool
) -> Iterator[tuple[str, Why]]:
    """Yield the leaks that what is named and what occurs cannot tell."""
    kinds = set(columns.kinds)
    contact = {"contacted", *agreement.sales_kinds} & kinds
    if "handed_over" not in kinds:
        yield NOT_TOUCHED, "no_hand_offs"
        yield HIGH_NOT_HANDED, "no_hand_offs"
    elif not contact:
        yield NOT_TOUCHED, "no_contacts"
    if not contact | ({"accepted"} & kinds):
        yield (
            GONE_SILENT,
            "no_word_of_sales",
        )
    if "handed_over" in kinds and not published:
        yield HIGH_NOT_HANDED, "no_publication"
    if not agreement.recycle_reasons:
        yield LOST_NOT_RECYCLED, "no_recycle_reasons"
    elif "recycled" not in kinds:
        yield LOST_NOT_RECYCLED, "no_recycled"
    if not agreement.nurture_kinds:
        yield RECYCLED_NOT_MAILED, "no_nurture_kinds"
    elif not set(agreement.nurture_kinds) & kinds:
        yield RECYCLED_NOT_MAILED, "no_nurture_events"
    elif not {"rejected", "recycled"} & kinds:
        yield RECYCLED_NOT_MAILED, "no_returns"


def _not_in_the_loop(connection: "duckdb.DuckDBPyConnection", told: list[str]) -> Iterator[tuple[str, Why]]:  # fmt: skip
    """Yield what the outcomes do not tell."""
    if LOST_NOT_RECYCLED not in told:
        return
    [found] = connection.execute(
        "SELECT count(closed_at), count(reason) FROM loop WHERE won = false"
    ).fetchall()
    if not found[0]:
        yield LOST_NOT_RECYCLED, "no_closing_times"
    elif not found[1]:
        yield LOST_NOT_RECYCLED, "no_loss_reasons"


def _conditions(agreement: Agreement, now: str) -> dict[str, tuple[str, str]]:
    """Return for each leak since when, and the condition, both SQL over the loop (and ``published`` as ``n``)."""
    heard = "greatest(last_sales_at, accepted_at, contacted_at)"
    contact_by = f"{now} - INTERVAL {round(agreement.contact_within_hours * 3600)} SECOND"
    # Who may not be written to or was dropped leaks nowhere when nobody writes.
    wanted = "disqualified_by IS NULL AND overruled_to IS DISTINCT FROM 'disqualified'"
    if agreement.drop_reasons:
        wanted += f" AND NOT coalesce({_said('rejected_reason', agreement.drop_reasons)}, false)"
    if agreement.consent is not None:
        wanted += " AND consent IS TRUE"
    back = f"closed_at >= {now} - INTERVAL {LOOK_BACK_DAYS} DAY"
    return {
        NOT_TOUCHED: (
            "handed_at",
            f"won IS NULL AND with_sales AND contacted_at IS NULL AND handed_at < {contact_by}",
        ),
        GONE_SILENT: (
            heard,
            "won IS NULL AND with_sales AND (accepted_at IS NOT NULL OR contacted_at IS NOT NULL) "
            f"AND {heard} < {now} - INTERVAL {agreement.silent_after_days} DAY",
        ),
        LOST_NOT_RECYCLED: (
            "closed_at",
            f"won = false AND {back} AND {_said('reason', agreement.recycle_reasons)} "
            f"AND NOT coalesce(recycled_at >= closed_at, false) AND {wanted}",
        ),
        HIGH_NOT_HANDED: (
            "n.first_night",
            "won IS NULL AND NOT with_sales AND NOT coalesce(handed_at >= n.first_night, false) "
            f"AND NOT coalesce(came_back_at >= n.first_night, false) AND n.first_night <= {contact_by} AND {wanted}",
        ),
        RECYCLED_NOT_MAILED: (
            "came_back_at",
            f"won IS NULL AND NOT with_sales AND came_back_at < {now} - INTERVAL {MAIL_WITHIN_DAYS} DAY "
            f"AND NOT coalesce(last_nurture_at >= came_back_at, false) AND {wanted}",
        ),
    }


def _said(column: str, values: list[str]) -> str:
    """Return SQL for a reason being one of these, in whichever case it was written."""
    return f"lower(trim(CAST({column} AS VARCHAR))) IN {sql.texts(value.strip().lower() for value in values)}"


def _part(
    number: int, leak: str, since: str, holds: str, team: str, handed: "Path | pd.DataFrame | None"
) -> str:
    nights = "JOIN often AS n USING (lead_id)" if leak == HIGH_NOT_HANDED and handed is not None else ""  # fmt: skip
    return f"""
        SELECT {number} AS place, lead_id, {sql.text(leak)} AS leak, {since} AS since,
            CAST(owner AS VARCHAR) AS owner, CAST({team} AS VARCHAR) AS team,
            {sql.text(WHAT_TO_DO[leak])} AS what_to_do
        FROM loop {nights} WHERE {holds}
    """


def _all(parts: list[str]) -> str:
    nobody = """
        SELECT 0 AS place, NULL::VARCHAR AS lead_id, NULL::VARCHAR AS leak, NULL::TIMESTAMP AS since,
            NULL::VARCHAR AS owner, NULL::VARCHAR AS team, NULL::VARCHAR AS what_to_do WHERE false
    """
    found = " UNION ALL ".join([nobody, *parts])
    return f"""
        SELECT lead_id, leak, since, owner, team, CAST(close_probability AS DOUBLE) AS close_probability,
            CAST(expected_value AS DOUBLE) AS expected_value, what_to_do
        FROM ({found}) LEFT JOIN scored USING (lead_id)
        ORDER BY place, expected_value DESC NULLS LAST, close_probability DESC NULLS LAST, lead_id
    """


def _view(connection: "duckdb.DuckDBPyConnection", name: str, rows: "Path | pd.DataFrame") -> None:
    """Let SQL see a Parquet file or a frame under a name; NaN is no value."""
    if isinstance(rows, Path):
        connection.from_parquet(str(rows)).create_view(f"{name}_read")
    else:
        connection.register(f"{name}_read", rows)
    there = connection.table(f"{name}_read")
    floats = [
        column for column, kind in zip(there.columns, there.types, strict=True) if kind == "DOUBLE"
    ]
    plain = ", ".join(
        f"if(isnan({sql.identifier(column)}), NULL, {sql.identifier(column)}) AS {sql.identifier(column)}"
        for column in floats
    )
    replaced = f" REPLACE ({plain})" if plain else ""
    connection.execute(f"CREATE VIEW {name} AS SELECT *{replaced} FROM {name}_read")
    if name == "published":
        often = f"WHERE nights >= {NIGHTS_ENOUGH}" if "nights" in there.columns else ""
        connection.execute(f"CREATE VIEW often AS SELECT * FROM published {often}")
