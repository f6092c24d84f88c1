"""Rows that are refused, each with file, row, column, value and reason; rows that are passed over, counted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from features import sql
from features.errors import DataError
from features.raw import FILE, ROW, RawTable
from features.tables import TableCount, TableName

SOURCE = "_leadgauge_source"
_VERDICT = "_leadgauge_verdict"


@dataclass(frozen=True)
class Verdict:
    """One check of a row: ``when`` it holds, the row is refused, or passed over if ``ignored``.

    All but ``column`` are SQL over the judged rows.
    """

    when: str
    reason: str
    column: str = "NULL"
    value: str = "NULL"
    ignored: bool = False


@dataclass
class Quarantine:
    """What became of every row of every table."""

    connection: duckdb.DuckDBPyConnection
    ignored: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    lying: dict[str, tuple[str, list[Verdict]]] = field(
        default_factory=dict[str, tuple[str, list[Verdict]]]
    )

    def judge(
        self, table: TableName, rows: str, verdicts: Sequence[Verdict], survivors: str
    ) -> None:
        """Apply checks in their order, the first that holds decides; the rest is the table ``survivors``."""
        self.pass_over(table, "", 0)
        numbered = " ".join(
            f"WHEN {verdict.when} THEN {number}" for number, verdict in enumerate(verdicts)
        )
        verdict_sql = f"CASE {numbered} END" if verdicts else "CAST(NULL AS INTEGER)"
        self.connection.execute(
            f"CREATE OR REPLACE TABLE judged AS SELECT *, {verdict_sql} AS {_VERDICT} FROM ({rows})"
        )
        hit = dict(
            self.connection.execute(
                f"SELECT {_VERDICT}, count(*) FROM judged WHERE {_VERDICT} IS NOT NULL GROUP BY ALL"
            ).fetchall()
        )
        for number, verdict in enumerate(verdicts):
            if number not in hit:
                continue
            if verdict.ignored:
                reasons = self.connection.execute(
                    f"SELECT {verdict.reason} AS r, count(*) FROM judged WHERE {_VERDICT} = {number} GROUP BY r ORDER BY r"
                ).fetchall()
                for reason, count in reasons:
                    self.pass_over(table, reason, count)
                continue
            self._refuse("SELECT * FROM judged", number, verdict)
        self.connection.execute(f"DROP TABLE IF EXISTS {survivors}")
        if not hit:
            self.connection.execute(f"ALTER TABLE judged DROP COLUMN {_VERDICT}")
            self.connection.execute(f"ALTER TABLE judged RENAME TO {survivors}")
            return
        self.connection.execute(
            f"CREATE TABLE {survivors} AS SELECT * EXCLUDE ({_VERDICT}) FROM judged WHERE {_VERDICT} IS NULL"
        )
        self.connection.execute("DROP TABLE judged")

    def judge_where_they_lie(
        self,
        table: TableName,
        rows: str,
        verdicts: Sequence[Verdict],
        survivors: str,
        *,
        sure: str,
        unless_sure: int,
    ) -> None:
        """Apply checks as ``judge`` does and copy nothing: ``survivors`` is a view.

        What became of the others is counted by ``look_again``, and only where there are others.
        ``sure``: SQL for rows that the first ``unless_sure`` checks cannot refuse; they are not asked.
        """
        self.pass_over(table, "", 0)
        numbered = [f"WHEN {verdict.when} THEN {number}" for number, verdict in enumerate(verdicts)]
        others = " ".join(numbered[unless_sure:])
        verdict_sql = f"CASE WHEN {sure} THEN CASE {others} ELSE NULL END ELSE CASE {' '.join(numbered)} END END"
        judged = f"SELECT *, {verdict_sql} AS {_VERDICT} FROM ({rows})"
        self.connection.execute(
            f"CREATE OR REPLACE VIEW {survivors} AS SELECT * EXCLUDE ({_VERDICT}) FROM ({judged}) WHERE {_VERDICT} IS NULL"
        )
        self.lying[table] = (judged, list(verdicts))

    def look_again(self, table: TableName, kept: int) -> None:
        """Count and refuse what ``judge_where_they_lie`` took out; ``kept`` rows are the survivors."""
        if table not in self.lying:
            return
        judged, verdicts = self.lying.pop(table)
        row = self.connection.execute(f"SELECT count(*) FROM parsed_{table}").fetchone()
        if row is not None and row[0] == kept:
            return
        reasons = " ".join(
            f"WHEN {number} THEN {verdict.reason}"
            for number, verdict in enumerate(verdicts)
            if verdict.ignored
        )
        hit = self.connection.execute(
            f"""
            SELECT {_VERDICT}, CASE {_VERDICT} {reasons} END AS reason, count(*)
            FROM ({judged}) WHERE {_VERDICT} IS NOT NULL GROUP BY ALL ORDER BY ALL
            """
        ).fetchall()
        for number, reason, count in hit:
            if verdicts[number].ignored:
                self.pass_over(table, reason, count)
            else:
                self._refuse(judged, number, verdicts[number])

    def _refuse(self, judged: str, number: int, verdict: Verdict) -> None:
        self.connection.execute(
            f"""
            INSERT INTO refused (source, file, row, "column", value, reason)
            SELECT {SOURCE}, {FILE}, {ROW}, {verdict.column}, left({verdict.value}, 200), {verdict.reason}
            FROM ({judged}) WHERE {_VERDICT} = {number}
            """
        )

    def pass_over(self, table: TableName, reason: str, count: int) -> None:
        """Count rows that are not wrong and yet not taken."""
        counts = self.ignored.setdefault(table, {})
        if count:
            counts[reason] = counts.get(reason, 0) + count

    def write(self, path: Path, raws: Sequence[RawTable]) -> None:
        """Write ``quarantine.csv``, by table, file and row."""
        self.connection.execute(
            "CREATE OR REPLACE TABLE source_files (place INTEGER, source VARCHAR, file INTEGER, tbl VARCHAR, name VARCHAR)"
        )
        listed = [
            (place, raw.key, number, raw.table, name)
            for place, raw in enumerate(raws)
            for number, name in enumerate(raw.files)
        ]
        self.connection.executemany("INSERT INTO source_files VALUES (?, ?, ?, ?, ?)", listed)
        self.connection.execute(
            f"""
            COPY (
                SELECT f.tbl AS "table", f.name AS file, r.row, r."column", r.value, r.reason
                FROM refused AS r JOIN source_files AS f USING (source, file)
                ORDER BY f.place, f.file, r.row
            ) TO {sql.text(str(path))} (FORMAT csv, HEADER)
            """
        )

    def counts(
        self, read: dict[TableName, int], kept: dict[TableName, int]
    ) -> dict[TableName, TableCount]:
        """Return what is told of each table; ``write`` comes first."""
        rows = self.connection.execute(
            "SELECT tbl, reason, count(*) AS n FROM refused JOIN source_files USING (source, file) GROUP BY ALL ORDER BY n DESC, reason"
        ).fetchall()
        reasons: dict[str, dict[str, int]] = {}
        for table, reason, count in rows:
            general = reason.split(" [")[0]
            counted = reasons.setdefault(table, {})
            counted[general] = counted.get(general, 0) + count
        return {
            table: TableCount(
                read=read[table],
                kept=kept[table],
                quarantined=sum(reasons.get(table, {}).values()),
                reasons=reasons.get(table, {}),
                ignored=self.ignored.get(table, {}),
            )
            for table in read
        }

    def refuse_too_many(
        self, counts: dict[TableName, TableCount], share: float, path: Path
    ) -> None:
        """Stop if a table has more refused rows than the project's limit.

        Raises:
            DataError: with the counts per reason, up to five rows of each table, and where all of them are.
        """
        parts: list[str] = []
        for table, count in counts.items():
            if count.quarantined <= share * count.read:
                continue
            parts.append(
                f"{table}: {count.quarantined} of {count.read} rows ({count.quarantined / count.read:.1%}) are refused; "
                f"limits.quarantine_share allows {share:.1%}"
            )
            parts += [f"  {number} x {reason}" for reason, number in count.reasons.items()]
            parts += [f"  for example {line}" for line in self._examples(table)]
        if parts:
            raise DataError("\n".join([*parts, f"all of them, each with its reason: {path}"]))

    def _examples(self, table: TableName) -> list[str]:
        rows = self.connection.execute(
            f"""
            SELECT name, row, "column", value, reason FROM refused JOIN source_files USING (source, file)
            WHERE tbl = {sql.text(table)} QUALIFY row_number() OVER (PARTITION BY reason ORDER BY place, file, row) <= 2
            ORDER BY place, file, row LIMIT 5
            """
        ).fetchall()
        return [
            f"{name} row {row}" + (f", {column} = {value!r}" if column else "") + f": {reason}"
            for name, row, column, value, reason in rows
        ]
