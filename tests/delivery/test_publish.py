"""A night is published as a whole or not at all."""

import errno
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from delivery.csv_files import write_file
from delivery.exports import validate_exports
from delivery.problems import Problem
from delivery.publication import SCORES, Publication, latest, project_folder
from delivery.publish import publish
from features.errors import DataError, StoppedError
from features.project import Delivery, SalesforceTarget
from tests.delivery.drawn import AS_OF, RECEIPT, night, write_exports

IDS = ["00Q5e00000AbCdE", "00Q5e00000AbCdFEAX", "00Q5e00000AbCdG"]
DELIVERY = Delivery(salesforce=SalesforceTarget())
NIGHT = timedelta(days=1)


def one_file(text: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / "scores.csv").write_text(f"lead_id\n{text}\n", encoding="utf-8", newline="")

    return write


def put(home: Path, text: str, as_of: datetime = AS_OF) -> Publication:
    return publish(home, "acme", as_of, one_file(text), receipt=RECEIPT, validate=lambda _: [])


def leads(home: Path, **options: Any) -> str | None:
    found = latest(home, "acme", **options)
    return (
        None
        if found is None
        else (found.folder / "scores.csv").read_text(encoding="utf-8").split()[1]
    )


def left_over(home: Path) -> list[Path]:
    return list(home.rglob(".staging-*"))


def test_a_night_holds_its_files_and_a_manifest_with_checksums(tmp_path: Path) -> None:
    rows = night(IDS)
    published = publish(
        tmp_path,
        "acme",
        AS_OF,
        lambda folder: write_exports(rows, DELIVERY, folder),
        receipt=RECEIPT,
        validate=lambda folder: validate_exports(folder, DELIVERY),
    )
    current = tmp_path / "publications" / "acme" / "current"
    assert (
        current.resolve()
        == published.folder
        == (current.parent / "nights" / "20260115T043000Z").resolve()
    )
    manifest = json.loads((current / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["as_of"] == "2026-01-15T04:30:00.000Z"
    assert manifest["receipt"]["model_version"] == "7"
    assert {file["path"]: file["rows"] for file in manifest["files"]} == {
        "salesforce/job.json": None,
        "salesforce/lead_update_001.csv": 3,
        "scores.csv": 3,
        "scores.parquet": 3,
        "top_leads.csv": 3,
    }
    assert latest(tmp_path, "acme") == published
    assert (current / "scores.csv").stat().st_mode & 0o777 == 0o600
    columns = ["lead_id", "score", "close_probability", "grade"]
    scores = pd.read_parquet(published.folder / SCORES, columns=columns)
    assert scores.to_dict("list") == {
        "lead_id": IDS,
        "score": [97, 61, 1],
        "close_probability": [0.9124, 0.4, 0.0],
        "grade": ["A", "B", "D"],
    }


def test_nothing_was_published_yet(tmp_path: Path) -> None:
    assert latest(tmp_path, "acme") is None
    assert latest(tmp_path, "acme", before=AS_OF) is None


def test_the_night_published_last_is_current(tmp_path: Path) -> None:
    put(tmp_path, "yesterday", AS_OF - NIGHT)
    put(tmp_path, "tonight")
    assert leads(tmp_path) == "tonight"


def test_a_night_that_is_run_again_still_compares_itself_with_the_night_before(
    tmp_path: Path,
) -> None:
    put(tmp_path, "earlier", AS_OF - 2 * NIGHT)
    put(tmp_path, "yesterday", AS_OF - NIGHT)
    put(tmp_path, "tonight")
    assert leads(tmp_path, before=AS_OF) == "yesterday"
    assert leads(tmp_path, before=AS_OF - NIGHT) == "earlier"
    assert leads(tmp_path, before=AS_OF - 2 * NIGHT) is None


def test_the_same_night_twice_is_the_same_folder_and_the_same_bytes(tmp_path: Path) -> None:
    first = put(tmp_path, "tonight")
    before = {path: path.read_bytes() for path in first.folder.iterdir()}
    second = put(tmp_path, "tonight")
    assert second == first
    assert {path: path.read_bytes() for path in second.folder.iterdir()} == before
    assert put(tmp_path / "elsewhere", "tonight").folder.name == first.folder.name


def test_other_scores_for_the_same_night_take_its_place(tmp_path: Path) -> None:
    put(tmp_path, "yesterday", AS_OF - NIGHT)
    put(tmp_path, "wrong")
    put(tmp_path, "right")
    assert leads(tmp_path) == "right"
    put(tmp_path, "right")
    versions = project_folder(tmp_path, "acme") / "versions"
    assert len(list(versions.iterdir())) == 2  # the replaced one went with the next run


def test_current_never_points_to_nothing_while_a_night_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "wrong")
    seen = []
    replace = Path.replace

    def watched(path: Path, target: Path) -> Path:
        seen.append(leads(tmp_path))
        done = replace(path, target)
        seen.append(leads(tmp_path))
        return done

    monkeypatch.setattr(Path, "replace", watched)
    put(tmp_path, "right")
    assert seen == ["wrong", "right", "right", "right"]


def test_files_that_break_their_format_are_not_published(tmp_path: Path) -> None:
    put(tmp_path, "yesterday", AS_OF - NIGHT)
    wrong = Problem("scores.csv", "a whole number from 1 to 99", row=2, column="score", value="120")
    with pytest.raises(StoppedError) as caught:
        publish(
            tmp_path,
            "acme",
            AS_OF,
            one_file("tonight"),
            receipt=RECEIPT,
            validate=lambda _: [wrong],
        )
    assert str(caught.value) == (
        "The files that were to be published break their formats: 1 problem\n"
        "  scores.csv, line 2, column score: '120'; expected a whole number from 1 to 99\n"
        "Nothing was published. This is a fault of leadgauge or of the disk, not of your data: please report it."
    )
    assert leads(tmp_path) == "yesterday"
    assert left_over(tmp_path) == []


def test_a_writer_that_fails_leaves_no_trace(tmp_path: Path) -> None:
    put(tmp_path, "yesterday", AS_OF - NIGHT)

    def broken(folder: Path) -> None:
        one_file("half")(folder)
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        publish(tmp_path, "acme", AS_OF, broken, receipt=RECEIPT, validate=lambda _: [])
    assert leads(tmp_path) == "yesterday"
    assert left_over(tmp_path) == []


def test_what_a_killed_run_left_is_cleared_away(tmp_path: Path) -> None:
    put(tmp_path, "yesterday", AS_OF - NIGHT)
    root = project_folder(tmp_path, "acme")
    (root / ".staging-abc" / "crm").mkdir(parents=True)
    (root / ".staging-abc" / "crm" / "part.csv").touch()
    (root / "nights" / ".staging-20260115T043000Z").symlink_to("nowhere")
    (root / "versions" / "20260115T043000Z-0123456789ab").mkdir()
    assert leads(tmp_path) == leads(tmp_path, before=AS_OF) == "yesterday"
    put(tmp_path, "tonight")
    assert left_over(tmp_path) == []
    assert len(list((root / "versions").iterdir())) == 2


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (
            lambda folder: (folder / "scores.csv").write_text("lead_id\nfaked\n"),
            "scores.csv is not what was published",
        ),
        (lambda folder: (folder / "scores.csv").unlink(), "scores.csv is missing"),
        (lambda folder: (folder / "more.csv").touch(), "more.csv is not in manifest.json"),
        (lambda folder: (folder / "manifest.json").unlink(), "manifest.json is missing"),
        (lambda folder: (folder / "manifest.json").write_text("{}"), "'format' in manifest.json"),
    ],
)
def test_a_damaged_publication_is_named_and_running_the_night_again_restores_it(
    tmp_path: Path, harm: Callable[[Path], object], words: str
) -> None:
    folder = put(tmp_path, "tonight").folder
    harm(folder)
    with pytest.raises(DataError) as caught:
        latest(tmp_path, "acme")
    assert str(caught.value).startswith(f"The publication of 20260115T043000Z is damaged: {words}")
    assert str(caught.value).endswith(
        "Run `leadgauge score --as-of 20260115T043000Z` again to restore it."
    )
    put(tmp_path, "tonight")
    assert leads(tmp_path) == "tonight"


