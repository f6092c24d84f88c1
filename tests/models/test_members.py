"""What each member says on its own, and that the published model says their weighted sum."""

import numpy as np
import pytest

from features.catalogue import Catalogue
from models.bundle import Bundle
from models.calibration import IDENTITY
from models.candidates import Recipe
from models.frames import in_order, learning_rows
from models.members import Learned, Part, age_position, margins, weighted
from models.publishing import fit_model
from models.scorer import Floats
from tests.models.company import HORIZON, SETTINGS, Frames
from tests.models.conftest import ANCHORED, BASE, LINES, RATES

ROUNDS = (10, 20, 30)
PARTS = [LINES, *(Part(member, rounds=at) for member in ("anchored", "rates") for at in ROUNDS)]
MIXED = {BASE: 0.25, LINES: 0.25, ANCHORED: 0.25, RATES: 0.25}


@pytest.fixture(scope="module")
def learned(frames: Frames) -> Learned:
    rows = learning_rows(
        in_order(frames.ladder, frames.catalogue, "ladder"), frames.mornings, HORIZON
    )
    return Learned.of(
        rows,
        frames.catalogue,
        SETTINGS,
        weight=rows["weight"].to_numpy(dtype=np.float64),
        gap_days=HORIZON,
        threads=1,
    )


def heard(learned: Learned, frames: Frames, *, until: int = 999) -> dict[Part, list[Floats]]:
    """Let every part speak on the mornings and on nobody, and stop listening at some rounds."""
    sets = [learned.encode(frames.mornings), learned.encode(frames.mornings.head(0))]
    return dict(
        margins(
            learned,
            PARTS,
            sets,
            anchor=LINES.strength,
            seeds=SETTINGS.seeds,
            enough=lambda part, _: part.rounds >= until,
        )
    )


@pytest.fixture(scope="module")
def spoken(learned: Learned, frames: Frames) -> dict[Part, Floats]:
    return {part: said[0] for part, said in heard(learned, frames).items()}


def published(frames: Frames, weights: dict[Part, float]) -> Bundle:
    ladder = in_order(frames.ladder, frames.catalogue, "ladder")
    model, texts = fit_model(
        learning_rows(ladder, frames.mornings, HORIZON),
        frames.catalogue,
        SETTINGS,
        Recipe("lightgbm", weights, LINES.strength, None),
        IDENTITY,
        gap_days=HORIZON,
        threads=1,
    )
    return Bundle.of(model, texts, frames.catalogue)


@pytest.mark.parametrize(
    "weights",
    [
        {BASE: 1.0},
        {LINES: 1.0},
        {ANCHORED: 1.0},
        {RATES: 1.0},
        {ANCHORED: 0.75, BASE: 0.25},
        MIXED,
    ],
    ids=["base_rate", "logistic", "anchored", "rates", "anchored and base_rate", "all"],
)
def test_what_is_published_is_what_was_tried(
    spoken: dict[Part, Floats], frames: Frames, weights: dict[Part, float]
) -> None:
    bundle = published(frames, weights)
    np.testing.assert_allclose(
        bundle.raw_margin(frames.mornings), weighted(spoken, weights), atol=1e-9
    )


def test_a_published_model_holds_what_it_needs_and_no_more(frames: Frames) -> None:
    lines, trees = published(frames, {LINES: 1.0}), published(frames, {RATES: 1.0})
    anchored = published(frames, {ANCHORED: 1.0})
    assert lines.boosters == {}
    assert (lines.model["rates"], anchored.model["rates"]) == ([], [])
    assert trees.model["logistic"] is None
    assert [spec["name"] for spec in trees.model["rates"]] == ["source"]
    assert sorted(trees.boosters) == ["rates_0.txt", "rates_1.txt"]
    assert anchored.model["weights"] == {"base_rate": 0.0, "logistic": 1.0}
    assert trees.model["weights"] == {"base_rate": 0.0, "logistic": 0.0}
    assert [spec["weight"] for spec in published(frames, MIXED).model["boosters"]] == [0.125] * 4


