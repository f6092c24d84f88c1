"""Each kind of evidence finds the column that knows the end, and spares the honest one beside it."""

import numpy as np
import pandas as pd
import pytest

from tests.features.audited import LEADS, Ended, evidence, only


@pytest.fixture
def leads() -> Ended:
    return Ended()


# Figures alone


def test_an_honest_column_that_helps_is_no_suspect(leads: Ended) -> None:
    size, source = leads.hints(0.8), np.where(leads.hints(1) > 0.5, "web", "fair")
    assert evidence(leads, {"Size": size, "Source": source}) == {}


def test_a_column_that_tells_the_outcome_by_itself_is_left_out(leads: Ended) -> None:
    found = evidence(leads, {"Note": leads.hints(2.5)})["Note"]
    assert found.grade == "condemned"
    assert found.line.startswith("alone it tells the outcome of l")
    assert "with an AUC of 0.9" in found.line


def test_one_that_tells_it_unusually_well_is_told_and_kept(leads: Ended) -> None:
    assert evidence(leads, {"Interest": leads.hints(1.25)})["Interest"].grade == "watch"


def test_a_column_that_came_into_use_lately_is_found_where_it_is_used(leads: Ended) -> None:
    note = np.where(leads.won, "green", "red")
    note[: int(0.6 * leads.size)] = "blue"
    line = evidence(leads, {"Note": note})["Note"].line
    assert line.startswith("“green” stands in ")


