"""The gate: a better challenger passes; a worse, a merely lucky and a misleading one do not."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models.gate import LEARN_MORE, RECALIBRATE, REFRESHED, WAIT, Verdict, decide, judge_trial
from models.opponent import Opponent
from models.scorer import Floats, expit

RNG = np.random.default_rng(5)
ROWS = 4000
MARGIN = RNG.normal(-1.5, 1.2, ROWS)
LABEL = (RNG.random(ROWS) < expit(MARGIN)).astype(np.float64)
GOOD, BASE = expit(MARGIN), np.full(ROWS, LABEL.mean())
BLURRED = expit(0.8 * (MARGIN + RNG.normal(0, 0.8, ROWS)) - 0.2)
ODOO = expit(0.6 * MARGIN + RNG.normal(0, 1.0, ROWS) - 0.3)
GROUPS = np.repeat(np.arange(ROWS // 2), 2)


def judged(challenger: Floats, **more: Any) -> Verdict:
    return decide(
        LABEL,
        challenger,
        baselines={"base_rate": BASE, "odoo": ODOO},
        groups=GROUPS,
        clusters=np.arange(ROWS),
        **more,
    )


def one_of_two_equals(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return two models that know as much as each other, by different means."""
    return (expit(0.85 * (MARGIN + rng.normal(0, 0.5, ROWS)) - 0.2) for _ in range(2))  # type: ignore[return-value]


# --- the first model ---------------------------------------------------------------------------


def test_the_first_model_is_promoted_if_it_beats_the_base_rate() -> None:
    verdict = judged(GOOD)
    assert verdict.promoted
    assert verdict.reasons == ["the first model: nothing to replace"]
    assert verdict.differences[0].surely_better
    assert verdict.advice is None


def test_a_first_model_worse_than_the_base_rate_is_refused_and_told_what_to_do() -> None:
    verdict = judged(expit(np.log(BASE / (1 - BASE)) + RNG.normal(0, 0.5, ROWS)))
    assert not verdict.promoted
    assert verdict.reasons[0].startswith("worse than base_rate: log loss +")
    assert str(verdict.advice).startswith(LEARN_MORE)


def test_a_first_model_may_be_as_good_as_the_base_rate_which_is_said() -> None:
    verdict = judged(BASE)
    assert verdict.promoted
    assert verdict.reasons[1].startswith("not surely better than base_rate yet: log loss +0.00000")


def test_a_first_model_that_is_worse_than_odoo_alone_is_promoted_and_that_is_said() -> None:
    verdict = decide(
        LABEL,
        BLURRED,
        baselines={"base_rate": BASE, "odoo": GOOD},
        groups=GROUPS,
        clusters=np.arange(ROWS),
    )
    assert verdict.promoted
    assert verdict.reasons[1].startswith("no better than odoo: log loss +")


def test_a_base_rate_may_be_the_first_model_if_nothing_beats_it() -> None:
    assert judged(BASE, is_base_rate=True).promoted


# --- one that wants another's place ------------------------------------------------------------


def test_a_better_challenger_replaces_the_champion() -> None:
    verdict = judged(GOOD, champion=BLURRED)
    assert verdict.promoted
    assert verdict.reasons == ["better than the champion by more than luck"]
    assert [one.against for one in verdict.differences] == ["base_rate", "odoo", "champion"]


def test_a_worse_challenger_does_not() -> None:
    verdict = judged(BLURRED, champion=GOOD)
    assert not verdict.promoted
    assert verdict.reasons[0].startswith("worse than the champion: log loss +")
    assert verdict.advice == WAIT


# --- the same procedure on newer data ----------------------------------------------------------


def test_a_refresh_takes_the_champions_place_if_it_is_no_worse() -> None:
    first, second = one_of_two_equals(np.random.default_rng(3))
    verdict = judged(first, champion=second, refresh=True)
    assert verdict.promoted
    assert verdict.reasons[0] == REFRESHED
    assert verdict.reasons[1].startswith("against the champion: log loss ")


def test_a_refresh_that_is_worse_is_refused() -> None:
    verdict = judged(BLURRED, champion=GOOD, refresh=True)
    assert not verdict.promoted
    assert verdict.reasons[0].startswith("worse than the champion: log loss +")


def test_a_refresh_that_misleads_is_refused() -> None:
    verdict = judged(expit(2 * MARGIN), champion=expit(2 * MARGIN), refresh=True)
    assert not verdict.promoted
    assert verdict.reasons[0].startswith("not calibrated: ")


def test_a_refresh_that_is_worse_than_the_base_rate_is_refused() -> None:
    noisy = expit(np.log(BASE / (1 - BASE)) + RNG.normal(0, 0.5, ROWS))
    verdict = judged(noisy, champion=noisy, refresh=True)
    assert verdict.reasons[0].startswith("worse than base_rate: log loss +")


def test_a_refresh_is_not_judged_against_a_champion_that_learned_from_the_rows() -> None:
    verdict = judged(BLURRED, champion=GOOD, refresh=True, even=False)
    assert verdict.promoted
    assert verdict.reasons[1].startswith(
        "not judged against the champion, which learned from these rows: log loss +"
    )


