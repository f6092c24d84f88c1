"""The folder that the driver and all workers of a Spark cluster see."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def as_uri(folder: str) -> str:
    """Return a folder as a URI: a path without a scheme is a mounted one, whatever Spark's default file system is.

    >>> as_uri("s3a://bucket/leadgauge/")
    's3a://bucket/leadgauge'
    >>> as_uri("/mnt/shared")
    'file:///mnt/shared'
    """
    return folder.rstrip("/") if "://" in folder else Path(folder).expanduser().resolve().as_uri()


@dataclass(frozen=True)
class SharedFolder:
    """A folder of one run, reached through Hadoop's file systems, as Spark reaches it.

    ``copied``: whether what lies elsewhere on the driver is copied here for the workers to see.
    """

    session: "SparkSession"
    uri: str
    copied: bool

    def place(self, name: str) -> str:
        """Return where something of this name lies, or is to lie."""
        return f"{self.uri}/{name}"

    def shared(self, path: Path) -> str:
        """Return where the workers find a file of the driver's."""
        if not self.copied:
            return path.resolve().as_uri()
        there = self.place(f"tables/{path.name}")
        system, target = self._found(there)
        system.copyFromLocalFile(False, True, self._path(path.resolve().as_uri()), target)
        return there

    def parts(self, name: str, folder: Path) -> Iterator[Path]:
        """Yield the Parquet files of a dataset that Spark wrote here, in order, as files of the driver's.

        One at a time is copied to ``folder`` where they lie elsewhere, and removed again.
        """
        system, place = self._found(self.place(name))
        found = sorted(str(one.getPath().toUri()) for one in system.listStatus(place))
        for uri in found:
            if not Path(urlparse(uri).path).name.startswith("part-"):
                continue
            if urlparse(uri).scheme == "file":
                yield Path(unquote(urlparse(uri).path))
                continue
            copy = folder / f"{name}-part.parquet"
            system.copyToLocalFile(
                False, self._path(uri), self._path(copy.resolve().as_uri()), True
            )
            yield copy
            copy.unlink()

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        system, place = self._found(self.uri)
        system.delete(place, True)

    def _found(self, uri: str) -> tuple[Any, Any]:
        path = self._path(uri)
        return path.getFileSystem(self.session.sparkContext._jsc.hadoopConfiguration()), path  # noqa: SLF001  Python has no way to Hadoop of its own

    def _path(self, uri: str) -> Any:  # noqa: ANN401  a Java object
        java: Any = self.session.sparkContext._jvm  # noqa: SLF001
        return java.org.apache.hadoop.fs.Path(java.java.net.URI(uri))
