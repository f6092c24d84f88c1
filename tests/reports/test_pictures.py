"""The pictures: what they draw, and that they leave no trace."""

import io
from typing import cast

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from reports.facts import GainsPoint
from reports.pictures import (
    calibration_figure,
    drivers_figure,
    gains_figure,
    shap_summary_figure,
    share_caught,
)
from reports.svg import inline_svg
from tests.reports.examples import DRIVERS, example_facts


def test_the_calibration_picture_has_a_point_for_every_point() -> None:
    facts = example_facts()
    axes = calibration_figure(facts.calibration).axes[0]
    lines = [line for line in axes.lines if line.get_marker() == "o"]
    dots = [np.asarray(line.get_xydata())[0].tolist() for line in lines]
    assert dots == [[point.predicted, point.observed] for point in facts.calibration]


def test_the_gains_picture_runs_from_nothing_to_everything() -> None:
    axes = gains_figure(example_facts().gains).axes[0]
    line = max(axes.lines, key=lambda line: len(np.asarray(line.get_xydata())))
    assert np.asarray(line.get_xydata())[[0, -1]].tolist() == [[0.0, 0.0], [1.0, 1.0]]


@pytest.mark.parametrize(
    ("share", "caught"), [(0.0, 0.0), (0.05, 0.2), (0.1, 0.4), (0.3, 0.5), (1.0, 0.85)]
)
def test_wins_between_two_points_lie_on_the_straight_line(share: float, caught: float) -> None:
    points = [(0, 0), (0.1, 0.4), (0.5, 0.6), (1, 0.85)]
    path = [GainsPoint(leads=leads, wins=wins) for leads, wins in points]
    assert share_caught(path, share) == pytest.approx(caught)


def test_driver_bars_are_as_long_as_their_strength() -> None:
    widths = [cast("Rectangle", bar).get_width() for bar in drivers_figure(DRIVERS).axes[0].patches]
    assert widths == pytest.approx([driver.strength / DRIVERS[0].strength for driver in DRIVERS])


@pytest.mark.parametrize("width", [350, 680])
def test_pictures_without_a_single_row_can_still_be_drawn(width: int) -> None:
    for figure in (
        calibration_figure([], width),
        gains_figure([], width),
        drivers_figure([], width),
    ):
        assert inline_svg(figure, "empty").startswith("<svg viewBox=")


def test_a_picture_is_as_wide_as_it_was_asked_to_be() -> None:
    assert 'width="350"' in inline_svg(drivers_figure(DRIVERS, 350), "drivers")


def test_ids_of_two_pictures_never_meet() -> None:
    one, other = (inline_svg(drivers_figure(DRIVERS), name) for name in ("one", "other"))
    assert one.replace("one-", "") != ""
    assert "other-" not in one
    assert 'id="figure' not in other


def test_drawing_leaves_matplotlibs_settings_alone() -> None:
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    before = dict(mpl.rcParams)
    inline_svg(drivers_figure(DRIVERS), "drivers")
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == []


@pytest.mark.slow  # shap and numba take seconds to import
def test_the_beeswarm_shows_every_feature_and_draws_the_same_picture_twice() -> None:
    rng = np.random.default_rng(3)
    contributions, values = rng.normal(size=(60, 3)), rng.normal(size=(60, 3))
    values[0, 0] = np.nan
    names = ["pricing visits", "$100 off$", "<b>age</b>"]

    def drawn() -> bytes:
        figure = shap_summary_figure(contributions, values, names)
        assert {label.get_text() for label in figure.axes[0].get_yticklabels()} == set(names)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=60)
        return buffer.getvalue()

    before = np.random.rand()  # noqa: NPY002  the global stream is what must be left alone
    np.random.seed(11)  # noqa: NPY002
    expected = np.random.rand()  # noqa: NPY002
    np.random.seed(11)  # noqa: NPY002
    assert drawn() == drawn()
    assert np.random.rand() == expected != before  # noqa: NPY002
