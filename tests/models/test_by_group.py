"""What moves the score of leads of one age: groups, concepts, points of pictures, levels."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.catalogue import Attribute, Catalogue, EventCount, TrackRecord
from models.alike_conditions import age_of, alike_leads, measure_again
from models.bundle import Bundle
from models.by_group import (
    Explained,
    concept_strengths,
    group_strengths,
    levels_of,
    pulls,
)
from models.points import Points, curves, swarms
from tests.models.company import Frames


@pytest.fixture(scope="module")
def week(frames: Frames) -> pd.DataFrame:
    return frames.ladder[frames.ladder["age_days"] == 7].reset_index(drop=True)


@pytest.fixture(scope="module")
def explained(bundles: dict[str, Bundle], week: pd.DataFrame) -> Explained:
    return Explained.of(bundles["mixed"], week)


def test_each_lead_counts_once_and_contributions_are_against_the_average(
    bundles: dict[str, Bundle], week: pd.DataFrame
) -> None:
    explained = Explained.of(bundles["mixed"], pd.concat([week, week]))
    assert len(explained.frame) == len(week)
    assert np.abs(explained.parts.mean(axis=0)).max() < 1e-12


def test_groups_rank_by_how_much_they_move_scores_and_share_the_whole(explained: Explained) -> None:
    groups = group_strengths(explained)
    assert [one.name for one in groups[:2]] == ["what they did", "where they came from"]
    assert sum(one.share for one in groups) == pytest.approx(1.0)
    assert {one.name: one.can_be_acted_on for one in groups} == {
        "what they did": True,
        "where they came from": True,
        "who they are": False,
        "timing": False,
    }


def test_an_age_that_all_leads_share_moves_none_of_them(explained: Explained) -> None:
    assert {one.name: one.strength for one in concept_strengths(explained)}["age"] == 0.0


def test_a_column_that_marketing_chooses_counts_among_where_leads_came_from(
    bundles: dict[str, Bundle], week: pd.DataFrame
) -> None:
    explained = Explained.of(bundles["mixed"], week, chosen=frozenset({"size"}))
    groups = {one.name: one.group for one in concept_strengths(explained)}
    assert groups["size"] == "where they came from"


def known(points: Points) -> list[float]:
    return [place for place in points.values if place is not None]  # noqa: PD011  no frame


def catalogue_of(*features: Attribute | TrackRecord | EventCount) -> Catalogue:
    return Catalogue(project="p", timezone="UTC", horizon_days=30, features=list(features))


def drawn(explained: Explained) -> Explained:
    """Return two leads with one log-odd of each of source, its record, size, two kinds of visit and a call."""
    words = {"label": "one", "type": "number"}
    features = catalogue_of(
        Attribute(
            name="source", concept="source", group="where they came from", column="source", **words
        ),
        TrackRecord(
            name="record", concept="source record", group="track record", column="source", **words
        ),
        Attribute(name="size", concept="size", group="who they are", column="size", **words),
        EventCount(name="visit", concept="visits", group="what they did", event="visit", **words),
        EventCount(name="page", concept="pages", group="what they did", event="page", **words),
        EventCount(name="call", concept="calls", group="what sales did", event="call", **words),
    ).features
    parts = np.array([[1.0, 2.0, 4.0, 8.0, 16.0, 32.0]])
    return replace(explained, features=features, parts=parts)


@pytest.mark.parametrize(
    ("concept", "before", "rest"),
    [
        ("source", 4.0, 4.0 + 8 + 16 + 32),
        ("size", 1.0 + 2, 1.0 + 2 + 8 + 16 + 32),
        ("visits", 1.0 + 2 + 4, 1.0 + 2 + 4 + 16 + 32),
        ("calls", 1.0 + 2 + 4 + 8 + 16, 1.0 + 2 + 4 + 8 + 16),
    ],
)
def test_what_came_before_is_what_leads_brought_and_for_sales_what_they_had_done(
    explained: Explained, concept: str, before: float, rest: float
) -> None:
    made_up = drawn(explained)
    assert made_up.before(concept).tolist() == [before]
    assert made_up.rest(concept).tolist() == [rest]


def test_points_of_a_swarm_hold_no_ids_and_no_level_of_few_leads(
    bundles: dict[str, Bundle], week: pd.DataFrame
) -> None:
    rare = week.assign(source=week["source"].mask(week.index < 9, "rare"))
    explained = Explained.of(bundles["mixed"], rare)
    by_concept = {one.concept: one for one in swarms(explained, min_group=10)}
    assert set(by_concept) == {"visits", "source", "size"}
    source = by_concept["source"]
    assert len(source.contributions) == min(400, len(week) - 9) == len(source.values)
    assert known(source) == []  # levels have no order
    visits = known(by_concept["visits"])
    assert 0 <= min(visits) < max(visits) <= 1


def test_curves_hold_numbers_without_the_values_that_few_leads_reach(explained: Explained) -> None:
    found = {one.concept: one for one in curves(explained, min_group=10)}
    assert set(found) == {"visits", "size"}
    sizes = explained.frame["size"].dropna().sort_values().tolist()
    shown = known(found["size"])
    assert float(f"{sizes[9]:.3g}") <= min(shown)
    assert max(shown) <= float(f"{sizes[-10]:.3g}")


def test_a_level_is_told_apart_by_what_speaks_for_and_against_it(explained: Explained) -> None:
    by_source = levels_of(explained.frame["source"])
    assert pulls(explained, by_source["partner"])[0].more > 0
    assert pulls(explained, by_source["ads"])[0].concept == "source"
    assert pulls(explained, by_source["ads"])[0].more < 0
    assert "source" not in [
        one.concept for one in pulls(explained, by_source["ads"], without=["source"])
    ]


def test_leads_that_are_like_the_others_have_nothing_that_speaks_for_or_against_them(
    explained: Explained,
) -> None:
    random = np.random.default_rng(0).random(len(explained.frame)) < 0.3
    assert pulls(explained, random) == []
    assert pulls(explained, np.ones(len(random), dtype=bool)) == []


def test_the_visits_that_tell_are_found_and_the_size_that_tells_nothing_is_not(
    explained: Explained,
) -> None:
    assert age_of(explained) == 7
    told = alike_leads(explained, min_group=10)
    found = {one.condition.concept: one for one in told.conditions if one.found}
    assert "visits" in found
    assert found["visits"].condition.shape == "count"
    assert found["visits"].ratio.interval[0] > 1
    assert "size" not in found


def test_a_condition_of_an_earlier_time_is_measured_again_and_one_without_its_feature_is_not(
    explained: Explained,
) -> None:
    condition = alike_leads(explained, min_group=10).conditions[0].condition
    gone = replace(condition, feature="gone")
    again, nothing = measure_again(explained, [condition, gone], min_group=10)
    assert again is not None
    assert again.condition == condition
    assert nothing is None


def test_without_leads_there_is_nothing_to_tell(
    bundles: dict[str, Bundle], week: pd.DataFrame
) -> None:
    nobody = Explained.of(bundles["mixed"], week.iloc[:0])
    assert alike_leads(nobody, min_group=10).conditions == []
    assert {one.strength for one in group_strengths(nobody)} == {0.0}
    assert swarms(nobody, min_group=10) == curves(nobody, min_group=10) == []


@pytest.mark.slow
def test_trees_that_learned_noise_by_heart_give_few_findings(explained: Explained) -> None:
    import lightgbm

    words = {"group": "what they did", "label": "one", "event": "visit"}
    catalogue = catalogue_of(
        *(EventCount(name=f"v{at}", concept=f"v{at}", **words) for at in range(20))
    )
    bundle = replace(explained.bundle, catalogue=catalogue)
    settings = {
        "objective": "binary",
        "num_leaves": 7,
        "min_data_in_leaf": 20,
        "learning_rate": 0.05,
    }
    found = 0
    for seed in range(20):
        random = np.random.default_rng(seed)
        values = random.poisson(1.5, (400, 20)).astype(float)
        label = (random.random(400) < 0.15).astype(float)
        trees = lightgbm.train(
            {**settings, "verbosity": -1, "num_threads": 1},
            lightgbm.Dataset(values, label),
            60,
        )
        parts = np.asarray(trees.predict(values, pred_contrib=True))[:, :-1]
        frame = pd.DataFrame(values, columns=catalogue.names).assign(
            lead_id=np.arange(400), group_id=np.arange(400), age_days=7.0, label=label
        )
        noise = Explained(bundle, frame, parts - parts.mean(axis=0), catalogue.features)
        found += any(one.found for one in alike_leads(noise, min_group=10).conditions)
    assert found <= 4
