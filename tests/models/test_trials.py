"""The folds: what each part says of them is not moved by outcomes that nobody could know."""

import numpy as np
import pandas as pd
import pytest

from features.project import Model
from models.boosting import DEFAULT_ROUNDS, GRID
from models.candidates import BASE_RATE, OutOfFold, best_part
from models.candidates import SETTINGS as PARTS
from models.folds import Fold, forward_folds
from models.frames import in_order, learning_rows
from models.members import Learned, Part
from models.scorer import Floats, expit
from models.trials import PATIENCE, _Patience, _speak, _thinned, run_folds
from tests.models.company import HORIZON, SETTINGS, START, Frames

LIGHT = SETTINGS.model_copy(update={"ladder": ["base_rate", "logistic"], "folds": 3})


@pytest.fixture(scope="module")
def rows(frames: Frames) -> pd.DataFrame:
    ladder = in_order(frames.ladder, frames.catalogue, "ladder")
    return learning_rows(ladder, frames.mornings, HORIZON)


def run(rows: pd.DataFrame, frames: Frames, settings: Model) -> tuple[list[Fold], list[OutOfFold]]:
    said: list[str] = []
    folds = forward_folds(
        rows, frames.mornings, folds=settings.folds, gap_days=HORIZON, min_wins=30, seed=7
    )
    tests = run_folds(
        rows,
        frames.mornings,
        folds,
        frames.catalogue,
        settings,
        gap_days=HORIZON,
        threads=1,
        progress=said.append,
    )
    assert len(said) == len(folds) == len(tests)
    return folds, tests


@pytest.fixture(scope="module")
def light(rows: pd.DataFrame, frames: Frames) -> tuple[list[Fold], list[OutOfFold]]:
    return run(rows, frames, LIGHT)


def test_every_part_of_the_ladder_speaks_of_the_fold_and_of_what_was_known_before(
    light: tuple[list[Fold], list[OutOfFold]], frames: Frames
) -> None:
    for fold, test in zip(*light, strict=True):
        assert {BASE_RATE, *PARTS["logistic"]} <= set(test.parts)
        assert not {part.member for part in test.parts} & {"anchored", "rates"}
        assert all(len(said) == len(fold.test) for said in test.parts.values())
        assert all(len(said) == len(test.before) for said in test.before_parts.values())
        known = frames.mornings["as_of"] + pd.Timedelta(days=HORIZON) <= fold.start
        assert len(test.before) == known.sum()
        assert (test.before["as_of"] + pd.Timedelta(days=HORIZON) <= fold.start).all()
        assert test.evidence == pytest.approx(7 / HORIZON)


