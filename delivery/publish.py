"""Publish a night as a whole or not at all.

Write into a staging folder on the same disk, check, flush to disk, write the manifest last, rename, and only then move
the pointers. A run that is killed leaves yesterday's publication in place, and the next run clears up after it.
One run at a time: the caller holds the lock.
"""

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from delivery import publication
from delivery.problems import Problem, stop_if
from delivery.publication import MANIFEST, File, Manifest, Publication
from delivery.receipt import Receipt, naive_utc
from features.errors import StoppedError

_STAGING = ".staging-"
_BLOCK = 1_000_000  # bytes that are read at a time to count lines
_DISK_ERRORS = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
    errno.EFBIG,
}
# What symlink() says where there are no links: Linux on FAT, and Windows without the privilege.
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}

_BROKEN = "The files that were to be published break their formats"
_OUR_FAULT = "Nothing was published. This is a fault of leadgauge or of the disk, not of your data: please report it."


def publish(
    home: Path,
    project: str,
    as_of: datetime,
    write: Callable[[Path], object],
    *,
    receipt: Receipt,
    validate: Callable[[Path], Sequence[Problem]],
) -> Publication:
    """Publish what ``write`` writes into the folder it is given, and make it the current publication.

    The same files and receipt give the same bytes and the same folder, whether or not an earlier run got through.
    Other files for the same ``as_of`` take that night's place in one step.

    Args:
        home: under which everything is written.
        project: the project's identifier.
        as_of: the night.
        write: writes the files; must not depend on the folder's name.
        receipt: where the scores come from.
        validate: reads the files back and returns what is wrong with them.

    Raises:
        StoppedError: a file is not as its format demands, or the disk does not take it. Nothing has changed then.
    """
    root = publication.project_folder(home, project)
    try:
        for name in ("versions", "nights"):
            (root / name).mkdir(parents=True, exist_ok=True)
        _clear_up(root)
        staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=root))
        try:
            write(staging)
            stop_if(validate(staging), _BROKEN, _OUR_FAULT)
            manifest = _seal(staging, Manifest(naive_utc(as_of), receipt, ()))
            return _expose(staging, root, manifest)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        if error.errno not in _DISK_ERRORS:
            raise
        raise StoppedError(_disk_message(error, root)) from error


def _expose(staging: Path, root: Path, manifest: Manifest) -> Publication:
    """Let the sealed folder be the night's version, and the night the current one."""
    version = _settle(staging, root / "versions", manifest)
    night = publication.night_name(manifest.as_of)
    _point(root / "nights" / night, f"../versions/{version.name}")
    _point(root / "current", f"nights/{night}")
    return Publication(version.resolve(), manifest)


def _clear_up(root: Path) -> None:
    """Remove what killed runs left, and versions that no night counts any more."""
    for path in [*root.glob(f"{_STAGING}*"), *(root / "nights").glob(f"{_STAGING}*")]:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    counted = {publication.follow(pointer) for _, pointer in publication.nights(root)}
    versions = (root / "versions").resolve()
    for version in versions.iterdir():
        if version not in counted:
            shutil.rmtree(version)


def _seal(staging: Path, manifest: Manifest) -> Manifest:
    """Flush every file to the disk, and write the manifest last."""
    paths = sorted(path for path in staging.rglob("*") if path.is_file())
    files = [
        File(
            path.relative_to(staging).as_posix(),
            path.stat().st_size,
            publication.digest(path),
            _count_rows(path),
        )
        for path in paths
    ]
    sealed = Manifest(
        manifest.as_of, manifest.receipt, tuple(sorted(files, key=lambda file: file.path))
    )
    for path in paths:
        path.chmod(0o600)  # names and chances of people
        _flush(path)
    with (staging / MANIFEST).open("xb") as file:
        file.write(sealed.to_bytes())
    _flush(staging / MANIFEST)
    for folder in sorted({path.parent for path in paths} | {staging}):
        _flush(folder)
    return sealed


def _settle(staging: Path, versions: Path, manifest: Manifest) -> Path:
    """Give the staging folder its name by night and content; an intact one of that name is the same publication."""
    content = sha256(manifest.to_bytes()).hexdigest()[:12]
    stem = f"{publication.night_name(manifest.as_of)}-{content}"
    attempt = 1
    # A damaged one may be what `current` leads to, so it is not moved: the new one gets a name beside it.
    while (version := versions / (stem if attempt == 1 else f"{stem}-{attempt}")).exists():
        if _is_intact(version, manifest):
            return version
        attempt += 1
    staging.rename(version)
    _flush(versions)
    return version


def _is_intact(version: Path, manifest: Manifest) -> bool:
    listed = version / MANIFEST
    return (
        listed.is_file()
        and listed.read_bytes() == manifest.to_bytes()
        and publication.damage(version, manifest) is None
    )


def _point(pointer: Path, target: str) -> None:
    """Replace a pointer in one step by a link, or by a file where there are no links."""
    fresh = pointer.with_name(_STAGING + pointer.name)
    file = pointer.with_name(pointer.name + ".json")
    try:
        fresh.symlink_to(target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with fresh.open("xb") as stream:
            stream.write(json.dumps({"path": target}).encode() + b"\n")
        _flush(fresh)
        fresh.replace(file)
        if pointer.is_symlink():
            pointer.unlink()
    else:
        fresh.replace(pointer)
        file.unlink(missing_ok=True)
    _flush(pointer.parent)


def _count_rows(path: Path) -> int | None:
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        return int(pq.read_metadata(path).num_rows)
    if path.suffix not in {".csv", ".jsonl"}:
        return None
    lines, last = 0, b"\n"  # no line breaks within cells: the validators see to that
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            lines, last = lines + block.count(b"\n"), block
    lines += not last.endswith(b"\n")
    return lines - 1 if path.suffix == ".csv" else lines


def _flush(path: Path) -> None:
    """Make the system write a file or a folder's entries to the disk now."""
    if path.is_dir() and os.name == "nt":
        return  # Windows opens no folders, and writes their entries by itself
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _disk_message(error: OSError, root: Path) -> str:
    where = error.filename or root
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return (
            f"The disk is full: {where} could not be written ({error.strerror}). Nothing was published, and the last "
            f"publication stands. Free space on the disk of {root}, or set --home to another, and run it again."
        )
    return (
        f"{where} could not be written: {error.strerror}. Nothing was published, and the last publication stands. "
        f"See to it that {root} can be written to, and run it again."
    )
