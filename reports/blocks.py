"""What a page is made of: sections of paragraphs, tables, charts and pictures, all in words already.

A section is built from facts by a function of `reports.sections`; the template only lays blocks out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from markupsafe import Markup


@dataclass(frozen=True)
class Words:
    """One paragraph; ``tone`` is ``quiet`` for what explains, ``notice`` for what warns, ``lead`` for what leads."""

    text: str
    tone: str = ""
    kind: ClassVar[str] = "words"


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    text: str
    kind: ClassVar[str] = "heading"


@dataclass(frozen=True)
class Points:
    """A list; each item may begin with what it is about, or lead to a section (``anchor``)."""

    items: Sequence["Point"]
    ordered: bool = False
    kind: ClassVar[str] = "points"


@dataclass(frozen=True)
class Point:
    """One item of a list."""

    text: str
    about: str = ""
    anchor: str = ""


@dataclass(frozen=True)
class Cell:
    """One cell: its text, the number that it sorts by, an interval in grey, a bar of ``bar`` (0 to 1)."""

    text: str
    value: float | None = None
    between: str = ""
    bar: float | None = None
    tone: str = ""


@dataclass(frozen=True)
class Row:
    """One row: its name and its cells; ``pooled`` stands for small groups, ``group`` heads those that follow."""

    name: str
    cells: Sequence[Cell] = ()
    pooled: bool = False
    group: bool = False


@dataclass(frozen=True)
class Table:
    """A table: what its rows are, its columns, and what it says as a whole.

    ``sorts``: readers may sort it by any column, and filter it by name once it is long. ``words``: the columns,
    by number, that hold words rather than figures.
    """

    caption: str
    first: str
    columns: Sequence[str]
    rows: Sequence[Row]
    sorts: bool = False
    broad: bool = False
    words: Sequence[int] = ()
    kind: ClassVar[str] = "table"


@dataclass(frozen=True)
class Chart:
    """A chart that the reader can ask: an option of the chart library with colours by name.

    ``says`` is what it shows, for those who do not see it; ``height`` in CSS pixels.
    """

    name: str
    says: str
    caption: str
    option: Mapping[str, Any]
    height: int = 320
    kind: ClassVar[str] = "chart"


@dataclass(frozen=True)
class Picture:
    """A drawn picture, the wide one once more for a phone; ``drawn`` by ``wide`` and ``phone``, or ``any``."""

    drawn: Mapping[str, Markup]
    says: str
    caption: str
    kind: ClassVar[str] = "picture"


@dataclass(frozen=True)
class Figures:
    """A few large numbers with what they are."""

    items: Sequence[tuple[str, str]]
    kind: ClassVar[str] = "figures"


@dataclass(frozen=True)
class Choices:
    """Several blocks of which the reader chooses one, which is also the one that prints; without script all are there."""

    label: str
    panels: Sequence[tuple[str, Sequence["Block"]]]
    kind: ClassVar[str] = "choices"


@dataclass(frozen=True)
class Fold:
    """Blocks that are there for those who ask."""

    summary: str
    blocks: Sequence["Block"]
    kind: ClassVar[str] = "fold"


@dataclass(frozen=True)
class Beside:
    """Blocks next to each other where there is room."""

    blocks: Sequence["Block"]
    kind: ClassVar[str] = "beside"


Block = Words | Heading | Points | Table | Chart | Picture | Figures | Choices | Fold | Beside


@dataclass(frozen=True)
class Section:
    """One section of a page; ``name`` is its anchor."""

    name: str
    title: str
    blocks: list[Block] = field(default_factory=list)
