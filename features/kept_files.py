"""Event files that an earlier run has read: found by what is in them, put in place once a run is done.

A kept file is named by what its rows follow from: the bytes of the source's file, how the project
file says they are read, the types that all files of the source have in common, and the code that
reads. Whatever changes in these gives another name, so that no kept file is ever out of date.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path

import duckdb

from features import sql
from features.project import Source
from features.raw import LyingFile, Partition, RawTable, differs

LAYOUT = 1  # of the kept files' columns
_HALF = ".part"  # what is not done yet is named so, and no run looks for it


@dataclass
class Keeping:
    """What one run uses of a folder of kept files, and what it adds; ``zone`` is the project's."""

    folder: Path
    zone: str
    used: set[Path] = field(default_factory=set[Path])
    staged: dict[Path, LyingFile] = field(default_factory=dict[Path, LyingFile])

    def look(
        self,
        connection: duckdb.DuckDBPyConnection,
        source: Source,
        form: str,
        files: Sequence[Path],
        types: Mapping[str, str] | None = None,
    ) -> list[Partition]:
        """Return for each file what is kept of it; ``types`` are the columns' where files have types."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # rows of people lie here
        rules = self._rules(source, form, types)
        parts = []
        for number, file in enumerate(files):
            lying = LyingFile.of(file)  # before its bytes are read: a change meanwhile shows later
            content = sha256_of(file)
            name = hashlib.sha256(f"{rules}\n{content}".encode()).hexdigest()
            parts.append(Partition(number, lying, self.folder / f"{name}.parquet", content))
        found = _described(connection, [part.target for part in parts if part.target.is_file()])
        self.used |= set(found)
        return [
            replace(found[part.target], number=part.number, lying=part.lying)
            if part.target in found
            else part
            for part in parts
        ]

    def half(self, target: Path) -> Path:
        """Return where a file's rows are written before the run is done."""
        return target.with_suffix(_HALF)

    def publish(self) -> None:
        """Put what was staged in place, each file as a whole, and remove what this run did not use.

        A source's file that was replaced while it was read is not kept.
        """
        for target, lying in self.staged.items():
            half = self.half(target)
            if differs(lying):
                half.unlink(missing_ok=True)
                continue
            with half.open("rb+") as stream:
                os.fsync(stream.fileno())
            half.replace(target)
            self.used.add(target)
        self._remove(keep=self.used)

    def discard(self) -> None:
        """Remove what is not done; what earlier runs kept stays."""
        self._remove(keep=set(self.folder.glob("*.parquet")))

    def _remove(self, keep: set[Path]) -> None:
        for path in [*self.folder.glob("*.parquet"), *self.folder.glob(f"*{_HALF}")]:
            if path not in keep:
                path.unlink(missing_ok=True)

    def _rules(self, source: Source, form: str, types: Mapping[str, str] | None) -> str:
        said = source.model_dump(mode="json", exclude={"path", "keep_read", "drop", "types"})
        listed = sorted(types.items()) if types is not None else None
        made_by = [LAYOUT, duckdb.__version__, _version(), _code()]
        return json.dumps([made_by, self.zone, form, said, listed])


@contextmanager
def keeping(folder: Path | None, zone: str) -> Iterator[Keeping | None]:
    """Use a folder of kept files for the time of one run, the only one that does.

    It is brought up to date when the run ends well; else what the run had begun is removed.
    None: nothing is kept.
    """
    if folder is None:
        yield None
        return
    kept = Keeping(folder, zone)
    try:
        yield kept
    except BaseException:
        kept.discard()
        raise
    kept.publish()


def digests_of(raw: RawTable, files: Sequence[Path]) -> list[str]:
    """Return the SHA-256 of each file of a source, those that are known already as they were."""
    known = {part.number: part.digest for part in raw.partitions}
    return [known.get(number) or sha256_of(file) for number, file in enumerate(files)]


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def notes(part: Partition) -> str:
    """Write, as DuckDB's ``KV_METADATA``, what is to be known of a file whose rows are kept."""
    # Rows that are read where they lie are not counted before: there is no ``where``, and all are kept.
    said = {"digest": part.digest, "columns": list(part.columns), "read": part.read or None}
    return f"{{leadgauge: {sql.text(json.dumps(said))}}}"


def _described(
    connection: duckdb.DuckDBPyConnection, targets: Sequence[Path]
) -> dict[Path, Partition]:
    """Read what kept files say of themselves; one that cannot be read is none."""
    if not targets:
        return {}
    listed = f"[{', '.join(sql.text(str(target)) for target in dict.fromkeys(targets))}]"
    try:
        rows = connection.execute(
            f"""
            SELECT f.file_name, f.num_rows, decode(k.value)
            FROM parquet_file_metadata({listed}) AS f JOIN parquet_kv_metadata({listed}) AS k USING (file_name)
            WHERE decode(k.key) = 'leadgauge'
            """
        ).fetchall()
        return dict(_partition(Path(name), count, told) for name, count, told in rows)
    except (duckdb.Error, ValueError, KeyError, TypeError):
        if len(targets) == 1:
            return {}  # the source's file is read again, and this one written anew
        halves = [targets[: len(targets) // 2], targets[len(targets) // 2 :]]
        return {
            path: part for half in halves for path, part in _described(connection, half).items()
        }


def _partition(target: Path, rows: int, told: str) -> tuple[Path, Partition]:
    said = json.loads(told)
    nowhere = LyingFile(target, 0, 0)
    columns = tuple(str(name) for name in said["columns"])
    read = rows if said["read"] is None else int(said["read"])
    return target, Partition(0, nowhere, target, str(said["digest"]), columns, read, rows)


def _version() -> str:
    try:
        return metadata.version("leadgauge")
    except metadata.PackageNotFoundError:
        return "not installed"


def _code() -> str:
    """Return the SHA-256 of this room's code: rows that other code has cleaned are not taken for its own."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