def test_a_first_model_is_no_refresh() -> None:
    assert judged(GOOD, refresh=True).reasons == ["the first model: nothing to replace"]


# --- another procedure -------------------------------------------------------------------------


def test_the_same_model_again_is_no_better_than_the_champion() -> None:
    verdict = judged(GOOD, champion=GOOD)
    assert verdict.reasons == [
        "not surely better than the champion: log loss +0.00000 (90 % interval +0.00000 to +0.00000)"
    ]


def test_of_equal_models_that_had_luck_hardly_any_replaces_the_other() -> None:
    rng = np.random.default_rng(11)
    verdicts = [
        decide(LABEL, one, baselines={}, groups=GROUPS, clusters=np.arange(ROWS), champion=other)
        for one, other in (one_of_two_equals(rng) for _ in range(24))
    ]
    lucky = [verdict for verdict in verdicts if verdict.differences[0].mean < 0]
    assert 5 < len(lucky) < 19
    assert sum(verdict.promoted for verdict in verdicts) <= 3  # one in twenty, by the interval
    assert all(
        verdict.reasons[0].startswith("not surely better than the champion: log loss -")
        for verdict in lucky
        if not verdict.promoted
    )


def test_a_challenger_equal_to_the_base_rate_does_not_replace_a_bad_champion() -> None:
    verdict = judged(BASE, champion=expit(-MARGIN))
    assert not verdict.promoted
    assert verdict.reasons[0].startswith("not surely better than base_rate: log loss ")


def test_a_challenger_no_better_than_odoo_does_not_pass() -> None:
    verdict = decide(
        LABEL,
        GOOD,
        baselines={"base_rate": BASE, "odoo": GOOD},
        groups=GROUPS,
        clusters=np.arange(ROWS),
        champion=BLURRED,
    )
    assert not verdict.promoted
    assert verdict.reasons[0].startswith("not surely better than odoo: log loss +0.00000")


def test_a_base_rate_replaces_a_champion_that_is_surely_worse_than_it() -> None:
    verdict = decide(
        LABEL,
        BASE,
        baselines={"base_rate": BASE},
        groups=GROUPS,
        clusters=np.arange(ROWS),
        champion=expit(-MARGIN),
        is_base_rate=True,
    )
    assert verdict.promoted


# --- calibration -------------------------------------------------------------------------------

MISLEADING = {
    "too bold": (expit(2 * MARGIN), "they are too bold (slope 0."),
    "too timid": (expit(0.5 * MARGIN - 0.75), "they are too timid (slope 1.9"),
    "promised too much": (expit(MARGIN + 1), "the odds are 2.7 times too high"),
    "promised too little": (expit(MARGIN - 1), "times too low"),
}


@pytest.mark.parametrize(("said", "how"), MISLEADING.values(), ids=MISLEADING)
@pytest.mark.parametrize("champion", [None, expit(-MARGIN)], ids=["first", "in a champion's place"])
def test_a_misleading_challenger_is_refused_however_well_it_ranks(
    said: Floats, how: str, champion: Floats | None
) -> None:
    verdict = judged(said, champion=champion)
    assert not verdict.promoted
    told = [reason for reason in verdict.reasons if reason.startswith("not calibrated: ")]
    assert len(told) == 1
    assert how in told[0]
    assert RECALIBRATE in str(verdict.advice)


