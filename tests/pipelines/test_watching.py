"""What a night is held against: the night before, kinds of events, and what past nights promised."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from delivery.publication import SCORES, latest, nights, project_folder
from delivery.publish import publish
from delivery.receipt import Receipt
from features.errors import StoppedError
from features.project import Label
from features.tables import TableSet
from models.bundle import Bundle
from models.watch import Finding
from pipelines.checks import (
    BetweenNights,
    between_nights,
    check_kinds,
    leads_come,
    leads_gone,
    scores_moved,
)
from pipelines.home import Home, make_private
from pipelines.promises import realised_finding
from pipelines.scoring import ScoredNight
from pipelines.settings import Request
from pipelines.status import _watch
from pipelines.watch_file import read_watch, watch_file
from pipelines.watching import Watched, said, watch_night
from tests.models.population import NOW, draw, probability, watched
from tests.pipelines.tiny import CATALOGUE, project

AS_OF = datetime.fromisoformat("2026-06-01T04:30:00")
DAY = timedelta(days=1)


def request(home: Path, **options: bool) -> Request:
    said_project = project().model_copy(update={"label": Label(horizon_days=30)})
    return Request(
        project_file=home / "acme.yaml",
        project=said_project,
        data_root=home,
        home=Home(home),
        run_id="20260601T043000-abc",
        now=AS_OF,
        as_of=AS_OF,
        options=dict(options),
    )


def tables(folder: Path, **frames: pd.DataFrame) -> TableSet:
    folder.mkdir(exist_ok=True)
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet")
    return TableSet(folder=folder, project="acme", data_cutoff=AS_OF, tables={})


def outcomes(**closed_at: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "lead_id": list(closed_at),
            "won": True,
            "closed_at": pd.to_datetime(list(closed_at.values())),
        }
    )


def put(home: Path, night: datetime, scores: dict[str, float]) -> None:
    """Publish a night that holds nothing but lead and probability."""
    rows = pd.DataFrame({"lead_id": list(scores), "close_probability": list(scores.values())})
    receipt = Receipt("acme", "1", "r", night, night, night + 7 * DAY)
    publish(
        home,
        "acme",
        night,
        lambda folder: rows.to_parquet(folder / SCORES),
        receipt=receipt,
        validate=lambda _: [],
    )


def leads(*ids: str) -> pd.DataFrame:
    return pd.DataFrame({"lead_id": list(ids)})


def test_without_publications_realised_wins_go_on(tmp_path: Path) -> None:
    made = tables(tmp_path / "t", leads=leads("a"), outcomes=outcomes())
    finding, cohorts = realised_finding(request(tmp_path), made, AS_OF)
    assert (finding.verdict, cohorts) == ("go on", [])
    assert finding.words == (
        "no published night is old enough to be held against what happened: none was published before"
    )


def test_a_night_whose_horizon_is_not_over_says_when_it_is(tmp_path: Path) -> None:
    put(tmp_path, AS_OF - 10 * DAY, {"a": 0.5})
    made = tables(tmp_path / "t", leads=leads("a"), outcomes=outcomes())
    finding, _ = realised_finding(request(tmp_path), made, AS_OF)
    assert finding.words == (
        "no published night is old enough to be held against what happened: the first one, of 2026-05-22, is over on "
        "2026-06-21"
    )


def test_wins_count_within_the_horizon_of_the_night_that_counts(tmp_path: Path) -> None:
    night = datetime.fromisoformat("2026-03-10T04:30:00")
    put(tmp_path, night, {"in time": 0.25, "too late": 0.25, "open": 0.25, "erased": 0.25})
    put(tmp_path, night + DAY, {"in time": 0.75, "new": 0.5})
    made = tables(
        tmp_path / "t",
        leads=leads("in time", "too late", "open", "new"),
        outcomes=outcomes(**{"in time": "2026-04-01", "too late": "2026-05-01"}),
    )
    _, (cohort,) = realised_finding(request(tmp_path), made, AS_OF)
    assert {key: cohort[key] for key in ("month", "nights", "leads", "expected_wins", "wins")} == {
        "month": "2026-03",
        "nights": 2,
        "leads": 4,
        "expected_wins": 1.25,
        "wins": 1,
    }


def test_promises_that_are_far_off_warn_and_never_stop(tmp_path: Path) -> None:
    ids = [f"L{number}" for number in range(120)]
    put(tmp_path, datetime.fromisoformat("2026-03-10"), dict.fromkeys(ids, 0.5))
    made = tables(tmp_path / "t", leads=leads(*ids), outcomes=outcomes(L1="2026-03-20"))
    finding, _ = realised_finding(request(tmp_path), made, AS_OF)
    assert finding.verdict == "warn"
    assert finding.words == (
        "realised wins: of 120 leads published 2026-03, 60 were expected to close in time and 1 did; honest "
        "probabilities give 49 to 71. Check that wins are entered in time; if they are, the probabilities are off: "
        "train anew"
    )


def test_a_damaged_past_night_is_named_and_left_out(tmp_path: Path) -> None:
    put(tmp_path, datetime.fromisoformat("2026-03-10"), {"a": 0.5})
    put(tmp_path, datetime.fromisoformat("2026-03-11"), {"b": 0.5})
    (_, first), _ = nights(project_folder(tmp_path, "acme"))
    (first.resolve() / SCORES).write_bytes(b"no Parquet")
    made = tables(tmp_path / "t", leads=leads("a", "b"), outcomes=outcomes())
    finding, (cohort,) = realised_finding(request(tmp_path), made, AS_OF)
    assert cohort["leads"] == 1
    (named,) = finding.details["unreadable"]
    assert named.startswith("2026-03-10 00:00: ")


@pytest.mark.parametrize(
    ("was", "now", "verdict"), [(100, 50, "go on"), (100, 49, "stop"), (49, 0, "go on")]
)
def test_half_of_the_leads_gone_stops(was: int, now: int, verdict: str) -> None:
    assert leads_gone(was, now).verdict == verdict


@pytest.mark.parametrize(
    ("was", "now", "back", "verdict", "words"),
    [
        (100, 150, 0, "go on", "150 leads are open, 100 were"),
        (5, 50, 0, "go on", "50 leads are open, 5 were"),
        (0, 50, 0, "go on", "50 leads are open, 0 were"),
        (100, 400, 10, "warn", "400 leads are open, 100 were: has a list been loaded?"),
        (
            100,
            400,
            290,
            "stop",
            "400 leads are open, 100 were, and 290 of them were created before that night without being in it: "
            "have outcomes been lost?",
        ),
    ],
)
def test_a_night_that_suddenly_grew(
    was: int, now: int, back: int, verdict: str, words: str
) -> None:
    found = leads_come(was, now, back)
    assert (found.verdict, found.words) == (verdict, words)


@pytest.mark.parametrize(
    ("leads_of_both", "points", "verdict"),
    [(60, 11, "go on"), (60, 12, "warn"), (60, 25, "stop"), (30, 25, "warn"), (19, 60, "go on")],
)
def test_the_same_model_does_not_change_its_mind_overnight(
    leads_of_both: int, points: int, verdict: str
) -> None:
    nights = BetweenNights(leads_of_both, 0, leads_of_both, points)
    assert scores_moved(nights).verdict == verdict


def test_two_nights_are_held_against_each_other_lead_by_lead(tmp_path: Path) -> None:
    stood = datetime.fromisoformat("2026-03-01")
    made = {
        "before": pd.DataFrame({"lead_id": ["a", "b", "gone"], "score": [40, 60, 9]}),
        "scored": pd.DataFrame({"lead_id": ["a", "b", "back", "new"], "score": [45, 59, 1, 1]}),
        "frame": pd.DataFrame(
            {
                "lead_id": ["a", "b", "back", "new"],
                "created_at": [
                    stood - timedelta(9),
                    stood - timedelta(9),
                    stood - timedelta(9),
                    stood,
                ],
            }
        ),
    }
    for name, rows in made.items():
        rows.to_parquet(tmp_path / f"{name}.parquet")
    found = between_nights(
        tmp_path / "before.parquet", stood, tmp_path / "frame.parquet", tmp_path / "scored.parquet"
    )
    assert found == BetweenNights(was=3, back=1, both=2, moved=3.0)


def events(kinds: dict[str, int], at: datetime) -> pd.DataFrame:
    said_kinds = [kind for kind, count in kinds.items() for _ in range(count)]
    return pd.DataFrame({"kind": said_kinds, "occurred_at": pd.Timestamp(at)})


@pytest.mark.parametrize(
    ("last_month", "before", "verdict"),
    [({"visit": 90, "chat": 10}, {}, "warn"), ({"visit": 90, "chat": 1}, {}, "go on"), ({"visit": 9}, {"chat": 50}, "go on")],
)  # fmt: skip
def test_new_kinds_of_events_warn_where_they_are_some_of_the_last_month(
    tmp_path: Path, last_month: dict[str, int], before: dict[str, int], verdict: str
) -> None:
    held = pd.concat([events(last_month, AS_OF - DAY), events(before, AS_OF - 90 * DAY)])
    others = {name: pd.DataFrame({"lead_id": ["a"]}) for name in ("leads", "outcomes", "accounts", "history", "spend", "suppression")}  # fmt: skip
    made = tables(tmp_path / "t", events=held, **others)
    catalogue = CATALOGUE.model_copy(update={"event_kinds": ["visit"]})
    found = check_kinds(request(tmp_path), made, catalogue, AS_OF)
    assert found.verdict == verdict
    total = {**last_month, **before}["chat"]
    assert found.words.startswith(
        f"events: kinds that the model was not trained on, counted among all activity only: 'chat' ({total});"
    )


def test_a_verdict_is_said_in_one_line() -> None:
    fine, odd = Finding("inputs", "go on", ""), Finding("scores", "warn", "")
    assert said([fine]) == "nothing unusual in 1 findings"
    assert said([fine, odd, Finding("leads come", "warn", "")]) == "warn: scores, leads come"


@pytest.fixture(scope="module")
def model() -> Bundle:
    return watched(0)


def night(
    folder: Path, model: Bundle, frame: pd.DataFrame, *, force: bool = False
) -> tuple[Request, Watched]:
    """Watch a night of these leads as the nightly run would."""
    asked = request(folder, force=force)
    work = folder / "night"
    work.mkdir()
    model.save(work / "bundle")
    frame.to_parquet(work / "open.parquet")
    scored = pd.DataFrame({"lead_id": frame["lead_id"], "close_probability": probability(frame), "score": 50})  # fmt: skip
    scored.sample(frac=1.0, random_state=1).to_parquet(work / "scored.parquet")
    none = events({}, AS_OF)
    made = tables(
        folder / "t",
        leads=frame[["lead_id"]],
        outcomes=outcomes(),
        events=none.astype({"kind": "str"}),
        **{name: leads("a") for name in ("accounts", "history", "spend", "suppression")},
    )
    make_private(asked.project_home.root)
    return asked, watch_night(
        asked,
        made,
        model.catalogue,
        work / "bundle",
        work / "open.parquet",
        ScoredNight(work / "scored.parquet", len(frame), {}, 0.0),
        "1",
        NOW.to_pydatetime(),
    )


def test_a_quiet_night_goes_on_and_is_kept(tmp_path: Path, model: Bundle) -> None:
    asked, found = night(tmp_path, model, draw(200, np.random.default_rng(3)))
    kept = read_watch(asked.project_home, NOW.to_pydatetime())
    assert kept is not None
    assert (kept["verdict"], kept["words"]) == (
        "go on",
        f"nothing unusual in {len(kept['findings'])} findings",
    )
    assert {"what", "measure", "threshold", "words", "verdict"} <= set(kept["findings"][0])
    assert found.warnings == []
    assert (found.path.parent.stat().st_mode & 0o077) == 0


def test_a_broken_night_is_stopped_with_what_to_do_and_kept_too(
    tmp_path: Path, model: Bundle
) -> None:
    broken = draw(200, np.random.default_rng(3)).assign(source=None)
    with pytest.raises(StoppedError) as stopped:
        night(tmp_path, model, broken)
    kept = tmp_path / "acme" / "watch" / "20260302T050000Z.json"
    assert json.loads(kept.read_text())["verdict"] == "stop"
    assert str(stopped.value) == (
        "the night of 2026-03-02 05:00 UTC cannot be right, and 1 finding(s) more warn: 'Source' is empty for 100 % of "
        "the open leads, and it makes 40 % of what moves the scores: has the export lost or renamed the column?\nNothing was published, and what was "
        f"published before stands. Check the exports; every finding is in {kept}. If this is as it should be, say "
        "--force, and train anew"
    )


def test_a_person_may_overrule_and_is_warned(tmp_path: Path, model: Bundle) -> None:
    broken = draw(200, np.random.default_rng(3)).assign(source=None)
    _, found = night(tmp_path, model, broken, force=True)
    assert found.verdict == "stop"
    assert found.warnings[0].startswith("'Source' is empty for 100 %")


def test_status_tells_the_watch_of_the_last_publication(tmp_path: Path) -> None:
    put(tmp_path, AS_OF, {"a": 0.5})
    asked = request(tmp_path)
    published = latest(tmp_path, "acme")
    assert _watch(published, asked) is None
    path = watch_file(asked.project_home, AS_OF)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"verdict": "warn", "words": "warn: scores", "findings": []}))
    assert _watch(published, asked) == {"verdict": "warn", "words": "warn: scores"}
