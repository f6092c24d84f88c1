"""Names and values that speak of after the fact, and those that only look so."""

import pytest

from features.hindsight_words import accumulates, name_class, spaced, telling_values


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("Last Notable Activity", "state"),
        ("LastModifiedDate", "state"),
        ("hs_lead_status", "state"),
        ("Status", "state"),
        ("StageName", "state"),
        ("Latest Status Entry", "state"),
        ("Active Opportunity", "state"),
        ("IsClosed", "outcome"),
        ("ConvertedDate", "outcome"),
        ("Loss Reason", "outcome"),
        ("Contract Number Requested", "outcome"),
        ("Became a Customer Date", "outcome"),
        ("Lead Quality", "judgement"),
        ("Lead Profile", "judgement"),
        ("Tags", "judgement"),
        ("HubSpot Score", "judgement"),
        ("Asymmetrique Profile Index", "judgement"),
        ("duration", "conversation"),
        ("Talk Time", "conversation"),
        ("n_events", "effort"),
        ("Number of times contacted", "effort"),
        ("emails_sent", "effort"),
        ("Days In Stage", "elapsed"),
        ("Total Days Identified Through Closing", "elapsed"),
        ("Days Since Last Activity", "elapsed"),
        ("Target Close", "elapsed"),
        ("Weighted Revenue", "money"),
        ("Deal Amount", "money"),
        ("Amount", "money"),
    ],
)
def test_a_name_of_after_the_fact_is_known_by_its_class(label: str, expected: str) -> None:
    assert name_class(label) == expected


@pytest.mark.parametrize(
    "label",
    [
        "What is your current occupation",
        "Current Provider",
        "Last Name",
        "Marital Status",
        "Employment Status",
        "cons.price.idx",
        "Consumer Confidence Index",
        "Credit Score",
        "Previous Outcome",
        "poutcome",
        "Revenue From Client Past Two Years",
        "No. of Employees",
        "Annual Revenue",
        "amount_req",
        "loan_duration_months",
        "Contract Type",
        "Preferred contact method",
        "Total Time Spent on Website",
        "Number of pages visited",
        "Lead Source",
        "Lead Type",
        "Paid Search",
        "Win Back Campaign",
        "First Conversion",
        "Active Users",
        "Days Since Last Purchase",
        "Decision Role",
        "Demo Requested",
    ],
)
def test_what_a_lead_is_or_did_before_is_none_of_them(label: str) -> None:
    assert name_class(label) is None


def test_names_are_read_as_words() -> None:
    assert spaced("LeadQuality_2") == "lead quality 2"
    assert spaced("emp.var.rate") == "emp var rate"
    assert spaced("HTTPStatus") == "http status"


def test_what_the_lead_itself_did_sums_up() -> None:
    assert accumulates("Page Views Per Visit")
    assert accumulates("Total Time Spent on Website")
    assert not accumulates("Landing Page")
    assert not accumulates("Website")


def test_values_that_tell_how_the_contact_went_are_named_the_most_frequent_first() -> None:
    values = [("Interested", 50), ("Ringing", 30), ("Closed by Horizon", 40), ("Busy", 5)]
    assert telling_values(values) == ["Closed by Horizon", "Ringing"]


def test_a_rare_or_a_single_such_value_says_nothing() -> None:
    assert telling_values([("web", 980), ("closed", 1), ("lost", 1)]) == []
    assert telling_values([("web", 50), ("closed", 50)]) == []
    assert telling_values([]) == []
