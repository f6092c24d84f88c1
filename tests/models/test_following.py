"""The intercept follows the outcomes as they become known, and never before."""

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.bundle import Bundle
from models.following import (
    DEFAULT_SPEED,
    MOST_MOMENTS,
    PRIOR_VARIANCE,
    History,
    State,
    Trial,
    as_published,
    choose_speed,
    follow,
    shifts_at,
)
from models.frames import evidence_of
from models.publishing import _followed
from models.scorer import Floats, expit
from tests.models.company import HORIZON, START, Frames
from tests.models.conftest import RECIPES

GAP = 30.0
JUMP = 1.2
DAYS = 480


def at(days: Floats | list[float]) -> npt.NDArray[np.datetime64]:
    """Return moments as many days after the start."""
    return (START + pd.to_timedelta(np.asarray(days), unit="D")).to_numpy().astype("datetime64[us]")


def history(days: Floats, label: npt.NDArray[Any], margin: float | Floats = -1.5) -> History:
    said = np.broadcast_to(np.asarray(margin, dtype=np.float64), len(days)).copy()
    return History(said, label.astype(np.float64), at(days), np.ones(len(days)))


def drawn(*, jump: float, seed: int = 0, a_day: int = 12, days: int = DAYS) -> History:
    """Draw a model that says -1.5 throughout, of leads whose log-odds jump in the middle."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(days, dtype=np.float64), a_day)
    truth = -1.5 + np.where(day >= days / 2, jump, 0.0)
    return history(day, rng.random(len(day)) < expit(truth))


def shift_on(
    day: float, known: History, *, speed: float | None = 1e-3, start: State | None = None
) -> float:
    going_on = {} if start is None else {"start": start}
    return float(follow(known, at([day]), gap_days=GAP, speed=speed, **going_on)[0][0])


def test_a_level_that_jumps_is_followed() -> None:
    known = drawn(jump=JUMP)
    asked = np.array([DAYS / 2 + GAP - 1, DAYS / 2 + GAP + 30, DAYS - 1.0])
    shifts, _ = follow(known, at(asked), gap_days=GAP, speed=1e-2)
    truth = expit(np.array([-1.5 + JUMP]))
    off = np.abs(expit(-1.5 + shifts) - truth)
    assert off[0] > 0.2  # nobody can know it yet
    assert off[1] < 0.08
    assert off[2] < 0.04


def test_a_slow_speed_is_late_and_a_constant_shift_ends_in_between() -> None:
    known = drawn(jump=JUMP)
    last = {speed: shift_on(DAYS - 1.0, known, speed=speed) for speed in (None, 0.0, 1e-4, 1e-2)}
    assert last[None] == 0
    assert 0.2 * JUMP < last[0.0] < 0.7 * JUMP
    assert last[0.0] < last[1e-4] < last[1e-2]
    assert last[1e-2] == pytest.approx(JUMP, abs=0.25)


def test_a_quiet_level_is_left_nearly_alone() -> None:
    moments = at(np.arange(GAP, DAYS))
    for seed in range(3):
        shifts, _ = follow(drawn(jump=0.0, seed=seed), moments, gap_days=GAP, speed=DEFAULT_SPEED)
        assert np.abs(shifts[30:]).mean() < 0.1
        assert np.abs(shifts[30:]).max() < 0.3


def test_an_outcome_moves_the_shift_from_the_moment_on_that_it_is_known() -> None:
    known = history(np.array([10.0]), np.ones(1))
    before, after = shift_on(10 + GAP - 1e-3, known), shift_on(10 + GAP, known)
    assert before == 0
    assert after > 0.1


def test_one_outcome_moves_the_shift_by_the_mode_of_its_posterior() -> None:
    shift, state = follow(history(np.array([0.0]), np.ones(1)), at([GAP]), gap_days=GAP, speed=0.0)
    grid = np.linspace(-2, 2, 400_001)
    posterior = np.log(expit(-1.5 + grid)) - grid**2 / (2 * PRIOR_VARIANCE)
    assert shift[0] == pytest.approx(grid[np.argmax(posterior)], abs=1e-5)
    p = float(expit(-1.5 + shift)[0])
    assert state.variance == pytest.approx(1 / (p * (1 - p) + 1 / PRIOR_VARIANCE))


rows = st.lists(
    st.tuples(
        st.floats(0, 120, allow_nan=False).map(lambda day: round(day, 2)),
        st.integers(0, 1),
        st.floats(-4, 2),
    ),
    min_size=1,
    max_size=25,
)


def as_history(made: list[tuple[float, int, float]]) -> History:
    days, label, margin = (np.array(column, dtype=np.float64) for column in zip(*made, strict=True))
    return history(days, label, margin)


@given(made=rows, moment=st.floats(0, 160), speed=st.sampled_from([0.0, 1e-3, 3e-2]))
@settings(deadline=None, max_examples=80)
def test_nothing_that_is_known_after_a_moment_moves_the_shift_at_that_moment(
    made: list[tuple[float, int, float]], moment: float, speed: float
) -> None:
    later = [(day, 1 - label, margin) for day, label, margin in made if day + GAP > moment + 1e-6]
    known = [row for row in made if row[0] + GAP <= moment + 1e-6]
    turned = as_history([*known, *later])
    assert shift_on(moment, turned, speed=speed) == pytest.approx(
        shift_on(moment, as_history(made), speed=speed), abs=1e-9
    )
    if known:
        alone = shift_on(moment, as_history(known), speed=speed)
        assert alone == pytest.approx(shift_on(moment, turned, speed=speed), abs=1e-9)


@given(made=rows, first=st.floats(0, 160), later=st.floats(0, 60))
@settings(deadline=None, max_examples=80)
def test_going_on_from_a_stored_state_is_following_in_one_go(
    made: list[tuple[float, int, float]], first: float, later: float
) -> None:
    known = as_history(made)
    _, state = follow(known, at([first]), gap_days=GAP, speed=1e-3)
    gone_on, end = follow(known, at([first + later]), gap_days=GAP, speed=1e-3, start=state)
    at_once, whole = follow(known, at([first, first + later]), gap_days=GAP, speed=1e-3)
    assert gone_on[0] == pytest.approx(at_once[1], abs=1e-5)
    assert (end.variance, end.day) == pytest.approx((whole.variance, whole.day), rel=1e-5)


@given(made=rows, random=st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=40)
def test_neither_the_order_of_outcomes_nor_that_of_questions_matters(
    made: list[tuple[float, int, float]], random: object
) -> None:
    moments, shuffled = np.arange(0.0, 160.0, 16.0), made.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    straight, _ = follow(as_history(made), at(moments), gap_days=GAP, speed=1e-3)
    turned, _ = follow(as_history(shuffled), at(moments[::-1]), gap_days=GAP, speed=1e-3)
    np.testing.assert_allclose(turned[::-1], straight, atol=1e-6)
    assert shift_on(moments[5], as_history(made)) == pytest.approx(straight[5], abs=1e-6)


def test_very_many_moments_are_taken_day_by_day_and_still_know_nothing_early() -> None:
    rng = np.random.default_rng(3)
    days = np.sort(rng.uniform(0, 100, 1500))
    known = history(days, rng.random(1500) < 0.4)
    moment = 60.0 + GAP + 0.4
    late = days + GAP > moment
    turned = replace(known, label=np.where(late, 1 - known.label, known.label))
    asked = np.concatenate([at(days + GAP), at([moment])])
    shifts = [follow(one, asked, gap_days=GAP, speed=1e-3)[0][-1] for one in (known, turned)]
    assert shifts[0] == shifts[1]
    assert shifts[0] == pytest.approx(shift_on(60.0 + GAP, known), abs=0.02)


def test_nobody_asking_is_answered_with_nothing() -> None:
    shifts, state = follow(drawn(jump=0.0, days=10), at([]), gap_days=GAP, speed=1e-3)
    assert shifts.shape == (0,)
    assert (state.shift, state.variance) == (0.0, PRIOR_VARIANCE)


def test_rows_of_mornings_that_share_their_outcomes_count_for_less() -> None:
    def of(mornings: list[float], age: float = 5.0) -> Floats:
        frame = pd.DataFrame({"as_of": at(mornings), "age_days": age})
        return evidence_of(frame, GAP)

    assert of([0, 7, 14]) == pytest.approx([7 / 30] * 3)
    assert of([0, 15, 30]) == pytest.approx([0.5] * 3)
    assert of([0, 90, 180]) == pytest.approx([1.0] * 3)
    assert of([0, 7, 14], age=0.0) == pytest.approx([1.0] * 3)


def test_half_the_evidence_moves_the_shift_about_half_as_far() -> None:
    whole = history(np.array([0.0]), np.ones(1))
    half = replace(whole, evidence=np.array([0.5]))
    moved = shift_on(GAP, half) / shift_on(GAP, whole)
    assert 0.45 < moved < 0.6
    doubled = history(np.zeros(2), np.ones(2))
    as_two = replace(whole, evidence=np.array([2.0]))
    assert shift_on(GAP, as_two) == pytest.approx(shift_on(GAP, doubled), abs=1e-9)


def trials(rate: npt.NDArray[Any], *, a_day: int = 15, seed: int = 0) -> list[Trial]:
    """Draw days of outcomes at true log-odds ``rate``, of which a model says the first; cut into three tests."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(len(rate), dtype=np.float64), a_day)
    label = (rng.random(len(day)) < expit(np.repeat(rate, a_day))).astype(np.float64)
    made, cuts = [], np.linspace(len(rate) / 4, len(rate), 4)
    for begin, end in itertools.pairwise(cuts):
        before, test = day + GAP <= begin, (day >= begin) & (day < end)
        made.append(Trial(*(history(day[part], label[part], rate[0]) for part in (before, test))))
    return made


