"""Calendar periods in the company's time zone: what a review is about, and what it is held against."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Self
from zoneinfo import ZoneInfo

Kind = Literal["month", "quarter"]
MONTHS = {"month": 1, "quarter": 3}


@dataclass(frozen=True)
class Period:
    """One whole month or quarter, from ``start`` to before ``end``, both naive UTC.

    ``year`` and ``number`` name it: 2026 and 3 are March, or the third quarter.
    """

    kind: Kind
    year: int
    number: int
    start: datetime
    end: datetime

    @classmethod
    def numbered(cls, kind: Kind, year: int, number: int, zone: str) -> Self:
        """Return a period by its name; a number out of range runs into the years beside."""
        per_year = 12 // MONTHS[kind]
        year, number = year + (number - 1) // per_year, (number - 1) % per_year + 1
        return cls(
            kind,
            year,
            number,
            _first(kind, year, number, zone),
            _first(kind, year, number + 1, zone),
        )

    @classmethod
    def last_complete(cls, kind: Kind, as_of: datetime, zone: str) -> Self:
        """Return the last one that is over at ``as_of`` (naive UTC)."""
        local = as_of.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
        running = (local.month - 1) // MONTHS[kind] + 1
        return cls.numbered(kind, local.year, running - 1, zone)

    def earlier(self, zone: str, back: int = 1) -> "Period":
        """Return the one so many before this one."""
        return Period.numbered(self.kind, self.year, self.number - back, zone)

    @property
    def name(self) -> str:
        """Return 2026-Q3 or 2026-03."""
        return (
            f"{self.year}-Q{self.number}"
            if self.kind == "quarter"
            else f"{self.year}-{self.number:02}"
        )


def _first(kind: Kind, year: int, number: int, zone: str) -> datetime:
    month = (number - 1) * MONTHS[kind]
    local = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC).replace(tzinfo=None)
