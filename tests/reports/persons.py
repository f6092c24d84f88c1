"""A lead and an account to draw pages of."""

import math
from datetime import datetime
from typing import Any

from reports.person_facts import (
    AccountChance,
    AccountFacts,
    Checked,
    Happening,
    LeadFacts,
    Part,
    Person,
)

AS_OF = datetime.fromisoformat("2026-03-04T05:00:00")
NIGHT = datetime.fromisoformat("2026-03-03T05:00:00")
CREATED = datetime.fromisoformat("2026-01-05T09:00:00")
BASE = -2.2
PARTS = [
    ("pricing page: 4 in the last 7 days", 0.92),
    ("earlier leads with this Lead Source closed at 14 % (average 9.2 %)", 0.33),
    ("no webinar so far", -0.31),
    *((f"{number} other words", 0.01 * number) for number in range(1, 13)),
]


def person(lead_id: str, state: str = "open", **changes: Any) -> Person:
    return Person.model_validate(
        {"lead_id": lead_id, "state": state, "created_at": CREATED, **changes}
    )


def checked(**changes: Any) -> Checked:
    told = {"accounts": 412, "expected": 99.3, "won": 96, "low": 82, "high": 117}
    return Checked.model_validate({**told, "independent": 121.2, "honest": True, **changes})


def account(**changes: Any) -> AccountFacts:
    facts: dict[str, Any] = {
        "account_id": "Novák & Söhne",
        "as_of": AS_OF,
        "horizon_days": 90,
        "model_version": "7",
        "open": 2,
        "won": 1,
        "lost": 1,
        "won_amount": 18400.0,
        "chance": AccountChance(
            probability=0.381, independent=0.428, scaled=True, checked=checked()
        ),
        "roles_seen": ["Champion", "User"],
        "roles_missing": ["Economic buyer"],
        "published_at": NIGHT,
        "people": [
            person(
                "L-2041",
                probability=0.342,
                grade="A",
                score=96,
                role="Champion",
                route="sales_ready",
                route_reason="grade A, and a place was free",
                last_at=NIGHT,
                last_kind="pricing_page",
            ),
            person("L-1999", probability=0.011, grade="D", score=12, route="nurture"),
            person("L-0417", "won", closed_at=CREATED, amount=18400.0, role="User"),
            person("L-0418", "lost", closed_at=CREATED),
        ],
    }
    return AccountFacts.model_validate({**facts, **changes})


def lead(**changes: Any) -> LeadFacts:
    margin = BASE + sum(value for _, value in PARTS)
    facts: dict[str, Any] = {
        "person": account().people[0],
        "as_of": AS_OF,
        "horizon_days": 90,
        "model_version": "7",
        "probability": 1 / (1 + math.exp(-margin)),
        "low": 0.2,
        "high": 0.45,
        "score": 96,
        "grade": "A",
        "confidence": "medium",
        "confidence_note": "Number of Employees: 12 was rare in training",
        "reasons_for": ["pricing page: 4 in the last 7 days"],
        "reasons_against": ["no webinar so far"],
        "base_log_odds": BASE,
        "parts": [Part(words=words, log_odds=value) for words, value in PARTS],
        "published_at": NIGHT,
        "history": [
            Happening(at=NIGHT, what="handed over", detail="by the night", who="Anna Weiss"),
            Happening(at=CREATED, what="visits to the blog"),
            Happening(at=None, what="won"),
        ],
        "history_left_out": 3,
        "account": account(),
    }
    return LeadFacts.model_validate({**facts, **changes})