def test_a_constant_close_rate_is_given_no_speed() -> None:
    for seed in range(3):
        speed = choose_speed(trials(np.full(360, -1.5), seed=seed), GAP)
        assert speed is None or speed <= 1e-4


def test_a_close_rate_that_jumps_up_and_down_is_followed_fast() -> None:
    rate = -1.5 + 1.5 * ((np.arange(800) // 200) % 2)
    speed = choose_speed(trials(rate), GAP)
    assert speed is not None
    assert speed >= 3e-3


def test_a_level_that_was_off_from_the_start_and_stayed_needs_no_speed_but_a_shift() -> None:
    made = trials(np.full(360, -1.5))
    off = [
        Trial(*(replace(part, margin=part.margin + 0.8) for part in (one.before, one.test)))
        for one in made
    ]
    assert choose_speed(off, GAP) is not None
    shifts = off[-1].shifts(0.0, GAP)
    assert shifts[-1] == pytest.approx(-0.8, abs=0.1)


def test_without_outcomes_the_speed_is_the_usual_one() -> None:
    nothing = history(np.zeros(0), np.zeros(0))
    assert choose_speed([], GAP) == DEFAULT_SPEED
    assert choose_speed([Trial(nothing, nothing)], GAP) == DEFAULT_SPEED


def following(bundle: Bundle, mornings: pd.DataFrame, *, speed: float | None) -> Bundle:
    """Let a model be one that was trained until the last of these mornings was known."""
    end = mornings["as_of"].max() + pd.Timedelta(days=HORIZON)
    day = (end - pd.Timestamp(0)) / pd.Timedelta(days=1)
    spec = {"speed": speed, "variance": 0.01, "day": day}
    return replace(bundle, model={**bundle.model, "following": spec})


@pytest.fixture(scope="module")
def halves(frames: Frames) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the mornings that a model was trained on, and those since."""
    moments = np.unique(frames.mornings["as_of"])
    early = frames.mornings["as_of"] < moments[len(moments) // 2]
    return frames.mornings[early], frames.mornings[~early]


def test_what_is_published_without_fresh_outcomes_is_the_model_as_it_is(
    bundles: dict[str, Bundle], halves: tuple[pd.DataFrame, pd.DataFrame], frames: Frames
) -> None:
    old, since = halves
    for bundle in bundles.values():
        model = following(bundle, frames.mornings, speed=1e-2)
        np.testing.assert_array_equal(
            as_published(model, since, HORIZON), bundle.probability(since)
        )
        model = following(bundle, old, speed=1e-2)
        np.testing.assert_array_equal(
            as_published(model, since, HORIZON, known=old), bundle.probability(since)
        )
        none = following(bundle, old, speed=None)
        np.testing.assert_array_equal(as_published(none, since, HORIZON), bundle.probability(since))


def test_what_is_published_moves_only_when_fresh_outcomes_are_known(
    bundles: dict[str, Bundle], halves: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    old, since = halves
    model = following(bundles["mixed"], old, speed=1e-2)
    won = since.assign(label=1)
    early = (since["as_of"] < since["as_of"].min() + pd.Timedelta(days=HORIZON)).to_numpy()
    lifted, plain = as_published(model, won, HORIZON), model.probability(since)
    np.testing.assert_array_equal(lifted[early], plain[early])
    assert (lifted[~early] > plain[~early]).all()


def test_a_shifted_model_says_what_following_says_at_that_moment(
    bundles: dict[str, Bundle], halves: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    old, since = halves
    model = following(bundles["mixed"], old, speed=1e-2)
    last = since["as_of"].max()
    shift = float(shifts_at(model, np.array([last.to_datetime64()]), HORIZON, since)[0])
    assert shift != 0
    tonight = since[since["as_of"] == last]
    published = as_published(model, since, HORIZON)[(since["as_of"] == last).to_numpy()]
    np.testing.assert_allclose(model.shifted(shift).probability(tonight), published, rtol=1e-12)


def test_the_first_fresh_morning_counts_as_much_as_it_does_among_others(
    bundles: dict[str, Bundle], halves: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    old, since = halves
    model = following(bundles["mixed"], old, speed=1e-2)
    moments = np.sort(since["as_of"].unique())
    known = moments[0] + np.timedelta64(HORIZON, "D")
    first, both = (since[since["as_of"] <= moment].assign(label=1) for moment in moments[:2])
    asked = np.array([known])
    alone = shifts_at(model, asked, HORIZON, first)
    among = shifts_at(model, asked, HORIZON, both)
    assert alone == pytest.approx(among)


def test_a_training_learns_from_its_last_outcomes_however_many_moments_there_are(
    bundles: dict[str, Bundle], frames: Frames
) -> None:
    flat = pd.concat([frames.ladder[frames.ladder["age_days"] == 0]] * 3, ignore_index=True)
    flat["as_of"] += pd.to_timedelta(np.arange(len(flat)) % 3, unit="h")
    assert flat["as_of"].nunique() > MOST_MOMENTS
    last = flat["as_of"] > flat["as_of"].max().floor("D")
    assert last.sum() > 3
    learned = [
        _followed(bundles["mixed"], rows, RECIPES["mixed"], HORIZON)["calibration"]["shift"]
        for rows in (flat.assign(label=flat["label"].mask(last, one)) for one in (0, 1))
    ]
    assert learned[1] > learned[0]


def test_what_a_training_stores_is_what_it_learned_from_its_mornings(
    bundles: dict[str, Bundle], frames: Frames
) -> None:
    model = _followed(bundles["logistic"], frames.mornings, RECIPES["mixed"], HORIZON)
    known = frames.mornings["as_of"].max() + pd.Timedelta(days=HORIZON)
    assert pd.Timestamp(0) + pd.Timedelta(days=model["following"]["day"]) == known
    assert model["following"]["speed"] == RECIPES["mixed"].speed
    # A model learned from these very rows is off by little; the outcomes of two hundred wins are sure of it.
    assert abs(model["calibration"]["shift"]) < 0.3
    assert 0 < model["following"]["variance"] < 0.1
