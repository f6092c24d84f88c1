"""The ledger of feedback: each word of sales once, known from its time on, and gone when it must go."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from delivery.ledger import SCHEMA, TakenIn, erase, folder, known, take_in
from features.errors import DataError
from tests.features.drawn import parse

FAR = datetime.fromisoformat("2030-01-01")  # naive UTC


def drawn(drawing: str) -> pa.Table:
    """Read drawn feedback; what has no ``recorded`` was recorded as it occurred."""
    rows: list[dict[str, Any]] = [
        {
            "lead_id": row["lead"],
            "step": row["step"],
            "occurred_at": datetime.fromisoformat(str(row["at"])),
            "actor": row.get("who"),
            "reason": row.get("why"),
            "route": row.get("route"),
            "note": row.get("note"),
            "recorded_at": datetime.fromisoformat(str(row.get("recorded") or row["at"])),
            "file": "told.csv",
        }
        for row in parse(drawing)
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


TWO = """
    lead | step      | at               | who | why       | route
    1    | rejected  | 2026-01-03 10:00 | Kim | too small |
    2    | overruled | 2026-01-04 09:30 |     |           | nurture
"""


def told(home: Path, *, before: datetime = FAR) -> list[tuple[object, ...]]:
    rows = known(home, "acme", before)
    return [tuple(row[name] for name in ("lead_id", "step", "reason")) for row in rows.to_pylist()]


def test_what_is_taken_in_is_known(tmp_path: Path) -> None:
    assert take_in(tmp_path, "acme", drawn(TWO)) == TakenIn(added=2, known=0)
    assert known(tmp_path, "acme", FAR).equals(drawn(TWO))


def test_a_row_given_twice_is_there_once_even_without_an_actor_or_a_route(tmp_path: Path) -> None:
    take_in(tmp_path, "acme", drawn(TWO))
    assert take_in(tmp_path, "acme", drawn(TWO)) == TakenIn(added=0, known=2)
    assert take_in(tmp_path, "acme", pa.concat_tables([drawn(TWO)] * 2)) == TakenIn(0, 4)
    assert known(tmp_path, "acme", FAR).num_rows == 2


def test_twins_within_one_file_count_once(tmp_path: Path) -> None:
    twins = pa.concat_tables([drawn(TWO), drawn(TWO)])
    assert take_in(tmp_path, "acme", twins) == TakenIn(added=2, known=2)
    assert known(tmp_path, "acme", FAR).num_rows == 2


def test_another_actor_time_or_route_makes_another_row(tmp_path: Path) -> None:
    take_in(tmp_path, "acme", drawn(TWO))
    others = drawn("""
        lead | step      | at               | who | why       | route
        1    | rejected  | 2026-01-03 10:00 | Lee | too small |
        1    | rejected  | 2026-01-03 10:01 | Kim | too small |
        2    | overruled | 2026-01-04 09:30 |     |           | recycle
    """)
    assert take_in(tmp_path, "acme", others) == TakenIn(added=3, known=0)


def test_the_first_word_stands(tmp_path: Path) -> None:
    take_in(tmp_path, "acme", drawn(TWO))
    again = drawn(TWO.replace("too small", "no budget"))
    assert take_in(tmp_path, "acme", again) == TakenIn(added=0, known=2)
    assert told(tmp_path)[0] == ("1", "rejected", "too small")


def test_a_row_is_known_once_it_has_both_happened_and_been_recorded(tmp_path: Path) -> None:
    late = drawn("""
        lead | step     | at               | recorded
        1    | accepted | 2026-01-03 10:00 | 2026-01-05 08:00
        2    | accepted | 2026-01-06 10:00 | 2026-01-05 08:00
    """)
    take_in(tmp_path, "acme", late)
    moments = ("2026-01-05T08:00", "2026-01-05T08:01", "2026-01-06T10:00", "2026-01-06T10:01")
    counts = [known(tmp_path, "acme", datetime.fromisoformat(m)).num_rows for m in moments]
    assert counts == [0, 1, 1, 2]


def test_nothing_is_known_before_anything_was_taken_in(tmp_path: Path) -> None:
    assert known(tmp_path, "acme", FAR).equals(SCHEMA.empty_table())
    assert erase(tmp_path, "acme", ["1"]) == 0
    assert not folder(tmp_path, "acme").exists()


def test_an_erased_lead_is_in_no_file_of_the_ledger_any_more(tmp_path: Path) -> None:
    rows = drawn("""
        lead          | step     | at               | who | why                 | note
        lead-of-anna  | rejected | 2026-01-03 10:00 | Kim | annas-secret-reason | annas-note
        lead-of-bert  | accepted | 2026-01-03 10:00 | Kim |                     |
        lead-of-anna  | accepted | 2026-01-02 10:00 | Kim |                     |
    """)
    take_in(tmp_path, "acme", rows)
    assert erase(tmp_path, "acme", ["lead-of-anna", "unknown"]) == 2
    assert told(tmp_path) == [("lead-of-bert", "accepted", None)]
    files = [path for path in folder(tmp_path, "acme").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"anna" in path.read_bytes()]


def test_feedback_goes_on_after_an_erasure(tmp_path: Path) -> None:
    take_in(tmp_path, "acme", drawn(TWO))
    erase(tmp_path, "acme", ["1"])
    assert take_in(tmp_path, "acme", drawn(TWO)) == TakenIn(added=1, known=1)


def test_projects_keep_ledgers_of_their_own(tmp_path: Path) -> None:
    take_in(tmp_path, "acme", drawn(TWO))
    assert known(tmp_path, "other", FAR).num_rows == 0


def test_a_damaged_ledger_is_named(tmp_path: Path) -> None:
    take_in(tmp_path, "acme", drawn(TWO))
    for log in (folder(tmp_path, "acme") / "_delta_log").glob("*.json"):
        log.write_text("no log")
    with pytest.raises(DataError, match="the ledger of feedback cannot be read"):
        known(tmp_path, "acme", FAR)


def test_a_project_cannot_lead_out_of_the_home(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not a project's identifier"):
        take_in(tmp_path, "../other", drawn(TWO))
