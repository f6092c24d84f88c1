"""What bad input gets: what, where and what to do, an exit code of its class, and a publication that stands.

Each case breaks one thing in a company that has published a night, and runs the command that meets it.
"""

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, NoReturn

import duckdb
import pytest
from filelock import FileLock

from features.errors import DataError, StoppedError
from pipelines.disk import full_disk_told
from tests.bad_input_cases import (
    ADVICE,
    ALL_WON,
    REFUSALS,
    SHORT,
    TEN,
    Change,
    Refusal,
    a_new_kind,
    a_new_source,
    all_end_as,
    no_events,
    outcomes_of_nobody,
    repeated_ids,
    short_history,
    ten_leads,
    words_for_numbers,
)
from tests.bad_input_company import Company, leadgauge, write_company

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def published_once(shared_folder: Path, migrated_database: Path, mlflow_imported: None) -> Company:  # noqa: ARG001  it is there
    """Train and publish one night, once for all workers."""
    root = shared_folder / "leadgauge-bad-input"
    root.mkdir(exist_ok=True)
    with FileLock(root / "lock"):
        if (root / "done").exists():
            return Company(root / "company", root / "home")
        made = write_company(root / "company", root / "home")
        made.home.mkdir()
        shutil.copy(migrated_database, made.home / "mlflow.db")
        trained = leadgauge("train", made)
        assert trained.document["promoted"], trained
        assert leadgauge("score", made).document["leads"] == 34
        (root / "done").touch()
    return made


@pytest.fixture
def company(published_once: Company, tmp_path: Path) -> Company:
    return published_once.copy(tmp_path)


@pytest.fixture
def unpublished(published_once: Company, tmp_path: Path, migrated_database: Path) -> Company:
    """The same tables, and a home in which nothing was trained."""
    shutil.copytree(published_once.folder, tmp_path / "company")
    (tmp_path / "home").mkdir()
    shutil.copy(migrated_database, tmp_path / "home" / "mlflow.db")
    return Company(tmp_path / "company", tmp_path / "home")


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.broken)
def test_what_is_broken_is_told_and_what_was_published_stands(
    company: Company, case: Refusal
) -> None:
    before = company.published()
    case.change(company)
    told = leadgauge(case.command, company)
    assert (told.code, *told.failure(company)) == (case.code, case.kind, case.message)
    assert company.published() == before


@pytest.mark.parametrize(
    ("change", "why"),
    [(all_end_as("Won"), ALL_WON), (ten_leads, TEN), (short_history, SHORT)],
    ids=["all won", "ten leads", "short history"],
)
def test_check_says_what_is_not_enough_and_that_is_no_failure(
    company: Company, change: Change, why: str
) -> None:
    before = company.published()
    change(company)
    told = leadgauge("check", company)
    assert told.code == 0
    assert told.document["enough"] == {"enough": False, "why": why + ADVICE, "step": None}
    assert company.published() == before


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        (repeated_ids(2), "leads: 4 of 502 rows are refused: 4 x two leads with one id"),
        (outcomes_of_nobody(2), "outcomes: 2 of 468 rows are refused: 2 x no lead has this id"),
        (
            a_new_kind,
            "events: kinds that the model was not trained on, counted among all activity only: 'chat' (7); "
            "train anew once they have some history",
        ),
        (
            a_new_source,
            "leads: values of 'Source' that the model was not trained on, with the open leads that have them: "
            "'Podcast' (10); the model can tell nothing from them. Train anew once some of these leads have closed",
        ),
        (
            words_for_numbers(4),
            "leads: 4 of 500 values of 'Employees' are no numbers, 'many' for one; they count as missing",
        ),
    ],
    ids=[
        "two leads with one id",
        "an outcome for no lead",
        "a new event kind",
        "a new source",
        "a few words among numbers",
    ],
)
def test_a_night_that_can_be_scored_is_published_with_a_warning(
    company: Company, change: Change, warning: str
) -> None:
    before = company.published()
    change(company)
    told = leadgauge("score", company)
    assert (told.code, told.document["warnings"]) == (0, [warning])
    assert company.published()["acme/current"] == before["acme/current"]
    assert company.published() != before


def test_a_person_may_say_that_there_are_no_events(company: Company) -> None:
    no_events(company)
    told = leadgauge("score", company, "--force")
    assert told.code == 0
    assert told.document["warnings"][0][:21] == "events: there are non"
    assert told.document["watch"]["verdict"] == "stop"


def test_without_any_events_the_attributes_are_learned_from(unpublished: Company) -> None:
    no_events(unpublished)
    told = leadgauge("train", unpublished)
    assert told.code == 0, told.err
    (bundle,) = unpublished.home.glob("acme/work/*/bundle")
    catalogue = (bundle / "catalogue.json").read_text()
    assert '"event_kinds": []' in catalogue
    assert '"label": "Employees"' in catalogue


def test_a_registry_without_champion_says_to_train(unpublished: Company) -> None:
    told = leadgauge("score", unpublished)
    assert (told.code, *told.failure(unpublished)) == (
        5,
        "NotEnoughError",
        "project 'acme' has no champion: run `leadgauge train HERE/acme.yaml` first",
    )
    assert unpublished.published() == {}


def test_a_model_of_another_project_is_not_scored_with(company: Company) -> None:
    from pipelines.home import Home
    from pipelines.registry import connect

    client = connect(Home(company.home))
    client.copy_model_version("models:/leadgauge-acme/1", "leadgauge-umbrella")
    client.set_registered_model_alias("leadgauge-umbrella", "champion", "1")
    company.edit(lambda said: said.update(project="umbrella"))
    before = company.published()
    told = leadgauge("score", company)
    assert (told.code, *told.failure(company)) == (
        4,
        "DataError",
        "model leadgauge-umbrella version 1 belongs to project 'acme', not to 'umbrella': "
        "give one of the two projects another name, or another --home",
    )
    assert company.published() == before