def test_where_there_are_no_links_a_file_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "yesterday", AS_OF - NIGHT)

    def no_links(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "symlink_to", no_links)
    put(tmp_path, "tonight")
    root = project_folder(tmp_path, "acme")
    assert json.loads((root / "current.json").read_bytes()) == {"path": "nights/20260115T043000Z"}
    assert not (root / "current").is_symlink()
    assert leads(tmp_path) == "tonight"
    assert leads(tmp_path, before=AS_OF) == "yesterday"
    put(tmp_path, "other")
    assert leads(tmp_path) == "other"
    monkeypatch.undo()
    put(tmp_path, "linked")
    assert leads(tmp_path) == "linked"
    assert not (root / "current.json").exists()


def test_a_project_name_cannot_lead_out_of_the_home(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not a project's identifier"):
        latest(tmp_path, "../other")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip(
            "a small disk can be mounted by root on Linux alone; the next test simulates it"
        )
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_stops_the_night_and_leaves_yesterday(small_disk: Path) -> None:
    put(small_disk, "yesterday", AS_OF - NIGHT)

    def write(folder: Path) -> None:
        write_exports(night(IDS), DELIVERY, folder)
        for number in range(9):
            write_file(folder / f"more_{number}.csv", [b"x" * 60_000])

    with pytest.raises(StoppedError) as caught:
        publish(small_disk, "acme", AS_OF, write, receipt=RECEIPT, validate=lambda _: [])
    text = str(caught.value)
    assert re.match(
        r"The disk is full: \S+/\.staging-\w+/more_\d\.csv could not be written \(No space", text
    )
    assert (
        "No space left on device). Nothing was published, and the last publication stands. Free space"
        in text
    )
    assert leads(small_disk) == "yesterday"
    assert left_over(small_disk) == []


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "The disk is full: {file} could not be written (No space left on device)."),
        (errno.EDQUOT, "The disk is full: {file} could not be written (Disk quota exceeded)."),
        (errno.EROFS, "{file} could not be written: Read-only file system."),
    ],
)
def test_a_disk_that_takes_no_more_is_told_with_what_and_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    put(tmp_path, "yesterday", AS_OF - NIGHT)
    seen: list[Path] = []

    def full(path: Path, *_: object, **__: object) -> None:
        seen.append(path)
        raise OSError(number, os.strerror(number))

    def write(folder: Path) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", full)
            write_exports(night(IDS), DELIVERY, folder)

    with pytest.raises(StoppedError) as caught:
        publish(tmp_path, "acme", AS_OF, write, receipt=RECEIPT, validate=lambda _: [])
    assert str(caught.value).startswith(words.format(file=seen[0]))
    assert "Nothing was published, and the last publication stands." in str(caught.value)
    assert leads(tmp_path) == "yesterday"
    assert left_over(tmp_path) == []


def test_a_disk_that_is_full_at_the_last_flush_stops_the_night_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "yesterday", AS_OF - NIGHT)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(StoppedError, match="The disk is full"):
            put(tmp_path, "tonight")
    assert leads(tmp_path) == "yesterday"
    assert left_over(tmp_path) == []
    put(tmp_path, "tonight")
    assert leads(tmp_path) == "tonight"
