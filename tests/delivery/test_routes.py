"""Sales gets the leads of the agreement's grades, up to its capacity."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.routes import cut
from features.agreement import Agreement
from tests.delivery.drawn import scored

LEADS = """
    L1 0.90 95 A 100
    L2 0.80 90 A 900
    L3 0.50 70 B 500
    L4 0.40 60 C 9000
    L5 0.10 20 D 10
"""


def route(frame: pd.DataFrame, agreement: Agreement) -> np.ndarray:
    batches = pa.RecordBatch.from_pandas(frame, preserve_index=False)
    return cut(lambda: [batches[:2], batches[2:]], agreement).sales_ready(batches)


def ready(frame: pd.DataFrame, **agreement: object) -> set[str]:
    routed = route(frame, Agreement.model_validate(agreement))
    return set(frame.loc[routed, "lead_id"])


def test_without_a_capacity_every_lead_of_a_sales_ready_grade_goes_to_sales() -> None:
    assert ready(scored(LEADS)) == {"L1", "L2", "L3"}


def test_the_agreement_says_which_grades_are_sales_ready() -> None:
    assert ready(scored(LEADS), sales_ready_grades=["C"]) == {"L4"}


def test_capacity_goes_to_the_highest_expected_value() -> None:
    assert ready(scored(LEADS), capacity_per_day=2) == {"L2", "L3"}


def test_capacity_goes_to_the_likeliest_where_no_lead_has_an_expected_value() -> None:
    leads = scored(LEADS, expected_value=[float("nan")] * 5)
    assert ready(leads, capacity_per_day=2) == {"L1", "L2"}


def test_an_expected_value_is_never_held_against_a_probability() -> None:
    leads = scored(LEADS, expected_value=[float("nan"), 900.0, 500.0, 9000.0, 10.0])
    assert ready(leads, capacity_per_day=1) == {"L1"}


def test_a_missing_value_of_a_lead_that_is_no_candidate_changes_nothing() -> None:
    leads = scored(LEADS, expected_value=[100.0, 900.0, 500.0, float("nan"), float("nan")])
    assert ready(leads, capacity_per_day=1) == {"L2"}


def test_a_capacity_beyond_the_candidates_takes_no_other_grade() -> None:
    assert ready(scored(LEADS), capacity_per_day=50) == {"L1", "L2", "L3"}


def test_no_leads_have_no_routes() -> None:
    empty = scored(LEADS).head(0)
    assert list(route(empty, Agreement(capacity_per_day=3))) == []


@settings(deadline=None)
@given(
    probabilities=st.lists(st.sampled_from([0.1, 0.5, 0.9]), min_size=1, max_size=30),
    capacity=st.integers(1, 12),
    data=st.data(),
)
def test_neither_order_nor_index_decides_and_ties_fall_the_same_way(
    probabilities: list[float], capacity: int, data: st.DataObject
) -> None:
    table = "\n".join(f"L{i} {p} 50 A -" for i, p in enumerate(probabilities))
    leads = scored(table)
    order = data.draw(st.permutations(range(len(leads))))
    shuffled = leads.iloc[order]
    chosen = ready(leads, capacity_per_day=capacity)
    assert ready(shuffled, capacity_per_day=capacity) == chosen
    assert len(chosen) == min(capacity, len(leads))


def test_equals_are_told_apart_by_a_lot_and_not_by_their_ids() -> None:
    leads = scored("\n".join(f"L{i:02d} 0.5 50 A -" for i in range(40)))
    assert ready(leads, capacity_per_day=10) != {f"L{i:02d}" for i in range(10)}


@pytest.mark.parametrize("grade", ["A", "B", "C", "D"])
def test_each_grade_can_be_sales_ready(grade: str) -> None:
    leads = scored(f"L1 0.5 50 {grade} -")
    assert ready(leads, sales_ready_grades=[grade]) == {"L1"}
