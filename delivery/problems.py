"""What a check found wrong, and how it is told to a person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from features.errors import StoppedError

_SHOWN = 5
_KEPT = 100  # of one kind: a million broken rows are told by the first and by their number


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


@dataclass
class Tally:
    """Problems as they are met in a large file: the first hundred of each kind are kept, and all are counted."""

    count: int = 0
    _kinds: dict[int, list[Problem]] = field(default_factory=dict)

    def add(self, kind: int, problems: Iterable[Problem], count: int = 1) -> None:
        """Add problems of one kind; of ``count`` that there are, no more than the first hundred need be given."""
        kept = self._kinds.setdefault(kind, [])
        kept.extend(list(problems)[: max(_KEPT - len(kept), 0)])
        self.count += count

    def room(self, kind: int) -> int:
        """Return how many more problems of a kind will be kept."""
        return max(_KEPT - len(self._kinds.get(kind, [])), 0)

    @property
    def problems(self) -> list[Problem]:
        """The problems that were kept, the lower kinds first."""
        return [problem for _, kept in sorted(self._kinds.items()) for problem in kept]


def shortened(text: str, limit: int = 80) -> str:
    """Return the text, or its beginning if it is long."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def listed(values: Iterable[str], count: int | None = None) -> str:
    """Return the first five values, quoted, and how many more there are of the ``count``."""
    known = list(values)
    more = max(len(known) if count is None else count, len(known)) - _SHOWN
    words = ", ".join(repr(shortened(value)) for value in known[:_SHOWN])
    return words + (f" and {more} more" if more > 0 else "")


def stop_if(
    problems: Sequence[Problem], what: str, advice: str, *, count: int | None = None
) -> None:
    """Stop before anything is published if there are problems, ``count`` of them if not all are given.

    Raises:
        StoppedError: with the first five problems, the count of the rest, and the advice.
    """
    if not problems:
        return
    number = max(count or 0, len(problems))
    lines = [f"  {problem}" for problem in problems[:_SHOWN]]
    if number > _SHOWN:
        lines.append(f"  and {number - _SHOWN} more")
    raise StoppedError("\n".join([f"{what}: {number} problem{'s' * (number > 1)}", *lines, advice]))
