"""Nights drawn at random: files come, change and go, leads become known, and nothing tells that events were kept."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.features.kept import Folder, Row

MONTHS = ("2026-01", "2026-02", "2026-03")
ROWS = st.tuples(
    st.sampled_from(["1", " 2", "3", "4", "9", "", "x\ty"]),
    st.sampled_from(["call", "visit", "visit", "\x01", "none"]),
    st.sampled_from(["2026-01-05", "2026-02-05T12:00Z", "2026-03-29 02:30", "2026-07-01", "soon"]),
    st.sampled_from(["", "", "2026-02-06", "2026-03-30T10:00:00+02:00"]),
    st.sampled_from(["", "1", "2.5", "many"]),
)
GOOD = st.tuples(
    st.sampled_from(["1", "2", "3", "4", "9"]),
    st.sampled_from(["call", "visit"]),
    st.sampled_from(["2026-01-05", "2026-02-05T12:00Z", "2026-10-25 02:30"]),
    st.sampled_from(["", "2026-02-06"]),
    st.sampled_from(["", "1", "2.5"]),
)
FILES = st.dictionaries(
    st.sampled_from(MONTHS), st.lists(GOOD, max_size=4) | st.lists(ROWS, max_size=2), min_size=1
)
NO_SHRINKING = [Phase.explicit, Phase.reuse, Phase.generate]  # a failure is told in seconds
NIGHTS = st.lists(
    st.tuples(
        FILES,
        st.sampled_from([["1"], ["1", "2", "3"], ["1", "2", "4"]]),
        st.sampled_from([(), ("2",), ("2", "4")]),
        st.sampled_from([None, "2026-02-01", "2026-03-29T00:30"]),
    ),
    min_size=2,
    max_size=3,
)
WAYS: Mapping[str, dict[str, Any]] = {
    "as they are": {},
    "in a zone, with missing words": {"timezone": "Europe/Berlin", "missing": ["none"]},
    "derived and filtered": {
        "timezone": "America/New_York",
        "derive": {"kind": "what || '/' || (_leadgauge_row % 2)", "n": "TRY_CAST(n AS DOUBLE) * 2"},
        "columns": {"lead_id": "who", "occurred_at": "day", "value": "n"},
        "where": "who <> '3'",
    },
}


@settings(max_examples=6, deadline=None, phases=NO_SHRINKING)
@given(form=st.sampled_from(["csv", "parquet"]), way=st.sampled_from(sorted(WAYS)), nights=NIGHTS)
def test_no_night_tells_whether_events_were_kept(
    form: str, way: str, nights: list[tuple[dict[str, list[Row]], list[str], list[str], str | None]]
) -> None:
    with TemporaryDirectory() as root:
        folder = Folder(Path(root), form, events=dict(WAYS[way]))
        for files, leads, suppressed, as_of in nights:
            for path in (folder.root / "events").glob("*"):
                path.unlink()
            for month, rows in files.items():
                folder.write(month, rows)
            folder.leads(leads)
            folder.suppressed = suppressed
            stand = datetime.fromisoformat(as_of) if as_of else None
            found = folder.night(as_of=stand)
            assert found.kept + found.read == len(files)
            assert found.refused <= found.read
