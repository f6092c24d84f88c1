"""Rows that several tests look at, made once."""

import pytest

from benchmarks.quality.sets import DatedRows
from tests.benchmarks.rows import made_up


@pytest.fixture(scope="session")
def rows(tmp_path_factory: pytest.TempPathFactory) -> DatedRows:
    return made_up(tmp_path_factory.mktemp("made_up"))
