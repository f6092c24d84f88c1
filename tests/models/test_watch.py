"""Nights of a population that stays as it is go on; broken ones stop; shifted ones warn. All on drawn leads."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.bundle import Bundle
from models.counted import Counted, counted
from models.tally import Tally
from models.watch import Finding, watch, weigh, worst
from tests.models.population import (
    NOW,
    SOURCES,
    assert_every_weekday,
    catalogue,
    draw,
    mornings,
    probability,
    watched,
)

Change = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


@pytest.fixture(scope="module")
def model() -> Bundle:
    made = watched(0)
    assert_every_weekday(made)
    return made


def findings(
    model: Bundle, leads: int, change: Change | None = None, *, seed: int = 11
) -> list[Finding]:
    rng = np.random.default_rng(seed)
    frame = draw(leads, rng)
    frame = change(frame, rng) if change else frame
    return watch([(frame, probability(frame))], model, NOW.to_pydatetime())


def warned(found: list[Finding]) -> dict[str, str]:
    return {one.what: one.verdict for one in found if one.verdict != "go on"}


@pytest.mark.parametrize(("leads", "nights"), [(20, 40), (50, 40), (200, 40), (2000, 10)])
def test_a_night_where_nothing_is_wrong_goes_on(model: Bundle, leads: int, nights: int) -> None:
    verdicts = [worst(findings(model, leads, seed=seed)) for seed in range(nights)]
    assert verdicts.count("stop") == 0
    assert verdicts.count("warn") <= 1


def empty_source(frame: pd.DataFrame, _: np.random.Generator) -> pd.DataFrame:
    return frame.assign(source=None)


def renamed(frame: pd.DataFrame, _: np.random.Generator) -> pd.DataFrame:
    return frame.assign(source=frame["source"].replace({"web": "Web site"}))


def all_renamed(frame: pd.DataFrame, _: np.random.Generator) -> pd.DataFrame:
    return frame.assign(source="lead source: " + frame["source"])


def in_hundreds(frame: pd.DataFrame, _: np.random.Generator) -> pd.DataFrame:
    return frame.assign(employees=frame["employees"] * 100)


def no_visits(frame: pd.DataFrame, _: np.random.Generator) -> pd.DataFrame:
    return frame.assign(visits_30d=0.0)


def more_ads(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return frame.assign(source=rng.choice(SOURCES, len(frame), p=(0.15, 0.6, 0.1, 0.1, 0.05)))


def half_empty(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return frame.assign(source=frame["source"].mask(rng.random(len(frame)) < 0.5, None))


def a_few_new(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return frame.assign(source=frame["source"].mask(rng.random(len(frame)) < 0.02, "podcast"))


@pytest.mark.parametrize(
    ("change", "leads", "verdict", "what"),
    [
        (empty_source, 50, "stop", "column source"),
        (empty_source, 2000, "stop", "column source"),
        (all_renamed, 20, "stop", "column source"),
        (in_hundreds, 50, "stop", "column employees"),
        (no_visits, 50, "stop", "column visits_30d"),
        (renamed, 200, "warn", "values of source"),
        (half_empty, 200, "warn", "inputs"),
        (more_ads, 2000, "warn", "inputs"),
    ],
)
def test_what_broke_is_found(
    model: Bundle, change: Change, leads: int, verdict: str, what: str
) -> None:
    for seed in range(4):
        found = findings(model, leads, change, seed=seed)
        assert worst(found) == verdict
        assert warned(found)[what] == verdict


def test_a_few_leads_with_a_new_value_are_told_and_go_on(model: Bundle) -> None:
    found = findings(model, 200, a_few_new)
    assert warned(found) == {}
    (values,) = [one for one in found if one.what == "values of source"]
    assert values.words.startswith("leads: values of 'Source' that the model was not trained on")


def test_a_broken_column_is_told_in_the_words_of_the_crm(model: Bundle) -> None:
    stops = [one.words for one in findings(model, 200, all_renamed) if one.verdict == "stop"]
    assert stops[0].startswith(
        "'Source' has values that the model never saw for 97 % of the open leads: 'lead source: web' ("
    )
    assert stops[0].endswith("and it makes 40 % of what moves the scores: were the values renamed?")
    assert [one.words for one in findings(model, 200, no_visits) if one.verdict == "stop"] == [
        "'visit' in 30 days is 0 for every open lead, and it makes 24 % of what moves the scores: "
        "has the export lost what fills it?"
    ]
    (said,) = [one.words for one in findings(model, 200, empty_source) if one.verdict == "stop"]
    assert said == (
        "'Source' is empty for 100 % of the open leads, and it makes 40 % of what moves the scores: "
        "has the export lost or renamed the column?"
    )


def test_a_shifted_mix_is_told_with_its_shares(model: Bundle) -> None:
    (inputs,) = [one for one in findings(model, 2000, more_ads) if one.what == "inputs"]
    assert inputs.words == (
        "inputs: 1 of 17 columns looks unlike the leads that the model learned from, with 40 % of what moves its "
        "scores: 'Source' ('ads' for 59 % of the leads, usually 23 %). Look at the export first; if the leads have "
        "changed, train anew"
    )
    assert [one["name"] for one in inputs.details["drifted"]] == ["source"]


def test_a_column_that_the_model_does_not_use_stops_nothing() -> None:
    made = watched(1)
    unused = {**made.training["importance"], "employees": 0.0}
    model = {**made.model, "training": {**made.training, "importance": unused}}
    found = findings(Bundle.of(model, {}, made.catalogue), 200, in_hundreds)
    assert {one.what: one.verdict for one in found}["column employees"] == "go on"


def test_one_probability_for_all_stops_the_night(model: Bundle) -> None:
    frame = draw(60, np.random.default_rng(1))
    found = watch([(frame, np.full(60, 0.2))], model, NOW.to_pydatetime())
    assert warned(found)["scores"] == "stop"


def test_scores_that_all_doubled_warn(model: Bundle) -> None:
    frame = draw(300, np.random.default_rng(1))
    found = watch([(frame, np.minimum(0.97, 2 * probability(frame)))], model, NOW.to_pydatetime())
    assert warned(found) == {"scores": "warn"}


def test_older_leads_are_no_drift(model: Bundle) -> None:
    rng = np.random.default_rng(4)
    frame = draw(3000, rng)
    old = frame.sort_values("age_days").tail(600).sample(400, random_state=1)
    found = watch([(old, probability(old))], model, NOW.to_pydatetime())
    assert warned(found) == {}


def test_batches_of_a_night_give_what_the_whole_gives(model: Bundle, tmp_path: Path) -> None:
    frame = draw(300, np.random.default_rng(2))
    whole = watch([(frame, probability(frame))], model, NOW.to_pydatetime())
    parts = [frame.iloc[:100], frame.iloc[100:]]
    split = watch([(part, probability(part)) for part in parts], model, NOW.to_pydatetime())
    apart = [counted([(part, probability(part))], model) for part in parts]
    apart[0].take(apart[1])
    added = weigh(apart[0], model, NOW.to_pydatetime())
    apart[0].save(tmp_path / "counts.json")
    kept = weigh(Counted.load(tmp_path / "counts.json"), model, NOW.to_pydatetime())
    told = [json.dumps([one.to_json() for one in found]) for found in (whole, split, added, kept)]
    assert len(set(told)) == 1


@pytest.mark.parametrize("values", [[0.0, 0.0], [0.0, 1.0], [np.nan, 1.0], [np.nan, np.nan]])
def test_one_value_in_each_batch_is_one_value_of_the_night_if_it_is_the_same(
    values: list[float],
) -> None:
    column = {
        "name": "n",
        "kind": "number",
        "edges": [0.5],
        "low": 0.0,
        "high": 1.0,
        "shared": True,
    }
    band = np.zeros(3, dtype=np.intp)
    whole, parts = Tally.empty(1, 2), [Tally.empty(1, 2), Tally.empty(1, 2)]
    for part, value in zip(parts, values, strict=True):
        for tally in (whole, part):
            tally.add(column, pd.Series([value] * 3), band, None)
    parts[0].take(parts[1])
    assert (parts[0].varied, parts[0].first, parts[0].distinct) == (
        whole.varied,
        whole.first,
        whole.distinct,
    )
    assert parts[0].bins.tolist() == whole.bins.tolist()


def test_on_a_weekday_that_training_never_saw_the_last_days_are_not_compared() -> None:
    made = watched(2, every=7)
    assert made.model["watch"]["weekdays"] == [5]
    (inputs,) = [one for one in findings(made, 200) if one.what == "inputs"]
    assert inputs.details["not_compared"] == ["since_visit"]
    assert inputs.details["columns"] == 16


def test_a_model_without_a_reference_says_so(model: Bundle) -> None:
    bare = {key: value for key, value in model.model.items() if key != "watch"}
    old = Bundle.of(bare, {}, model.catalogue)
    (found,) = findings(old, 50)
    assert (found.what, found.verdict) == ("reference", "go on")
    assert warned(findings(old, 50, renamed)) == {"values of source": "warn"}


@pytest.mark.parametrize("leads", [0, 7])
def test_a_handful_of_leads_is_not_compared(model: Bundle, leads: int) -> None:
    (found,) = findings(model, leads)
    assert found.verdict == "go on"
    assert found.words.startswith(f"{leads} open leads are too few")


def test_what_moved_among_past_mornings_does_not_warn() -> None:
    """The share of ads swings from morning to morning, as campaigns do; a night of another swing is nothing new."""
    rng = np.random.default_rng(6)
    frame = mornings(rng)
    moments = np.unique(frame["as_of"])
    for at, moment in enumerate(moments):
        if at % 3 == 0:
            now = (frame["as_of"] == moment).to_numpy()
            swung = rng.random(now.sum()) < 0.45
            frame.loc[now, "source"] = frame.loc[now, "source"].mask(swung, "ads")
    from models.usual import reference

    steady = watched(6)
    moved = {**steady.model, "watch": reference(frame, steady, probability(frame))}

    def swing(night: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        return night.assign(source=night["source"].mask(rng.random(len(night)) < 0.45, "ads"))

    used_to = Bundle.of(moved, {}, catalogue())
    assert warned(findings(steady, 1000, swing)) != {}
    assert "inputs" not in warned(findings(used_to, 1000, swing))


def test_a_flat_export_is_watched_too() -> None:
    """Its leads stand at their creation; a morning is what came in within one horizon."""
    rng = np.random.default_rng(8)
    frame = draw(3000, rng).assign(age_days=0.0)
    came = NOW - pd.to_timedelta(rng.uniform(0, 400, 3000), unit="D")
    frame = frame.assign(as_of=came, created_at=came)
    from models.usual import reference

    made = watched(8)
    usual = reference(frame, made, probability(frame))
    assert usual["weekdays"] is None
    assert usual["past_mornings"] >= 3
    model = Bundle.of({**made.model, "watch": usual}, {}, catalogue())

    def young(night: pd.DataFrame, _: np.random.Generator) -> pd.DataFrame:
        return night.assign(age_days=0.0)

    assert warned(findings(model, 150, young)) == {}
    assert warned(findings(model, 150, lambda night, rng: young(empty_source(night, rng), rng)))[
        "column source"
    ] == "stop"  # fmt: skip


def test_the_reference_is_plain_json_and_survives_a_save(model: Bundle) -> None:
    text = json.dumps(model.model["watch"], allow_nan=False)
    assert json.loads(text) == model.model["watch"]
    assert len(text) < 100_000
