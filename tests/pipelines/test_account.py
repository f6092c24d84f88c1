"""One account and one lead, told from a model that can be checked in the head."""

import json
import stat
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from features.errors import UsageError
from features.frames import open_frame
from models.accounts import AccountScale
from models.calibration import Platt
from models.scorer import expit
from pipelines.account import account
from pipelines.explain import explain
from pipelines.home import Home
from pipelines.people import people_of
from pipelines.reading import feature_frame
from pipelines.registry import Registry
from pipelines.settings import Request, make_request
from pipelines.standing import stand
from pipelines.steps import DirectSteps
from pipelines.summary import Summary
from pipelines.tracking import log_training
from tests.features.company import Company
from tests.pipelines.tiny import MODEL, training
from tests.reports.test_page import Outline

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("mlflow_imported")]

LEADS = """
    id    | created    | firm  | lead_source | job
    anna  | 2026-01-02 | acme  | web         | Champion
    bert  | 2026-01-03 | acme  | fair        | user
    carla | 2025-06-03 | acme  | fair        | Buyer
    dora  | 2025-06-04 | acme  | web         | -
    emil  | 2026-01-04 | one   | web         | User
    frida | 2025-06-05 | over  | web         | -
    gerd  | 2026-01-05 | -     | web         | -
"""
DEALS = """
    lead  | result | closed     | paid
    carla | won    | 2025-08-01 | 1200
    dora  | lost   | 2025-08-02 | -
    frida | lost   | 2025-08-03 | -
"""
EVENTS = """
    who  | what    | when
    anna | visit   | 2026-01-10
    anna | visit   | 2026-01-11
    anna | webinar | 2026-01-12
    bert | visit   | 2026-01-09
"""
PROJECT: dict[str, Any] = {
    "project": "acme",
    "data_cutoff": "2026-02-01T00:00:00",
    "sources": {
        "leads": {
            "path": "leads.csv",
            "columns": {"lead_id": "id", "created_at": "created", "account_id": "firm"},
        },
        "outcomes": {
            "path": "deals.csv",
            "columns": {
                "lead_id": "lead",
                "status": "result",
                "closed_at": "closed",
                "amount": "paid",
            },
        },
        "events": {
            "path": "events.csv",
            "columns": {"lead_id": "who", "kind": "what", "occurred_at": "when"},
        },
    },
    "agreement": {"buying_group": {"column": "job", "roles": ["Champion", "User", "Controller"]}},
    "limits": {"quarantine_share": 1.0},
}
# Three visits and more -1, fewer -2 in log-odds: anna 0.269, all others 0.119.
ANNA, BERT = expit(np.array([-1.0, -2.0])).tolist()
SCALE = AccountScale(Platt(0.8, -0.3), outcomes=300)


@pytest.fixture
def project_file(tmp_path: Path) -> Path:
    company = Company(tmp_path)
    for name, drawing in {"leads": LEADS, "deals": DEALS, "events": EVENTS}.items():
        company.draw(f"{name}.csv", drawing)
    path = tmp_path / "acme.yaml"
    path.write_text(yaml.safe_dump(PROJECT))
    return path


@pytest.fixture
def scale() -> AccountScale | None:
    return SCALE


@pytest.fixture
def champion(home: Home, tmp_path: Path, scale: AccountScale | None) -> Home:
    made = training(tmp_path / "trained")
    path = made.bundle / "model.json"
    learned = {
        "importance": {"visits": 1.0},
        "ranges": {"visits": {"low": 0.0, "high": 9.0, "mean": 1.0}},
        "oldest_days": 400.0,
    }
    model = json.loads(json.dumps({**MODEL, "training": learned}))
    model["features"][1]["rare"] = []
    path.write_text(json.dumps(model))
    if scale is not None:
        (made.record / "accounts.json").write_text(json.dumps(scale.to_json()))
    Registry(home, "acme").promote(log_training(home, made))
    return home


def asked(project_file: Path, home: Home, **options: str | bool) -> Request:
    return make_request(project_file, None, home, options=dict(options))


def steps() -> DirectSteps:
    from pipelines.console import PlainProgress

    return DirectSteps(PlainProgress())


def of(project_file: Path, home: Home, account_id: str, **options: bool) -> Summary:
    return account(asked(project_file, home, account_id=account_id, **options), steps())


def test_an_account_tells_its_people_its_roles_and_the_probability_that_anyone_closes(
    project_file: Path, champion: Home
) -> None:
    told = of(project_file, champion, "acme")
    together = 1 - (1 - ANNA) * (1 - BERT)
    margin = np.log(together / (1 - together))
    assert told.facts["independent_probability"] == pytest.approx(together)
    assert told.facts["account_probability"] == pytest.approx(
        float(expit(np.array([0.8 * margin - 0.3]))[0])
    )
    assert (told.facts["open"], told.facts["won"], told.facts["lost"]) == (2, 1, 1)
    assert told.facts["won_amount"] == 1200
    assert told.facts["roles_seen"] == ["Champion", "User"]
    assert told.facts["roles_missing"] == ["Controller"]
    people = [
        (one["lead_id"], one["state"], one["role"], one["grade"], one["last_activity"])
        for one in told.facts["people"]
    ]
    assert people == [
        ("anna", "open", "Champion", "B", "webinar"),
        ("bert", "open", "user", "C", "visit"),
        ("carla", "won", "Buyer", None, None),
        ("dora", "lost", None, None, None),
    ]
    assert told.facts["people"][0]["close_probability"] == pytest.approx(ANNA)
    assert told.facts["people"][0]["last_activity_at"] == datetime.fromisoformat("2026-01-12")
    assert told.headline == (
        "Account acme: 32% that at least one of its 2 open leads closes within 90 days."
    )
    assert told.written == []