def test_every_part_speaks_of_every_row_and_of_nobody(learned: Learned, frames: Frames) -> None:
    found = heard(learned, frames)
    assert set(found) == {BASE, *PARTS}
    for said in found.values():
        assert [len(one) for one in said] == [len(frames.mornings), 0]
        assert np.isfinite(said[0]).all()


def test_what_nobody_listens_to_is_never_trained(learned: Learned, frames: Frames) -> None:
    found = heard(learned, frames, until=20)
    assert {part.rounds for part in found} == {0, 10, 20}
    assert {part.member for part in found if part.rounds == 20} == {"anchored", "rates"}


def test_rounds_that_are_trained_in_stages_say_what_all_of_them_say_at_once(
    learned: Learned, frames: Frames, spoken: dict[Part, Floats]
) -> None:
    for part in (ANCHORED, RATES):
        at_once = dict(
            margins(
                learned,
                [part],
                [learned.encode(frames.mornings)],
                anchor=LINES.strength,
                seeds=SETTINGS.seeds,
                enough=lambda *_: False,
            )
        )
        np.testing.assert_allclose(at_once[part][0], spoken[part], atol=1e-9)


def test_the_rates_of_training_rows_are_those_of_their_moment_and_of_others_the_last(
    learned: Learned, frames: Frames
) -> None:
    count = len(frames.catalogue.features)
    assert learned.matrix.shape[1] == count + 1
    rows = in_order(frames.ladder, frames.catalogue, "ladder")
    rows = learning_rows(rows, frames.mornings, HORIZON)
    again = learned.encode(rows)
    np.testing.assert_array_equal(again[:, :count], learned.matrix[:, :count])
    assert len(np.unique(again[:, count])) == 5  # four sources and none
    first = learned.matrix[rows["as_of"] < rows["as_of"].min() + np.timedelta64(HORIZON, "D")]
    assert len(np.unique(first[:, count])) == 1  # nothing was known yet
    assert len(np.unique(learned.matrix[:, count])) > 50


def test_the_trees_of_the_anchored_member_read_no_rates(bundles: dict[str, Bundle]) -> None:
    counts = {
        spec["member"]: booster.num_feature()
        for booster, spec in zip(
            bundles["mixed"].scorer.boosters, bundles["mixed"].model["boosters"], strict=True
        )
    }
    assert counts == {"anchored": 4, "rates": 5}


def test_what_a_rate_contributes_goes_to_its_feature(
    bundles: dict[str, Bundle], frames: Frames
) -> None:
    bundle = bundles["lightgbm"]
    rows, slope = frames.mornings.head(500), bundle.model["calibration"]["slope"]
    matrix = bundle.scorer.encoded(rows)
    alone = np.mean([one.predict(matrix, pred_contrib=True) for one in bundle.scorer.boosters], 0)
    assert np.abs(alone[:, 4]).mean() > 0.01  # the fifth column, the source's rate, is used
    parts = bundle.contributions(rows)
    np.testing.assert_allclose(parts[:, 1], slope * (alone[:, 1] + alone[:, 4]), atol=1e-9)
    np.testing.assert_allclose(parts[:, [0, 2, 3]], slope * alone[:, [0, 2, 3]], atol=1e-9)


def test_a_shift_moves_the_base_and_no_reason(bundles: dict[str, Bundle], frames: Frames) -> None:
    rows = frames.mornings.head(100)
    for bundle in bundles.values():
        moved, slope = bundle.shifted(0.5), bundle.model["calibration"]["slope"]
        before, after = bundle.contributions(rows), moved.contributions(rows)
        np.testing.assert_array_equal(after[:, :-1], before[:, :-1])
        np.testing.assert_allclose(after[:, -1], before[:, -1] + 0.5 * slope, atol=1e-12)
        np.testing.assert_allclose(
            moved.margin(rows), bundle.margin(rows) + 0.5 * slope, atol=1e-12
        )


def test_where_the_age_stands_is_found_if_it_is_a_feature(frames: Frames) -> None:
    def reordered(order: list[int]) -> Catalogue:
        chosen = [frames.catalogue.features[place] for place in order]
        return frames.catalogue.model_copy(update={"features": chosen})

    assert age_position(reordered([1, 2, 0, 3])) == 2
    assert age_position(reordered([1, 2, 3])) is None
