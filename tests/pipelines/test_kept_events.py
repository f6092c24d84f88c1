"""What was read of events lies in the project's home, is used under the lock alone, and outlives a run's tidying."""

import json
from pathlib import Path

import pytest
import yaml

from pipelines.home import Home
from pipelines.provenance import procedure_digest
from pipelines.reading import read, tidy
from pipelines.settings import Request, make_request
from tests.features.kept import Folder
from tests.pipelines.conftest import Run, Trained


@pytest.fixture
def request_of(tmp_path: Path) -> Request:
    folder = Folder(tmp_path)
    folder.leads(["1", "2"])
    folder.draw("2026-01", "1 | call | 2026-01-05 | - | -")
    project = folder.project(keep_read=True)
    said = project.model_dump(mode="json", include={"project", "sources", "limits"})
    (tmp_path / "folder.yaml").write_text(yaml.safe_dump(said))
    return make_request(tmp_path / "folder.yaml", None, Home(tmp_path / "home"))


def test_a_run_that_holds_the_lock_reads_new_files_only(request_of: Request) -> None:
    first, second = (read(request_of, locked=True).event_files for _ in range(2))
    assert first is not None
    assert second is not None
    assert (first.kept, first.read, second.kept, second.read) == (0, 1, 1, 0)
    kept = request_of.project_home.kept_events
    assert kept == request_of.home.root / "folder" / "kept-events"
    assert kept.stat().st_mode & 0o777 == 0o700
    tidy(request_of)
    assert len(list(kept.iterdir())) == 1


def test_a_run_without_the_lock_leaves_alone_what_another_may_be_using(request_of: Request) -> None:
    read(request_of, locked=True)
    before = list(request_of.project_home.kept_events.iterdir())
    assert read(request_of).event_files is None
    assert list(request_of.project_home.kept_events.iterdir()) == before


def test_keeping_events_is_no_other_way_to_make_a_model(request_of: Request) -> None:
    project = request_of.project
    events = [one.model_copy(update={"keep_read": False}) for one in project.sources.events]
    sources = project.sources.model_copy(update={"events": events})
    other = project.model_copy(update={"sources": sources})
    assert procedure_digest(other) == procedure_digest(project)


@pytest.mark.slow
def test_a_night_publishes_the_same_bytes_and_says_how_many_files_it_read(
    in_process: Run, trained_once: Trained
) -> None:
    document = yaml.safe_load(trained_once.project.read_text())
    for source in document["sources"]["events"]:
        source["keep_read"] = True
    keeping = trained_once.project.with_name("keeping.yaml")
    keeping.write_text(yaml.safe_dump(document))
    options = ("--home", trained_once.home.root, "--as-of", "2025-12-01", "--json")
    plain = json.loads(in_process("score", trained_once.project, *options).stdout)
    folder = Path(plain["written"][0])
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    files = len(document["sources"]["events"])
    first = json.loads(in_process("score", keeping, *options).stdout)
    second = json.loads(in_process("score", keeping, *options).stdout)
    assert first["event_files"] == {"kept": 0, "read": files, "refused": 0}
    assert second["event_files"] == {"kept": files, "read": 0, "refused": 0}
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