@pytest.mark.parametrize("rows", [30, 300, 2000])
def test_honest_probabilities_are_hardly_ever_refused_at_any_size(rows: int) -> None:
    rng, refused = np.random.default_rng(rows), 0
    clusters = np.arange(rows) // 3
    for _ in range(60):
        said = expit(rng.normal(-2, 1, rows // 3 + 1)[clusters] + rng.normal(0, 0.2, rows))
        label = (rng.random(rows // 3 + 1)[clusters] < said).astype(np.float64)
        verdict = decide(label, said, baselines={}, groups=clusters, clusters=clusters)
        refused += not verdict.promoted
    assert refused <= 2


def test_where_the_close_rate_leaps_half_the_best_peers_error_is_enough() -> None:
    leapt = (np.random.default_rng(2).random(ROWS) < expit(MARGIN + 1.5)).astype(np.float64)
    following = expit(MARGIN + 0.95)

    def refused(baselines: dict[str, Floats]) -> bool:
        verdict = decide(
            leapt, following, baselines=baselines, groups=GROUPS, clusters=np.arange(ROWS)
        )
        return any(reason.startswith("not calibrated: ") for reason in verdict.reasons)

    assert not refused({"base_rate": BASE, "odoo": ODOO})
    assert refused({"base_rate": np.full(ROWS, leapt.mean()), "odoo": ODOO})


# --- rows, accounts, and what is written down --------------------------------------------------


def test_only_rows_that_are_fair_are_compared_with_the_champion() -> None:
    fresh = np.arange(ROWS) >= ROWS // 2
    champion = np.where(fresh, BLURRED, np.where(LABEL == 1, 0.99, 0.01))
    assert not judged(GOOD, champion=champion).promoted
    verdict = judged(GOOD, champion=champion, unseen_by_champion=fresh)
    assert verdict.promoted
    assert verdict.differences[2].rows == ROWS // 2


def test_rows_that_the_champion_says_nothing_of_are_left_out() -> None:
    champion = np.where(np.arange(ROWS) < 100, np.nan, BLURRED)
    assert judged(GOOD, champion=champion).differences[2].rows == ROWS - 100


def test_without_a_row_to_compare_on_the_champion_stays() -> None:
    verdict = judged(GOOD, champion=np.full(ROWS, np.nan))
    assert verdict.reasons == ["there are no later rows to compare it with the champion on"]


def test_few_won_outcomes_are_never_sure_and_one_lead_on_many_mornings_is_one() -> None:
    few = np.flatnonzero(LABEL == 1)[:15]
    fair = np.isin(np.arange(ROWS), [*few, *np.flatnonzero(LABEL == 0)[:60]])
    champion = np.where(LABEL == 1, 0.02, 0.6)
    verdict = judged(GOOD, champion=champion, unseen_by_champion=fair)
    assert verdict.reasons == [
        "too few outcomes to tell it from the champion: 15 won ones, 20 are needed"
    ]
    one = decide(
        LABEL, GOOD, baselines={}, groups=GROUPS, clusters=np.zeros(ROWS, int), champion=champion
    )
    assert one.differences[0].won == 1
    assert not one.promoted


@pytest.mark.parametrize("rows", [1, 2, 4])
@pytest.mark.parametrize("won", [0.0, 1.0])
@pytest.mark.parametrize("champion", [None, 0.3])
def test_tiny_rows_of_one_outcome_get_a_verdict(
    rows: int, won: float, champion: float | None
) -> None:
    verdict = decide(
        np.full(rows, won),
        np.full(rows, 0.5),
        baselines={"base_rate": np.full(rows, 0.5), "odoo": np.full(rows, 0.4)},
        groups=np.arange(rows),
        clusters=np.arange(rows),
        champion=None if champion is None else np.full(rows, champion),
    )
    assert verdict.promoted is (champion is None)
    json.dumps(verdict.to_json(), allow_nan=False)


def test_no_rows_at_all_are_a_refusal() -> None:
    none = np.empty(0)
    verdict = decide(
        none, none, baselines={"base_rate": none}, groups=none, clusters=none.astype(int)
    )
    assert (verdict.promoted, verdict.reasons) == (False, ["there are no later rows to judge on"])


def test_fewer_than_ten_accounts_give_no_interval() -> None:
    verdict = decide(
        LABEL, GOOD, baselines={"base_rate": BASE}, groups=GROUPS % 9, clusters=np.arange(ROWS)
    )
    assert verdict.differences[0].words.endswith("(9 accounts are too few for an interval)")
    assert not verdict.differences[0].surely_better


def test_copies_of_the_same_accounts_do_not_make_the_gate_surer() -> None:
    few = slice(0, 120)
    wide = []
    for times in (1, 8):
        found = decide(
            np.tile(LABEL[few], times),
            np.tile(BLURRED[few], times),
            baselines={"base_rate": np.tile(BASE[few], times)},
            groups=np.tile(GROUPS[few], times),
            clusters=np.tile(np.arange(120), times),
        ).differences[0]
        assert found.low is not None
        assert found.high is not None
        wide.append(found.high - found.low)
    assert wide[1] == pytest.approx(wide[0])


def test_a_verdict_is_the_same_each_time_and_is_json() -> None:
    first, second = (judged(GOOD, champion=BLURRED).to_json() for _ in range(2))
    assert json.loads(json.dumps(first, allow_nan=False)) == json.loads(json.dumps(second))


def test_the_figures_have_names_for_a_tracking_server() -> None:
    verdict = judged(GOOD, champion=BLURRED)
    told = verdict.metrics()
    assert told["gate.promoted"] == 1.0
    assert told["gate.against_champion.mean"] == verdict.differences[2].mean
    assert {"gate.ece", "gate.ece_noise_95", "gate.level", "gate.against_odoo.high"} <= set(told)
    assert all(np.isfinite(list(told.values())))


def test_a_trial_is_judged_by_its_own_columns() -> None:
    rows = pd.DataFrame(
        {"label": LABEL, "leadgauge": GOOD, "base_rate": BASE, "odoo": ODOO, "group_id": GROUPS}
    ).assign(cluster=np.arange(ROWS) + 7)
    fair = np.arange(ROWS) > 99
    verdict = judge_trial(rows, Opponent(BLURRED, fair, "by these rows"), step="logistic", seed=1)
    assert verdict.promoted
    assert verdict.reasons == ["better than the champion by more than luck", "by these rows"]
    assert [one.rows for one in verdict.differences] == [ROWS, ROWS, ROWS - 100]