FULL = (
    "{what} could not be written. Nothing is left half published: the last publication stands. "
    "Free space on the disk of {folder}, or set --home to another, and run it again"
)


def no_space(path: str | None) -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)


def raising(error: BaseException) -> Any:
    def fail(*_: object, **__: object) -> NoReturn:
        raise error

    return fail


def test_a_disk_that_fills_while_publishing_stops_the_night(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half_written(folder: Path, _delivery: object) -> NoReturn:
        (folder / "scores.csv").write_text("lead_id,sc")
        raise no_space(str(folder / "scores.csv"))

    before = company.published()
    monkeypatch.setattr("delivery.night.write_exports", half_written)
    told = leadgauge("score", company)
    assert (told.code, told.failure(company)[0]) == (6, "StoppedError")
    message = told.failure(company)[1]
    assert message.startswith("The disk is full: HOME/publications/acme/.staging-")
    assert message.endswith(
        "/scores.csv could not be written (No space left on device). Nothing was published, and the last publication "
        "stands. Free space on the disk of HOME/publications/acme, or set --home to another, and run it again."
    )
    assert company.published() == before


def test_a_disk_that_fills_while_features_are_written_stops_the_night(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = company.published()
    path = f"{company.home}/open.parquet"
    duckdb_says = f'IO Error: Could not write to file "{path}": No space left on device'
    monkeypatch.setattr("pipelines.nightly.open_frame", raising(duckdb.IOException(duckdb_says)))
    told = leadgauge("score", company)
    assert (told.code, *told.failure(company)) == (
        6,
        "StoppedError",
        "the disk is full: " + FULL.format(what="HOME/open.parquet", folder="HOME"),
    )
    assert company.published() == before


def test_a_disk_that_fills_while_the_model_is_recorded_leaves_champion_and_publication(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.retrain import Fitted

    (bundle,) = company.home.glob("acme/work/*/bundle")
    learned = Fitted(bundle, bundle.with_name("record"), Path(), "logistic", "", {}, [], 188, 429)
    before = company.published()
    monkeypatch.setattr("pipelines.retrain.fit", lambda *_: learned)
    # A copy names both ends; the second is the one that could not be written.
    copying = OSError(errno.ENOSPC, "No space left on device", "from.json", None, "/store/to.json")
    monkeypatch.setattr("mlflow.log_artifacts", raising(copying))
    told = leadgauge("train", company)
    assert (told.code, *told.failure(company)) == (
        6,
        "StoppedError",
        "the disk is full: " + FULL.format(what="/store/to.json", folder="/store"),
    )
    assert company.published() == before
    assert leadgauge("status", company).document["champion"]["version"] == "1"


def test_a_database_that_cannot_grow_is_a_full_disk(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "mlflow.db")
    database.execute("PRAGMA max_page_count = 2")
    database.execute("CREATE TABLE runs (name)")
    with pytest.raises(StoppedError) as caught, full_disk_told(tmp_path), closing(database):
        database.execute("INSERT INTO runs VALUES (hex(randomblob(20000)))")
    assert str(caught.value) == "the disk is full: " + FULL.format(
        what=f"a file under {tmp_path}", folder=tmp_path
    )


def test_a_spill_that_finds_no_room_is_a_full_disk_though_it_was_told_as_bad_data(
    tmp_path: Path,
) -> None:
    said = "Out of Memory Error: failed to offload data block. This limit was set by the 'max_temp_directory_size' setting"

    def read() -> NoReturn:
        try:
            raise duckdb.OutOfMemoryException(said)
        except duckdb.Error:
            raise DataError("sources.leads: leads.parquet cannot be read as parquet") from None

    with pytest.raises(StoppedError, match=r"^the disk is full: "), full_disk_told(tmp_path):
        read()


def test_words_about_a_disk_in_the_data_are_no_full_disk(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="No space left"), full_disk_told(tmp_path):
        raise ValueError("Note: 'No space left on device'")


REALLY_FULL = """
set -e
mount -t tmpfs -o size=16m tmpfs "$1"
cp -a "$2/." "$1/"
head -c $(( ($(df --output=avail -k "$1" | tail -1) - $4) * 1024 )) /dev/zero > "$1/ballast"
code=0
"$5" -c 'import sys; from pipelines.cli import main; main()' score "$3" --home "$1" 2> "$6/told" || code=$?
cp -a "$1/publications" "$6/publications"
exit $code
"""


@pytest.mark.parametrize("kilobytes", [4, 48], ids=["no room for the model", "no room for tables"])
def test_a_night_on_a_disk_that_is_really_full(
    company: Company, tmp_path: Path, kilobytes: int
) -> None:
    mount, after = tmp_path / "mount", tmp_path / "after"
    mount.mkdir()
    after.mkdir()
    alone = ["unshare", "--user", "--map-root-user", "--mount"]
    try:
        subprocess.run(
            [*alone, "mount", "-t", "tmpfs", "tmpfs", mount], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"this host lets nobody mount a disk of their own: {error}")
    shutil.rmtree(company.home / "acme" / "work")
    places = [mount, company.home, company.project, kilobytes, sys.executable, after]
    done = subprocess.run(
        [*alone, "bash", "-c", REALLY_FULL, "bash", *map(str, places)], check=False
    )
    said = (after / "told").read_text().splitlines()[-1]
    assert (done.returncode, said[: said.index(": ", 11)]) == (6, "leadgauge: the disk is full")
    assert " could not be written. Nothing is left half published" in said
    assert Company(company.folder, after).published() == company.published()
