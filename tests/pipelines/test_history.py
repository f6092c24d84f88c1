"""``leadgauge history``: everything that is known of one lead, in the order of time."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import UsageError
from pipelines.feedback import feedback
from pipelines.history import history
from pipelines.steps import DirectSteps
from pipelines.summary import Summary
from tests.features.company import Company
from tests.pipelines import drawn_runs
from tests.pipelines.drawn_runs import request, written

LEADS = """
    id | created          | team  | channel | push
    1  | 2026-01-01 10:00 | south | web     | spring
    2  | 2026-01-02 10:00 | east  | fair    | -
"""
EVENTS = """
    lead | kind        | at               | who | why
    1    | pricing     | 2026-01-02 09:00 | -   | -
    1    | pricing     | 2026-01-02 22:30 | -   | -
    1    | pricing     | 2026-01-02 23:30 | -   | -
    1    | handed_over | 2026-01-04 08:00 | Mia | -
    1    | rejected    | 2026-01-05 08:00 | Kim | too small
    2    | pricing     | 2026-01-05 08:00 | -   | -
"""
HISTORY = "lead | field | was | is | at\n1 | team | north | south | 2026-01-03 10:00"


@pytest.fixture
def company(tmp_path: Path) -> Company:
    made = drawn_runs.company(tmp_path, LEADS)
    made.sources["leads"]["columns"] |= {"source": "channel", "campaign": "push"}
    made.sources["outcomes"]["columns"] |= {"amount": "amount", "reason": "why"}
    made.draw(
        "deals.csv",
        """
        lead | result | closed           | amount | why
        1    | won    | 2026-02-10 10:00 | 12500  | -
        2    | lost   | 2026-02-12 10:00 | -      | price
        """,
    )
    made.sources["events"] = {
        "path": "events.csv",
        "columns": {"lead_id": "lead", "kind": "kind", "occurred_at": "at"}
        | {"actor": "who", "reason": "why"},
    }
    made.draw("events.csv", EVENTS)
    made.sources["history"] = {
        "path": "history.csv",
        "columns": {"lead_id": "lead", "field": "field", "old_value": "was"}
        | {"new_value": "is", "changed_at": "at"},
    }
    made.draw("history.csv", HISTORY)
    made.settings |= {
        "timezone": "Europe/Berlin",
        "features": {"words": {"pricing": "visits to the pricing page"}},
    }
    for source in made.sources.values():
        source["timezone"] = "UTC"
    return made


def told(company: Company, lead: str = "1", **given: Any) -> Summary:
    return history(request(company, lead_id=lead, **given), DirectSteps())


def lines(summary: Summary) -> list[tuple[str | None, ...]]:
    return [
        (
            None if line["at"] is None else f"{line['at']:%m-%d %H:%M}",
            line["what"],
            line["detail"],
            line["actor"],
            line["from"],
        )
        for line in summary.facts["history"]
    ]


def published(company: Company, night: str, digest: str, **lead: Any) -> Path:
    """Put a night with one lead where publications lie; return its scores."""
    root = company.root.parent / "home" / "publications" / "company"
    version = root / "versions" / f"{night}-{digest}"
    version.mkdir(parents=True)
    row = {"lead_id": "1", "score": 50, "grade": "B", "route": "nurture", "model_version": "3"}
    pq.write_table(pa.Table.from_pylist([{**row, **lead}]), version / "scores.parquet")
    (root / "nights").mkdir(exist_ok=True)
    (root / "nights" / night).symlink_to(Path("..") / "versions" / version.name)
    return version / "scores.parquet"


def test_what_the_crm_knows_is_told_in_the_order_of_time(company: Company) -> None:
    summary = told(company)
    visits = "visits to the pricing page"
    assert lines(summary) == [
        ("01-01 10:00", "created", "source web, campaign spring", "", "crm"),
        ("01-02 09:00", visits, "2 times, the last at 22:30 UTC", "", "crm"),
        ("01-02 23:30", visits, "", "", "crm"),
        ("01-03 10:00", "changed", "team: north to south", "", "crm"),
        ("01-04 08:00", "handed over", "", "Mia", "crm"),
        ("01-05 08:00", "rejected", "too small", "Kim", "crm"),
        ("02-10 10:00", "won", "EUR 12,500", "", "crm"),
    ]
    assert summary.headline == (
        "Lead 1: created on 2026-01-01, won on 2026-02-10; 7 lines of history."
    )


def test_what_was_not_known_at_the_moment_is_not_told(company: Company) -> None:
    summary = told(company, as_of=datetime.fromisoformat("2026-01-05T08:00"))
    assert [line[1] for line in lines(summary)][-1] == "handed over"
    assert summary.headline == "Lead 1: created on 2026-01-01, open; 5 lines of history."


def test_feedback_stands_beside_the_crms_steps(company: Company) -> None:
    drawing = """
        lead | step      | when             | who | reason         | route       | note
        1    | overruled | 2026-01-06 10:00 | Lee | called us      | sales_ready | ask for Jo
        1    | accepted  | 2026-01-06 11:00 | Lee | -              | -           | -
        2    | accepted  | 2026-01-06 11:00 | Lee | -              | -           | -
    """
    file = written(company.root / "told.csv", drawing)
    feedback(request(company, file=str(file)), DirectSteps())
    later = told(company, now=datetime.fromisoformat("2026-03-02"))
    assert [line for line in lines(later) if line[4] == "feedback"] == [
        ("01-06 09:00", "overruled", "to sales ready, called us, ask for Jo", "Lee", "feedback"),
        ("01-06 10:00", "accepted", "", "Lee", "feedback"),
    ]
    early = told(company, as_of=datetime.fromisoformat("2026-02-01"))
    assert [line for line in lines(early) if line[4] == "feedback"] == []


def test_a_night_is_told_where_score_grade_or_route_changed(company: Company) -> None:
    published(company, "20260102T043000Z", "a")
    published(company, "20260103T043000Z", "b")
    published(company, "20260104T043000Z", "c", route="sales_ready", model_version="4")
    published(company, "20260105T043000Z", "d", score=60, route="sales_ready")
    published(company, "20260106T043000Z", "e", lead_id="2")
    published(company, "20260107T043000Z", "f", score=60, route="sales_ready")
    summary = told(company, as_of=datetime.fromisoformat("2026-01-07T04:30"))
    assert [line for line in lines(summary) if line[4] == "leadgauge"] == [
        ("01-02 04:30", "scored", "score 50, grade B, nurture", "model 3", "leadgauge"),
        ("01-04 04:30", "scored", "score 50, grade B, sales ready", "model 4", "leadgauge"),
        ("01-05 04:30", "scored", "score 60, grade B, sales ready", "model 3", "leadgauge"),
        ("01-07 04:30", "scored", "score 60, grade B, sales ready", "model 3", "leadgauge"),
    ]
    early = told(company, as_of=datetime.fromisoformat("2026-01-04"))
    assert len([line for line in lines(early) if line[4] == "leadgauge"]) == 1


def test_a_damaged_night_is_named_and_left_out(company: Company) -> None:
    published(company, "20260102T043000Z", "a")
    published(company, "20260103T043000Z", "b").write_bytes(b"no scores")
    summary = told(company)
    assert len([line for line in lines(summary) if line[4] == "leadgauge"]) == 1
    (warning,) = (line for line in summary.warnings if "night" in line)
    assert warning.startswith("the night 20260103T043000Z is damaged and left out; `leadgauge")


def test_a_lost_lead_tells_why(company: Company) -> None:
    assert lines(told(company, "2"))[-1] == ("02-12 10:00", "lost", "price", "", "crm")


def test_an_end_without_a_time_comes_last(company: Company) -> None:
    del company.sources["outcomes"]["columns"]["closed_at"]
    summary = told(company)
    assert lines(summary)[-1] == (None, "won", "EUR 12,500", "", "crm")
    assert summary.headline.startswith("Lead 1: created on 2026-01-01, won; ")


def test_a_lead_that_there_is_not_is_a_wrong_call(company: Company) -> None:
    with pytest.raises(UsageError, match="no lead has the id '77': check its spelling"):
        told(company, "77")


def test_an_id_with_quotes_is_an_id(company: Company) -> None:
    company.draw("leads.csv", LEADS.replace("    2 ", "    O'Neil "))
    assert lines(told(company, "O'Neil"))[0][1] == "created"
