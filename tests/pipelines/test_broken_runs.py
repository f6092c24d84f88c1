"""What a run that breaks off leaves behind, and what it says of a memory limit."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from features.errors import StoppedError
from pipelines.disk import full_disk_told
from pipelines.reading import tidied_if_broken


def test_a_run_that_breaks_off_leaves_no_rows_of_people(tmp_path: Path) -> None:
    work = tmp_path / "work" / "run"
    (work / "tables" / "spill").mkdir(parents=True)
    for name in ("tables/leads.parquet", "open.parquet", "tables/quarantine.csv"):
        (work / name).write_text("rows")
    request: Any = SimpleNamespace(work=work)
    with pytest.raises(KeyboardInterrupt), tidied_if_broken(request):
        raise KeyboardInterrupt
    assert [path.name for path in work.rglob("*") if path.is_file()] == ["quarantine.csv"]


def test_a_run_that_ends_well_keeps_its_files_for_its_own_last_step(tmp_path: Path) -> None:
    (tmp_path / "open.parquet").write_text("rows")
    request: Any = SimpleNamespace(work=tmp_path)
    with tidied_if_broken(request):
        pass
    assert (tmp_path / "open.parquet").is_file()


def test_too_little_memory_names_the_limit_of_the_project_file(tmp_path: Path) -> None:
    def gather_too_much() -> None:
        with duckdb.connect(config={"memory_limit": "30MB", "temp_directory": ""}) as engine:
            engine.execute("SELECT list(i) FROM range(20000000) AS r(i)").fetchone()

    with pytest.raises(StoppedError) as met, full_disk_told(tmp_path):
        gather_too_much()
    assert met.value.exit_code == 6
    assert str(met.value).startswith(
        "DuckDB needs more memory than the project file lets it have: nothing was published. "
        "Raise limits.memory_gb and run it again (Out of Memory Error: "
    )