def test_where_very_much_was_known_before_some_of_it_stands_for_all(
    rows: pd.DataFrame,
    frames: Frames,
    light: tuple[list[Fold], list[OutOfFold]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("models.trials.BEFORE_ROWS", 200)
    _, tests = run(rows, frames, LIGHT)
    for some, every in zip(tests, light[1], strict=True):
        assert len(some.before) == min(200, len(every.before))
        assert some.before_evidence.sum() == pytest.approx(every.before_evidence.sum())
        assert some.before["as_of"].is_monotonic_increasing
        for part, said in every.parts.items():
            np.testing.assert_array_equal(some.parts[part], said)


def test_outcomes_after_a_fold_change_nothing_of_what_is_said_of_it(
    rows: pd.DataFrame, frames: Frames, light: tuple[list[Fold], list[OutOfFold]]
) -> None:
    folds, tests = light
    start = folds[1].start
    turned, mornings = (
        one.assign(label=one["label"].where(one["as_of"] + pd.Timedelta(days=HORIZON) <= start, 0))
        for one in (rows, frames.mornings)
    )
    again = run_folds(
        turned,
        mornings,
        folds[1:2],
        frames.catalogue,
        LIGHT,
        gap_days=HORIZON,
        threads=1,
        progress=lambda _: None,
    )
    for part, said in tests[1].parts.items():
        np.testing.assert_array_equal(again[0].parts[part], said)


def test_of_very_many_rows_whole_leads_are_left_out(
    rows: pd.DataFrame,
    light: tuple[list[Fold], list[OutOfFold]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fold = light[0][-1]
    assert (_thinned(rows, fold, 7) == np.arange(len(fold.train))).all()
    monkeypatch.setattr("models.trials.SEARCH_ROWS", len(fold.train) // 3)
    kept = _thinned(rows, fold, 7)
    assert len(kept) == pytest.approx(len(fold.train) / 3, rel=0.25)
    leads = rows["lead_id"].iloc[fold.train].to_numpy()
    left_out = np.setdiff1d(np.arange(len(fold.train)), kept)
    assert not set(leads[kept]) & set(leads[left_out])


def patience(losses: list[float], *, needed: int) -> list[bool]:
    listener = _Patience(needed)
    return [listener.spent(at, loss) for at, loss in zip(GRID, losses, strict=False)]


def test_trees_stop_when_more_rounds_have_only_harmed_for_some_steps() -> None:
    assert PATIENCE == 2
    assert patience([5, 4, 3, 4, 5, 6], needed=15) == [False, False, False, False, True, True]
    assert patience([5, 4, 3, 4, 2, 3, 4], needed=15) == [False] * 6 + [True]


def test_trees_do_not_stop_before_the_rounds_that_are_needed() -> None:
    assert patience([1, 2, 3, 4, 5, 6], needed=GRID[4]) == [False] * 4 + [True, True]


def earlier(best_rounds: int, *, level: float) -> OutOfFold:
    """Draw a fold that ``best_rounds`` rank best; each further round lifts the level of what trees say."""
    rng = np.random.default_rng(5)
    seen, noise = rng.normal(0, 1, 600), rng.normal(0, 1, 600)
    label = (rng.random(600) < expit(seen - 1)).astype(np.float64)
    frame = pd.DataFrame(
        {
            "lead_id": [f"E{at}" for at in range(600)],
            "as_of": START,
            "group_id": [f"E{at}" for at in range(600)],
            "label": label,
            "age_days": 1.0,
        }
    )
    parts: dict[Part, Floats] = {
        part: seen - 1 + noise * (part.rounds != best_rounds) + level * part.rounds
        for member in ("anchored", "rates")
        for part in PARTS[member]
    }
    one = np.ones(600)
    return OutOfFold(frame, label, np.arange(600), one, parts, frame.head(0), one[:0], {})


@pytest.mark.parametrize("level", [0.0, 0.02])
def test_the_rounds_that_may_be_chosen_for_a_fold_do_not_hang_on_its_own_outcomes(
    rows: pd.DataFrame, frames: Frames, level: float
) -> None:
    """Also where the level of many rounds was off in the earlier folds: the intercept follows, so they are chosen."""
    settings = SETTINGS.model_copy(update={"seeds": 1})
    train = rows.head(900)
    learned = Learned.of(
        train,
        frames.catalogue,
        settings,
        weight=train["weight"].to_numpy(dtype=np.float64),
        gap_days=HORIZON,
        threads=1,
    )
    known = [earlier(280, level=level)]
    test = frames.mornings.tail(300)
    label = test["label"].to_numpy(dtype=np.float64)
    said = [
        _speak(learned, settings, known, known, [learned.encode(test)], own)
        for own in (label, 1 - label, np.roll(label, 7))
    ]
    for member in ("anchored", "rates"):
        chosen = best_part(known, member)
        assert chosen.rounds == 280
        assert len(np.unique([one[chosen][0].sum() for one in said])) == 1
        for other in said[1:]:
            np.testing.assert_array_equal(other[chosen][0], said[0][chosen][0])


def test_rounds_that_were_not_trained_say_what_the_last_ones_said(
    rows: pd.DataFrame, frames: Frames
) -> None:
    settings = SETTINGS.model_copy(update={"seeds": 1})
    train = rows.head(900).assign(source=None, size=np.nan)
    learned = Learned.of(
        train,
        frames.catalogue,
        settings,
        weight=train["weight"].to_numpy(dtype=np.float64),
        gap_days=HORIZON,
        threads=1,
    )
    test = frames.mornings.tail(300)
    label = np.roll(test["label"].to_numpy(dtype=np.float64), 150)  # trees learn nothing of these
    said = _speak(learned, settings, [], [], [learned.encode(test)], label)
    last = [said[Part("rates", rounds=at)][0] for at in GRID]
    stopped = [at for at in range(1, len(GRID)) if np.array_equal(last[at], last[at - 1])]
    assert stopped
    assert GRID[stopped[0] - 1] >= DEFAULT_ROUNDS
    assert stopped == list(range(stopped[0], len(GRID)))


def test_a_fold_with_a_known_part_alone_keeps_what_was_said(
    light: tuple[list[Fold], list[OutOfFold]],
) -> None:
    test = light[1][0]
    middle = test.rows["as_of"].sort_values().iloc[len(test.rows) // 2]
    gap = pd.Timedelta(days=HORIZON)
    known = test.known_by(middle + gap, gap)
    inside = (test.rows["as_of"] <= middle).to_numpy()
    assert 0 < len(known.label) == inside.sum() < len(test.label)
    np.testing.assert_array_equal(known.label, test.label[inside])
    np.testing.assert_array_equal(known.evidence, test.evidence[inside])
    for part, said in test.parts.items():
        np.testing.assert_array_equal(known.parts[part], said[inside])
    assert known.before is test.before
