"""What a check found wrong, and how it is told to a person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from features.errors import StoppedError

_SHOWN = 5


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: in which file or frame, in which row, in which column, and what was expected.

    ``row`` is a line number of a file, or the id of a lead where there is no file yet.
    """

    where: str
    expected: str
    row: int | str | None = None
    column: str | None = None
    value: str | None = None

    def __str__(self) -> str:
        place = self.where
        if self.row is not None:
            place += f", line {self.row}" if isinstance(self.row, int) else f", lead {self.row!r}"
        if self.column is not None:
            place += f", column {self.column}"
        seen = "" if self.value is None else f"{shortened(self.value)!r}; "
        return f"{place}: {seen}expected {self.expected}"


def shortened(text: str, limit: int = 80) -> str:
    """Return the text, or its beginning if it is long."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def listed(values: Iterable[str]) -> str:
    """Return the first five values, quoted, and how many more there are."""
    known = list(values)
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return ", ".join(repr(shortened(value)) for value in known[:_SHOWN]) + more


def stop_if(problems: Sequence[Problem], what: str, advice: str) -> None:
    """Stop before anything is published if there are problems.

    Raises:
        StoppedError: with the first five problems, the count of the rest, and the advice.
    """
    if not problems:
        return
    lines = [f"  {problem}" for problem in problems[:_SHOWN]]
    if len(problems) > _SHOWN:
        lines.append(f"  and {len(problems) - _SHOWN} more")
    raise StoppedError(
        "\n".join([f"{what}: {len(problems)} problem{'s' * (len(problems) > 1)}", *lines, advice])
    )
