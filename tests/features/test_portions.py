"""The night's own ways are shortcuts: they tell what the way of the training tells."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

from features import portions
from features.assemble import assemble
from features.errors import DataError
from features.raw import LyingFile, RawTable, refuse_changed
from features.surroundings_at import surroundings_at
from tests.features.drawn import Drawn, snapshots
from tests.features.test_no_leakage import LEADS, MOMENT, OLD_LEADS, everything, worlds

AT = [(lead_id, MOMENT.isoformat()) for lead_id in LEADS]


@given(world=worlds())
@settings(
    deadline=None, max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_one_moment_tells_the_same_as_running_totals(
    drawn: Drawn, world: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    tables = drawn.tables(**world[1])
    at = snapshots(tables, *AT)
    around = surroundings_at(tables, at, everything(), MOMENT, lambda table: table)
    quick = assemble(tables, at, everything(), around=around)
    slow = assemble(tables, at, everything())
    assert drawn.connection.to_pyarrow(quick).to_pylist() == (
        drawn.connection.to_pyarrow(slow).to_pylist()
    )


def test_portions_add_up_to_all_leads_in_their_order(
    drawn: Drawn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "PORTION", 7)
    monkeypatch.setattr(portions, "ROW_GROUP", 4)
    visit = {"kind": "visit", "occurred_at": MOMENT.replace(day=1, month=5)}
    tables = drawn.tables(
        leads=OLD_LEADS, events=[{**visit, "lead_id": lead["lead_id"]} for lead in OLD_LEADS[::2]]
    )
    at = snapshots(tables, *[(str(lead["lead_id"]), MOMENT.isoformat()) for lead in OLD_LEADS])
    whole = drawn.connection.to_pyarrow(assemble(tables, at, everything()))
    path = tmp_path / "open.parquet"
    portions.write_portions(drawn.connection, tables, at, everything(), path, at=MOMENT)
    written = pq.ParquetFile(path)
    assert written.metadata.num_row_groups == 9  # of portions of 6, 7, 7, 7 and 3 leads
    assert written.read().to_pylist() == whole.to_pylist()


def test_a_file_that_changes_while_it_is_read_stops_the_run(tmp_path: Path) -> None:
    export = tmp_path / "events.parquet"
    export.write_bytes(b"one night")
    raw = RawTable("sources.events[0]", "events", "raw_0", [], [], lies_in=[LyingFile.of(export)])
    refuse_changed([raw])
    export.write_bytes(b"the next night")
    with pytest.raises(DataError) as told:
        refuse_changed([raw])
    assert str(told.value) == (
        f"{export}: changed while it was being read; run again once the export is complete"
    )
