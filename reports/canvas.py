"""How every picture is drawn: style, panels, axes and labels.

One unit of length is one CSS pixel of the page: a figure of width 680 holds type of 13, and so
does one of 350 that a phone shows. Nothing here touches pyplot, so nothing has to be closed.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from reports.facts import shortened
from reports.palette import LIGHT
from reports.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDE = 680
PHONE = 350
UNITS_PER_INCH = 72
TYPE = 13.0
SMALL = 12.0
ROW = 30.0
LETTER = 6.9  # widest usual advance of a letter at this size
INK, MUTED, LINE = LIGHT["ink"], LIGHT["muted"], LIGHT["line"]

STYLE: dict[Any, Any] = {  # matplotlib types its keys one by one
    "font.family": "DejaVu Sans",  # ships with matplotlib: the same layout on every machine
    "font.size": TYPE,
    "text.color": INK,
    "text.parse_math": False,  # a source may be called "$100 off$"
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.labelsize": SMALL,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "figure.facecolor": "white",
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.major.pad": 6,
    "ytick.major.pad": 6,
}
DASHES = (0, (4, 4))


@contextmanager
def drawing() -> Iterator[None]:
    """Draw in the report's style, whatever a user's matplotlibrc says."""
    import matplotlib as mpl

    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        # text stays text in the page, where the reader's fonts know more scripts than this one
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from", category=UserWarning)
        yield


def blank(width: float, height: float) -> Figure:
    """Return an empty figure of so many units."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width / UNITS_PER_INCH, height / UNITS_PER_INCH), dpi=144)


def panel(figure: Figure, *, left: float, right: float, bottom: float, top: float) -> Axes:
    """Add axes with these margins, in units."""
    width, height = figure.get_size_inches() * UNITS_PER_INCH
    box = (
        left / width,
        bottom / height,
        (width - left - right) / width,
        (height - bottom - top) / height,
    )
    return figure.add_axes(box)


def percent_axis(axes: Axes, which: Literal["x", "y"], voice: Voice, steps: int = 4) -> None:
    """Label an axis of shares in percent, with about ``steps`` ticks."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(MaxNLocator(steps, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda share, _: voice.percent(max(0.0, share))))
    axes.grid(visible=True, axis=which)
    axes.set_axisbelow(True)


def rows_only(axes: Axes, rows: int) -> None:
    """Leave a panel of rows without frame and ticks; row ``i`` lies at ``-i``."""
    axes.set_ylim(-max(1, rows) + 0.5, 0.5)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def row_labels(axes: Axes, names: Sequence[str], width: float) -> None:
    """Write the rows' names at the picture's left edge, cut to ``width`` units; the panel starts there."""
    longest = int((width - 12) / LETTER)
    for place, name in enumerate(names):
        beside(axes, shortened(name, longest), (0, -place), shift=(-width, 0), color=INK, size=TYPE)


def axis_title(axes: Axes, text: str) -> None:
    """Write the vertical axis's title above it, where nobody has to tilt their head."""
    beside(axes, text, (0, 1), shift=(-40, 18), within="axes fraction")


def beside(
    axes: Axes,
    text: str,
    point: tuple[float, float],
    *,
    shift: tuple[float, float] = (7, 0),
    align: Literal["left", "center", "right"] = "left",
    color: str = MUTED,
    size: float = SMALL,
    within: Literal["data", "axes fraction"] = "data",
) -> None:
    """Write next to a point, moved by ``shift`` units."""
    axes.annotate(
        text,
        point,
        xycoords=within,
        xytext=shift,
        textcoords="offset points",
        ha=align,
        va="center",
        color=color,
        fontsize=size,
        annotation_clip=False,
    )
