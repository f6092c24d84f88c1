"""A publication as it lies on disk: its manifest, its pointers, and what yesterday's scores were.

::

    <home>/publications/<project>/
        versions/<night>-<digest>/   the files and manifest.json; never changed once it has this name
        nights/<night>               pointer to the version that counts for that night
        current                      pointer to the night that was published last

A pointer is a symbolic link, or where links are not possible a file ``<name>.json``. Each is replaced in one step, so
that a reader sees the old or the new, and never nothing.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any

from delivery.receipt import Receipt, from_iso, iso, naive_utc
from features.errors import DataError

MANIFEST = "manifest.json"
FORMAT = 1
SCORES = "scores.parquet"


@dataclass(frozen=True)
class File:
    """One file of a publication; ``rows`` counts data rows, None where the format has none."""

    path: str
    bytes: int
    sha256: str
    rows: int | None


@dataclass(frozen=True)
class Manifest:
    """What a publication holds and where it comes from."""

    as_of: datetime
    receipt: Receipt
    files: tuple[File, ...]

    def to_bytes(self) -> bytes:
        """Return the JSON; the same publication gives the same bytes."""
        document = {
            "format": FORMAT,
            "as_of": iso(self.as_of),
            "receipt": self.receipt.as_text(),
            "files": [vars(file) for file in self.files],
        }
        return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Manifest":
        """Return the manifest that :meth:`to_bytes` wrote.

        Raises:
            ValueError: not such a document.
        """
        try:
            document: dict[str, Any] = json.loads(data)
            if document["format"] != FORMAT:
                raise ValueError(f"format {document['format']}")
            files = tuple(File(**file) for file in document["files"])
            return cls(from_iso(document["as_of"]), Receipt.from_text(document["receipt"]), files)
        except (KeyError, TypeError) as error:
            raise ValueError(f"{error} in {MANIFEST}") from error


@dataclass(frozen=True)
class Publication:
    """A whole publication: its folder, which does not change any more, and its manifest."""

    folder: Path
    manifest: Manifest

    @property
    def as_of(self) -> datetime:
        """The night, naive UTC."""
        return self.manifest.as_of


def project_folder(home: Path, project: str) -> Path:
    """Return the folder of a project's publications.

    Raises:
        ValueError: the name would lead out of the home.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", project):
        raise ValueError(f"{project!r} is not a project's identifier")
    return home / "publications" / project


def night_name(as_of: datetime) -> str:
    """Return the name of a night's pointer, such as ``20260115T043000Z``."""
    moment = naive_utc(as_of)
    return (
        moment.strftime("%Y%m%dT%H%M%S")
        + (f".{moment.microsecond:06d}" if moment.microsecond else "")
        + "Z"
    )


def latest(home: Path, project: str, *, before: datetime | None = None) -> Publication | None:
    """Return the current publication, or the last night's before a moment; every checksum is verified.

    A night asks for the one ``before`` its own ``as_of``: when it is run again, ``current`` is already itself.

    Raises:
        DataError: the publication is damaged.
    """
    root = project_folder(home, project)
    if before is None:
        folder = follow(root / "current")
        return None if folder is None else _verified(folder)
    earlier = [(as_of, pointer) for as_of, pointer in nights(root) if as_of < naive_utc(before)]
    folder = follow(max(earlier)[1]) if earlier else None
    return None if folder is None else _verified(folder)


def nights(root: Path) -> Iterator[tuple[datetime, Path]]:
    """Yield each published night and its pointer, without ``.json``."""
    for path in sorted((root / "nights").glob("[0-9]*Z*")):
        name = path.name.removesuffix(".json")
        form = "%Y%m%dT%H%M%S.%fZ" if "." in name else "%Y%m%dT%H%M%SZ"
        yield datetime.strptime(name, form), path.with_name(name)  # noqa: DTZ007  naive UTC is the house rule


def follow(pointer: Path) -> Path | None:
    """Return the version's folder that a pointer leads to, through other pointers, or None."""
    target = pointed(pointer)
    if target is None:
        return None
    place = Path(pointer.parent, *Path(target).parts)
    if place.parent.name != "versions":
        return follow(place)
    folder = place.parent.resolve() / place.name
    return folder if folder.is_dir() else None


def pointed(pointer: Path) -> str | None:
    """Return the relative path that one pointer holds; a link goes before a file."""
    if pointer.is_symlink():
        return str(pointer.readlink())
    file = pointer.with_name(pointer.name + ".json")
    return str(json.loads(file.read_bytes())["path"]) if file.is_file() else None


def damage(folder: Path, manifest: Manifest) -> str | None:
    """Return what differs between a folder's files and its manifest, or None."""
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    listed = {file.path: file for file in manifest.files}
    if missing := sorted(set(listed) - there):
        return f"{missing[0]} is missing"
    if added := sorted(there - set(listed) - {MANIFEST}):
        return f"{added[0]} is not in {MANIFEST}"
    for name, file in listed.items():
        path = folder / name
        if path.stat().st_size != file.bytes or digest(path) != file.sha256:
            return f"{name} is not what was published (its SHA-256 differs)"
    return None


def read_manifest(folder: Path) -> Manifest:
    """Return a version's manifest.

    Raises:
        ValueError: there is none, or it is not one.
    """
    try:
        return Manifest.from_bytes((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        raise ValueError(f"{MANIFEST} is missing") from None


def digest(path: Path) -> str:
    """Return a file's SHA-256."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _verified(folder: Path) -> Publication:
    try:
        manifest = read_manifest(folder)
        wrong = damage(folder, manifest)
    except ValueError as error:
        wrong = str(error)
    if wrong:
        night = folder.name.partition("-")[0]
        raise DataError(
            f"The publication of {night} is damaged: {wrong}, in {folder}. "
            f"Expected the files as {MANIFEST} lists them. Run `leadgauge score --as-of {night}` again to restore it."
        )
    return Publication(folder, manifest)
