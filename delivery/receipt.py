"""What every published score carries: which model, which run, which data, until when."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}")
_TIMES = ("data_as_of", "scored_at", "expires_at")


def naive_utc(moment: datetime) -> datetime:
    """Return a moment as naive UTC; a naive one is UTC already."""
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def iso(moment: datetime) -> str:
    """Return a moment as ``YYYY-MM-DDThh:mm:ss.sssZ``, the one form in which all files write times."""
    return naive_utc(moment).isoformat(timespec="milliseconds") + "Z"


def from_iso(text: str) -> datetime:
    """Return the naive UTC moment that :func:`iso` wrote.

    Raises:
        ValueError: not of that form.
    """
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=None)  # noqa: DTZ007  naive UTC is the house rule


@dataclass(frozen=True)
class Receipt:
    """Where a night's scores come from. All times are UTC and the caller's: nothing here knows the clock.

    Raises:
        ValueError: a label that machine files cannot carry, or a score that expires before it was made.
    """

    project: str
    model_version: str
    run_id: str
    data_as_of: datetime
    scored_at: datetime
    expires_at: datetime

    def __post_init__(self) -> None:
        for name in ("project", "model_version", "run_id"):
            if not _LABEL.fullmatch(getattr(self, name)):
                raise ValueError(
                    f"receipt: {name} is {getattr(self, name)!r}; expected letters, digits and . _ : / -"
                )
        for name in _TIMES:
            moment = naive_utc(getattr(self, name))
            object.__setattr__(
                self, name, moment.replace(microsecond=moment.microsecond // 1000 * 1000)
            )
        if self.expires_at <= self.scored_at:
            raise ValueError(
                f"receipt: expires_at {iso(self.expires_at)} is not after scored_at {iso(self.scored_at)}"
            )

    def as_text(self) -> dict[str, str]:
        """Return the fields as text, times in ISO 8601."""
        return {
            name: iso(value) if name in _TIMES else str(value) for name, value in vars(self).items()
        }

    @classmethod
    def from_text(cls, fields: dict[str, str]) -> "Receipt":
        """Return the receipt that :meth:`as_text` wrote.

        Raises:
            KeyError: a field is missing.
            ValueError: a time or a label is not of its form.
        """
        data_as_of, scored_at, expires_at = (from_iso(fields[name]) for name in _TIMES)
        return cls(
            fields["project"],
            fields["model_version"],
            fields["run_id"],
            data_as_of,
            scored_at,
            expires_at,
        )