def test_the_page_is_written_where_only_its_owner_reads_it(
    project_file: Path, champion: Home
) -> None:
    (page,) = of(project_file, champion, "acme", html=True).written
    assert page == champion.project("acme").reports / "account-acme-2026-02-01.html"
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert stat.S_IMODE(page.parent.stat().st_mode) == 0o700
    words = Outline(page.read_text(encoding="utf-8")).words
    assert "32% that at least one of its 2 open leads closes within 90 days." in words
    assert "Known of the buying group: Champion and User. Missing: Controller." in words


@pytest.mark.parametrize("scale", [None])
def test_a_training_that_knew_no_scaling_tells_independence_and_that_nobody_checked_it(
    project_file: Path, champion: Home
) -> None:
    told = of(project_file, champion, "acme")
    assert told.facts["account_probability"] == told.facts["independent_probability"]
    assert "Nobody has checked this" in told.facts["basis"][1]


def test_one_open_lead_has_its_own_probability_and_none_has_none(
    project_file: Path, champion: Home
) -> None:
    one = of(project_file, champion, "one")
    assert one.facts["account_probability"] == pytest.approx(BERT)
    over = of(project_file, champion, "over")
    assert over.facts["account_probability"] is None
    assert over.headline == (
        "Account over: No lead of this account is open, so nothing is expected of it now."
    )


def test_an_account_that_is_not_there_is_told_with_what_was_meant(
    project_file: Path, champion: Home
) -> None:
    with pytest.raises(UsageError) as told:
        of(project_file, champion, "acne")
    assert str(told.value) == (
        "no lead that was there at 2026-02-01 00:00 UTC is of an account 'acne'; did you mean acme?"
    )
    with pytest.raises(UsageError, match="check its spelling"):
        of(project_file, champion, "zzz")


def test_without_accounts_in_the_data_it_is_said_how_to_map_them(
    project_file: Path, champion: Home
) -> None:
    document = yaml.safe_load(project_file.read_text())
    del document["sources"]["leads"]["columns"]["account_id"]
    project_file.write_text(yaml.safe_dump(document))
    with pytest.raises(UsageError) as told:
        of(project_file, champion, "acme")
    assert str(told.value) == (
        "the leads have no account: map account_id under sources.leads.columns of the project file, then train again"
    )


def test_a_lead_is_explained_with_its_account_as_picture_and_as_page(
    project_file: Path, champion: Home
) -> None:
    told = explain(asked(project_file, champion, lead_id="anna", html=True), steps())
    picture, page = told.written
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert told.facts["close_probability"] == pytest.approx(ANNA)
    assert told.facts["account_id"] == "acme"
    assert told.facts["account_probability"] == pytest.approx(
        of(project_file, champion, "acme").facts["account_probability"]
    )
    words = Outline(page.read_text(encoding="utf-8")).words
    assert "27% to close within 90 days: grade B." in words
    assert "Visits: 3" in words
    assert "Its account, acme" in words
    assert "12 January 2026, 00:00 UTC Webinar" in words
    assert words.index("Webinar") < words.index("Created account acme")
    assert {stat.S_IMODE(path.stat().st_mode) for path in told.written} == {0o600}


def test_a_lead_of_no_account_has_a_page_without_one(project_file: Path, champion: Home) -> None:
    told = explain(asked(project_file, champion, lead_id="gerd", html=True), steps())
    assert "account_id" not in told.facts
    assert "Its account" not in told.written[1].read_text(encoding="utf-8")


def test_only_open_leads_are_explained(project_file: Path, champion: Home) -> None:
    with pytest.raises(UsageError, match=r"lead 'carla' is not open .* it was won on 2025-08-01"):
        explain(asked(project_file, champion, lead_id="carla"), steps())
    with pytest.raises(UsageError, match="no lead has the id 'nobody'"):
        explain(asked(project_file, champion, lead_id="nobody"), steps())


def test_a_few_leads_have_the_features_that_the_night_has(
    project_file: Path, champion: Home
) -> None:
    request = asked(project_file, champion)
    standing = stand(request, steps())
    _, few = people_of(request, standing, account_id="acme")
    frame = open_frame(
        standing.tables, request.project, standing.catalogue, standing.as_of, request.work
    )
    night = feature_frame(frame, standing.catalogue)
    assert list(few["lead_id"]) == ["anna", "bert"]
    expected = night[night["lead_id"].isin(few["lead_id"])].reset_index(drop=True)
    assert few.to_dict("records") == expected.to_dict("records")


def test_the_route_is_that_of_the_last_publication_up_to_the_moment(
    project_file: Path, champion: Home
) -> None:
    from pipelines.nightly import nightly

    before = of(project_file, champion, "acme").facts
    assert (before["published_at"], before["people"][0]["route"]) == (None, None)
    document = yaml.safe_load(project_file.read_text())
    document["agreement"] |= {"sales_ready_grades": ["B"]}
    project_file.write_text(yaml.safe_dump(document))
    nightly(asked(project_file, champion, force=True), steps())
    told = of(project_file, champion, "acme").facts
    assert told["published_at"] == datetime.fromisoformat("2026-02-01")
    assert [one["route"] for one in told["people"]] == ["sales_ready", "nurture", None, None]
