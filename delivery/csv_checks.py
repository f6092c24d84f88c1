"""Check CSV parts against their columns' rules, and their keys for coming once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from delivery import rules as rules_of
from delivery.csv_reader import PlainLines, StrictReader
from delivery.keys import Repeat, Same, Seen, repeats
from delivery.problems import Problem, Tally
from delivery.rules import Rule

_LONGEST = 10_000  # bytes
_WORTH_A_LOOK = 1_000


@dataclass(frozen=True)
class Checked:
    """What is wrong with a file or a folder, and if nothing is, the keys that it holds."""

    problems: list[Problem]
    keys: Seen


class Between(Protocol):
    """Looks at rows whose cells are each right by themselves."""

    def look(self, rows: Mapping[str, pa.Array], line: int) -> None:
        """Take the next rows; ``line`` is the first one's."""

    @property
    def problems(self) -> list[Problem]:
        """What was wrong between them."""


def check_parts(
    parts: Sequence[Path],
    rules: Mapping[str, Rule],
    same: Same | None,
    *,
    between: Between | None = None,
    **form: Any,  # noqa: ANN401  the options of StrictReader
) -> Checked:
    """Return what is wrong with CSV parts: of each its form, else its header or cells, and if all are right, the keys.

    Args:
        parts: the files; each is read once, and again only to name keys that come twice.
        rules: of each column, in order; the first column is the key.
        same: maps the spellings of one key to one text.
            None where ``between`` sees to it that each key comes once.
        between: looks at the rows, as long as no cell is wrong.
        form: ``ending``, ``mark``, ``max_bytes`` and ``max_rows`` as :class:`StrictReader` takes them.
    """
    seen, rows = Seen(same), list[int]()
    problems = []
    for part in parts:
        before = seen.count
        problems += _check_part(part, rules, seen, between, **form)
        rows.append(seen.count - before)
    if problems:
        return Checked(problems, seen)
    if between is not None:
        return Checked(between.problems, seen)
    if same is not None and len(suspects := seen.suspects()):
        problems = _repeated(parts, rows, next(iter(rules)), same, suspects, **form)
    return Checked(problems, seen)


def _check_part(
    path: Path,
    rules: Mapping[str, Rule],
    seen: Seen,
    between: Between | None,
    **form: Any,  # noqa: ANN401
) -> list[Problem]:
    plain = plain_lines(rules) if between is None else None
    reader, cells = StrictReader(path, plain=plain, **form), Tally()
    for line, rows in reader:
        if reader.header != list(rules):
            continue
        if rows.num_columns == len(rules):
            tally_rows(rows, rules, path.name, line, cells)
        if cells.count:
            continue
        seen.add(rows[0])
        if between is not None:
            between.look({name: rows[name] for name in rules}, line)
    if reader.problems:
        return reader.problems
    if reader.header != list(rules):
        expected = "the columns " + ",".join(rules)
        return [Problem(path.name, expected, row=1, value=",".join(reader.header))]
    return cells.problems


def plain_lines(rules: Mapping[str, Rule]) -> PlainLines | None:
    """Return which lines are plainly right by these rules; None where that is known of too few to be worth a look.

    A line that is no longer than any of its texts may be has no text that is too long.
    """
    longest = min(rule.limit or _LONGEST for rule in rules.values())
    if longest < _WORTH_A_LOOK or any(rule.plain is None for rule in rules.values()):
        return None
    cells = (rules_of.PLAIN_CSV if rule.limit else rule.plain for rule in rules.values())
    return PlainLines(tuple(rules), "^" + ",".join(f"(?:{cell})" for cell in cells) + "$", longest)


def tally_rows(
    rows: pa.RecordBatch, rules: Mapping[str, Rule], where: str, line: int, tally: Tally
) -> None:
    """Count the cells that are against their column's rule; a problem names the line."""
    for kind, (name, rule) in enumerate(rules.items()):
        places = rule.wrong(rows[name])
        problems = [
            Problem(where, rule.expected, line + place, name, rows[name][place].as_py())
            for place in places[: tally.room(kind)].tolist()
        ]
        tally.add(kind, problems, len(places))


def _repeated(
    parts: Sequence[Path],
    rows: Sequence[int],
    name: str,
    same: Same,
    suspects: np.ndarray,
    **form: Any,  # noqa: ANN401
) -> list[Problem]:
    starts = np.array([0, *accumulate(rows)])
    keys = (batch[0] for part in parts for _, batch in StrictReader(part, **form))
    tally = Tally()
    for repeat in repeats(keys, same, suspects):
        tally.add(0, [_twice(repeat, parts, starts, name)])
    return tally.problems


def _twice(repeat: Repeat, parts: Sequence[Path], starts: np.ndarray, name: str) -> Problem:
    (part, line), (first_part, first_line) = (
        _place(place, parts, starts) for place in (repeat.place, repeat.first)
    )
    other = f"line {first_line}" if part == first_part else f"{first_part.name}, line {first_line}"
    expected = f"each key once; {other} has it too"
    return Problem(part.name, expected, row=line, column=name, value=repeat.key)


def _place(place: int, parts: Sequence[Path], starts: np.ndarray) -> tuple[Path, int]:
    part = int(np.searchsorted(starts, place, side="right")) - 1
    return parts[part], place - int(starts[part]) + 2


def part_keys(parts: Sequence[Path], **form: Any) -> Iterator[str]:  # noqa: ANN401
    """Yield the keys of parts that are known to be right."""
    for part in parts:
        for _, rows in StrictReader(part, **form):
            yield from rows[0].to_pylist()
