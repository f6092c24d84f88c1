"""A disk or a memory limit that is full, told as what it is, whichever library met it first."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.errors import StoppedError

MEMORY = "OutOfMemoryException"  # DuckDB's, by name: importing it here would slow every command
FULL = {errno.ENOSPC, errno.EDQUOT}
# Libraries that write files themselves and say so in words only: DuckDB (which also stops at what
# was free when it began to spill), SQLite below MLflow, MLflow and Arrow.
WRITERS = ("duckdb", "_duckdb", "sqlite3", "mlflow", "pyarrow")
WORDS = re.compile(
    r"No space left on device|Disk quota exceeded|not enough space on the disk"
    r"|database or disk is full|max_temp_directory_size"
)


@contextmanager
def full_disk_told(home: Path) -> Iterator[None]:
    """Turn whatever a full disk, or the memory limit, makes of a run into one message.

    Raises:
        StoppedError: the disk is full; names the file, or the home where nobody says which. Or the
            engine needs more memory than ``limits.memory_gb``.
    """
    try:
        yield
    except StoppedError:
        raise
    except Exception as error:
        met = [link for link in _chain(error) if _is_full(link)]
        if not met and any(type(link).__name__ == MEMORY for link in _chain(error)):
            raise StoppedError(
                "DuckDB needs more memory than the project file lets it have: nothing was published. "
                f"Raise limits.memory_gb and run it again ({str(error).splitlines()[0]})"
            ) from error
        if not met:
            raise
        raise StoppedError(_message(met, home)) from error


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that led to it: a library's own message may hide the disk."""
    waiting, seen = [error], set[int]()
    while waiting:
        link = waiting.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        waiting += [led for led in (link.__cause__, link.__context__) if led is not None]


def _is_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    module = type(error).__module__.split(".")[0]
    return (module in WRITERS or isinstance(error, OSError)) and bool(WORDS.search(str(error)))


def _named(error: BaseException) -> str | None:
    """Return the file that an error says could not be written; of a copy it is the second."""
    if isinstance(error, OSError) and error.filename is not None:
        return str(error.filename2 or error.filename)
    quoted = re.search(r"[\"']((?:/|[A-Za-z]:\\)[^\"']+)[\"']", str(error))
    return quoted[1].rstrip("\\") if quoted else None


def _message(met: list[BaseException], home: Path) -> str:
    said = next((name for link in met if (name := _named(link))), None)
    what, folder = (said, Path(said).parent) if said else (f"a file under {home}", home)
    return (
        f"the disk is full: {what} could not be written. Nothing is left half published: the last "
        f"publication stands. Free space on the disk of {folder}, or set --home to another, "
        "and run it again"
    )
