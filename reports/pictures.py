"""The pictures of the report and of the training run, as matplotlib Figures.

Each takes the ``width`` it will be shown at, in CSS pixels.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reports.canvas import (
    DASHES,
    MUTED,
    PHONE,
    ROW,
    WIDE,
    axis_title,
    beside,
    blank,
    drawing,
    panel,
    percent_axis,
    row_labels,
    rows_only,
)
from reports.facts import CalibrationPoint, Driver, GainsPoint
from reports.palette import LIGHT
from reports.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from matplotlib.figure import Figure

MOST_ROWS = 12
ACCENT, ACCENT_SOFT, WARM = LIGHT["accent"], LIGHT["accent-soft"], LIGHT["warm"]


def calibration_figure(
    points: Sequence[CalibrationPoint], width: int = PHONE, *, voice: Voice | None = None
) -> Figure:
    """Draw predicted against observed close rates with 95 % intervals; the diagonal is honesty."""
    voice = voice or Voice.of()
    with drawing():
        figure = blank(width, width)
        axes = panel(figure, left=42, right=12, bottom=50, top=32)
        reach = max([0.02, *(max(point.predicted, point.high) for point in points)]) * 1.05
        axes.plot(
            [0, reach],
            [0, reach],
            color=MUTED,
            linewidth=1.2,
            linestyle=DASHES,
            zorder=1,
        )
        most = max([1, *(point.rows for point in points)])
        for point in points:
            size = 5 + 6 * (point.rows / most) ** 0.5
            axes.plot(
                [point.predicted] * 2,
                [point.low, point.high],
                color=ACCENT,
                linewidth=1.8,
                zorder=2,
            )
            axes.plot(
                point.predicted,
                point.observed,
                "o",
                color=ACCENT,
                markersize=size,
                mew=0,
                zorder=3,
            )
        axes.set_xlim(0, reach)
        axes.set_ylim(0, reach)
        axes.set_xlabel(voice.say("leadgauge said"), labelpad=8)
        axis_title(axes, voice.say("closed"))
        percent_axis(axes, "x", voice)
        percent_axis(axes, "y", voice)
        return figure


def gains_figure(
    points: Sequence[GainsPoint], width: int = PHONE, *, voice: Voice | None = None
) -> Figure:
    """Draw the share of wins caught when leads are contacted best first, against contacting by chance."""
    voice = voice or Voice.of()
    path = [GainsPoint(leads=0, wins=0), *points, GainsPoint(leads=1, wins=1)]
    leads, wins = [point.leads for point in path], [point.wins for point in path]
    with drawing():
        figure = blank(width, width)
        axes = panel(figure, left=42, right=18, bottom=50, top=32)
        axes.fill_between(leads, leads, wins, color=ACCENT_SOFT, linewidth=0)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1.2, linestyle=DASHES)
        axes.plot(leads, wins, color=ACCENT, linewidth=2.4, solid_capstyle="round")
        beside(axes, voice.say("by chance"), (0.6, 0.6), shift=(14, -14))
        for share in (0.1, 0.2):
            caught = share_caught(path, share)
            axes.plot(share, caught, "o", color=ACCENT, markersize=8, mew=0, zorder=4)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.01)
        axes.set_xlabel(voice.say("leads contacted, best first"), labelpad=8)
        axis_title(axes, voice.say("wins among them"))
        percent_axis(axes, "x", voice, steps=5)
        percent_axis(axes, "y", voice, steps=5)
        return figure


def share_caught(path: Sequence[GainsPoint], share: float) -> float:
    """Return the share of wins among the first ``share`` of leads, between the points on a straight line."""
    before = max(
        (p for p in path if p.leads <= share),
        key=lambda p: (p.leads, p.wins),
        default=GainsPoint(leads=0, wins=0),
    )
    after = min(
        (p for p in path if p.leads >= share),
        key=lambda p: (p.leads, p.wins),
        default=before,
    )
    if after.leads == before.leads:
        return before.wins
    return before.wins + (after.wins - before.wins) * (share - before.leads) / (
        after.leads - before.leads
    )


def drivers_figure(drivers: Sequence[Driver], width: int = WIDE) -> Figure:
    """Draw how much each concept moves the score: mean absolute contribution, in log-odds."""
    shown = list(drivers[:MOST_ROWS])
    strongest = max([1e-9, *(driver.strength for driver in shown)])
    label_width = (0.56 if width <= PHONE else 0.38) * width
    with drawing():
        figure = blank(width, ROW * max(1, len(shown)) + 8)
        axes = panel(figure, left=label_width, right=46, bottom=4, top=4)
        for place, driver in enumerate(shown):
            axes.barh(
                -place,
                driver.strength / strongest,
                height=0.54,
                color=ACCENT,
                linewidth=0,
            )
            beside(axes, f"{driver.strength:.2f}", (driver.strength / strongest, -place))
        row_labels(axes, [driver.label for driver in shown], label_width)
        axes.set_xlim(0, 1)
        rows_only(axes, len(shown))
        return figure


def shap_summary_figure(
    contributions: np.ndarray, values: np.ndarray, names: Sequence[str]
) -> Figure:
    """Draw the beeswarm of the technical appendix (Lundberg and Lee, NeurIPS 2017).

    Args:
        contributions: n x features, log-odds.
        values: n x features as numbers, for the colour; NaN is drawn grey.
        names: of the features, as a reader knows them.
    """
    import numpy as np
    from matplotlib.figure import Figure

    with warnings.catch_warnings():
        # shap 0.51 colours with a function that matplotlib 3.11 is about to deprecate
        warnings.filterwarnings("ignore", r"The set_\w+ function", PendingDeprecationWarning)
        import shap

    rows = min(len(names), MOST_ROWS)
    with drawing(), _fixed_shuffle():
        figure = Figure(figsize=(10, 1.6 + 0.4 * rows), dpi=144, layout="constrained")
        axes = figure.subplots()
        explanation = shap.Explanation(
            values=np.asarray(contributions, dtype=float),
            data=np.asarray(values, dtype=float),
            feature_names=list(names),
        )
        shap.plots.beeswarm(explanation, max_display=MOST_ROWS, ax=axes, show=False, plot_size=None)
        axes.set_xlabel("contribution to the score, in log-odds")
        return figure


@contextmanager
def _fixed_shuffle() -> Iterator[None]:
    """Let shap scatter its points the same way each time, and leave the caller's random numbers alone."""
    import numpy as np

    before = np.random.get_state()  # noqa: NPY002  the global state is what shap uses
    np.random.seed(7)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002