def test_what_moves_with_time_and_a_changing_base_rate_is_no_suspect() -> None:
    leads = Ended()
    leads.won = leads.random.random(leads.size) < np.linspace(0.02, 0.9, leads.size)
    rate = np.linspace(5.0, 1.0, leads.size) + leads.random.normal(0, 0.01, leads.size)
    quarter = [f"Q{n}" for n in np.arange(leads.size) * 8 // leads.size]
    assert evidence(leads, {"Interest Rate": rate, "Quarter": quarter}) == {}


def test_a_column_filled_in_for_winners_is_found_by_being_filled(leads: Ended) -> None:
    note = only(leads.some(0.9, 0.05), "A4711")
    line = evidence(leads, {"Note": note})["Note"].line
    assert line.startswith("whether it is filled at all tells the outcome (AUC 0.9")
    assert line.endswith("of lost leads")


def test_a_form_field_that_buyers_fill_in_more_often_is_kept(leads: Ended) -> None:
    occupation = only(leads.some(0.9, 0.6), "engineer")
    assert evidence(leads, {"Occupation": occupation}) == {}


def test_a_column_that_open_leads_of_the_same_time_lack_is_found(leads: Ended) -> None:
    note = only(~leads.is_open & leads.some(0.9, 0.9), "done")
    assert evidence(leads, {"Note": note})["Note"].line == (
        "filled in 87% of closed leads, and in 0% of those of the same time still open"
    )


def test_a_field_that_is_no_longer_asked_for_is_not_held_against_open_leads(leads: Ended) -> None:
    old = np.arange(leads.size) < 0.7 * leads.size
    assert evidence(leads, {"Fax": only(old, "yes")}) == {}


def test_a_value_that_only_losing_gives_is_found(leads: Ended) -> None:
    revenue = np.where(leads.won, leads.random.gamma(3, 1000, leads.size), 0.0)
    revenue = np.where(leads.is_open, leads.random.gamma(3, 1000, leads.size), revenue)
    line = evidence(leads, {"Revenue": revenue})["Revenue"].line
    lost = int((~leads.won & ~leads.is_open).sum())
    assert line == (
        f"“0” stands in {lost:,} lost leads and in no won one; with its like in 100% of the lost"
    )


def test_a_sieve_that_some_lost_leads_fell_through_is_kept(leads: Ended) -> None:
    """Students never buy: a fifth of the losses, known from the first day."""
    student = ~leads.won & (leads.random.random(leads.size) < 0.2)
    role = np.where(student, "student", "employee")
    assert evidence(leads, {"Role": role}) == {}


def test_a_flag_of_being_open_is_found(leads: Ended) -> None:
    found = evidence(leads, {"Flag": np.where(leads.is_open, "Y", "N")})["Flag"]
    assert found.line == (
        "it tells open leads from closed ones of the same time with an AUC of 1.00 (“N” where closed)"
    )


def test_a_slow_kind_of_lead_is_not_taken_for_a_flag_of_being_open(leads: Ended) -> None:
    """Trials of 7 and of 60 days: of the last weeks' leads, the long ones are open, all others not."""
    long = leads.random.random(leads.size) < 0.5
    leads.life = np.where(long, 60.0, 7.0)
    plan = np.where(long, "60 days", "7 days")
    assert evidence(leads, {"Plan": plan}) == {}


def test_the_days_until_the_end_are_found(leads: Ended) -> None:
    found = evidence(leads, {"Waiting": leads.life})["Waiting"]
    assert found.line == (
        "it is the number of days until the lead closed, in 100% of leads more than by chance"
    )


def test_a_target_date_that_is_often_kept_is_told_and_stays(leads: Ended) -> None:
    target = leads.life * leads.random.lognormal(0, 0.35, leads.size)
    found = evidence(leads, {"Planned": np.round(target)})["Planned"]
    assert found.grade == "watch"
    assert found.line.startswith("it moves with how long the lead took to close (rank corr")


# Names and values lower the bar, and never condemn


@pytest.mark.parametrize(
    ("label", "strength"),
    [("Last Activity", 0.8), ("Call Duration", 0.8), ("Number of Calls", 0.9), ("Result", 0.8)],
)
def test_a_name_of_after_the_fact_lowers_the_bar(leads: Ended, label: str, strength: float) -> None:
    hints = leads.hints(strength)
    found = evidence(leads, {label: hints, "Company Size": hints})
    assert {name: s.grade for name, s in found.items()} == {label: "condemned"}


@pytest.mark.parametrize("label", ["Lead Quality", "Total Calls", "Expected Revenue"])
def test_a_name_alone_does_not_condemn(leads: Ended, label: str) -> None:
    assert evidence(leads, {label: leads.hints(0.1)}) == {}


def test_a_name_that_says_today_is_told_even_where_it_tells_nothing(leads: Ended) -> None:
    status = leads.random.choice(["new", "old"], leads.size)
    found = evidence(leads, {"Lead Status": status})["Lead Status"]
    assert found.grade == "watch"
    assert found.line.startswith(
        "its name says that it is as of the export, though so far it does not tell the outcome"
    )


def test_a_judgement_of_every_lead_is_told_and_one_of_some_leads_left_out(leads: Ended) -> None:
    """A score that is given at creation is given to every lead."""
    hints = leads.hints(0.75)
    some = only(leads.some(0.5, 0.5), leads.hints(1.4))
    found = evidence(leads, {"Lead Score": hints, "Rating": some})
    assert {label: s.grade for label, s in found.items()} == {
        "Lead Score": "watch",
        "Rating": "condemned",
    }


def test_values_that_tell_how_the_contact_went_lower_the_bar(leads: Ended) -> None:
    high = leads.hints(1.0) > 0.6
    said = np.where(high, "Interested", "Not interested")
    said[::7] = "Wrong number"
    found = evidence(leads, {"Comment": said, "Segment": np.where(high, "A", "B")})
    assert {label: s.grade for label, s in found.items()} == {"Comment": "condemned"}
    assert found["Comment"].line.startswith(
        "its values tell how the contact went (“Not interested”, “Wrong number”), and alone it"
    )


# Columns of one hand


def test_columns_filled_together_with_a_condemned_one_go_with_it(leads: Ended) -> None:
    rows = leads.some(0.95, 0.05)
    columns = {"Note": only(rows, "A1"), "Other Note": only(rows, leads.random.normal(size=LEADS))}
    found = evidence(leads, columns)
    assert found["Other Note"].grade == "condemned"
    assert found["Note"].grade == "condemned"


def test_a_name_does_not_condemn_an_honest_column_that_is_filled_in_the_same_leads(
    leads: Ended,
) -> None:
    """A provider adds a score, an index and the industry to the leads that it knows."""
    rows = leads.some(0.5, 0.5)
    columns = {
        "Fit Score": only(rows, leads.hints(1.4)),
        "Fit Index": only(rows, leads.random.normal(size=LEADS)),
        "Industry": only(rows, leads.random.choice(["steel", "food"], LEADS)),
    }
    found = evidence(leads, columns)
    assert {label: s.grade for label, s in found.items()} == {
        "Fit Score": "condemned",
        "Fit Index": "condemned",
        "Industry": "watch",
    }
    assert found["Industry"].line == (
        "filled and empty in the same leads as Fit Score, which was written after the fact"
    )


# Who is judged


def test_without_recorded_losses_a_lead_past_its_horizon_is_lost() -> None:
    leads = Ended()
    leads.life = np.where(leads.won, leads.life, 10_000.0)
    found = evidence(leads, {"Note": leads.hints(3)}, label={"horizon_days": 30})
    assert found["Note"].grade == "condemned"


def test_a_flat_export_is_judged_by_how_it_tells_the_outcome(leads: Ended) -> None:
    columns = {"Note": leads.hints(3), "Size": leads.hints(0.5)}
    assert list(evidence(leads, columns, flat=True)) == ["Note"]


def test_shuffled_outcomes_leave_no_suspect() -> None:
    for seed in range(5):
        leads = Ended(size=300, seed=seed, won_share=0.35)
        columns = {
            "Tags": leads.random.choice([*"abcdefghijkl"], leads.size),
            "Lead Quality": only(leads.some(0.5, 0.5), leads.random.normal(size=leads.size)),
            "Last Activity": leads.random.choice([*"abcde"], leads.size),
            "Duration": leads.random.exponential(size=leads.size),
            "City": leads.random.choice([f"c{n}" for n in range(60)], leads.size),
        }
        found = evidence(leads, columns)
        assert [s for s in found.values() if s.grade != "watch"] == []


def test_an_empty_number_column_and_one_of_one_value_are_no_suspects(leads: Ended) -> None:
    columns = {"Empty": pd.Series(np.nan, index=range(LEADS)), "One": np.ones(LEADS)}
    assert evidence(leads, columns) == {}
