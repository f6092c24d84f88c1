"""The same body gives the same under both runners; between steps goes nothing but small things."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from features.errors import DataError
from pipelines.steps import RETRIES, DirectSteps, PrefectSteps, Steps

Run = Callable[[Callable[[Steps], object]], object]


@dataclass(frozen=True)
class Counted:
    path: Path
    rows: int


class BrokenError(Exception):
    """A bug, to the steps."""


def body(steps: Steps, folder: Path) -> Counted:
    path = steps.reach("write", write, folder / "rows.txt", rows=3)
    return Counted(path, steps.run("count", count, path))


def write(path: Path, *, rows: int) -> Path:
    path.write_text("row\n" * rows)
    return path


def count(path: Path) -> int:
    return len(path.read_text().splitlines())


@pytest.fixture(scope="module")
def in_flow(prefect_server: None) -> Run:  # noqa: ARG001  it is there
    from prefect import flow

    def run(inner: Callable[[Steps], object]) -> object:
        return flow(name="test", persist_result=False)(lambda: inner(PrefectSteps()))()

    return run


def directly(inner: Callable[[Steps], object]) -> object:
    return inner(DirectSteps())


@pytest.fixture(params=["direct", pytest.param("prefect", marks=pytest.mark.slow)])
def run(request: pytest.FixtureRequest) -> Run:
    return request.getfixturevalue("in_flow") if request.param == "prefect" else directly


def test_a_body_gives_the_same_under_both_runners(run: Run, tmp_path: Path) -> None:
    assert run(lambda steps: body(steps, tmp_path)) == Counted(tmp_path / "rows.txt", 3)


def test_every_step_is_timed_by_its_name(run: Run, tmp_path: Path) -> None:
    def timed(steps: Steps) -> dict[str, float]:
        body(steps, tmp_path)
        return dict(steps.times)

    times = run(timed)
    assert isinstance(times, dict)
    assert list(times) == ["write", "count"]
    assert all(seconds >= 0 for seconds in times.values())


@pytest.mark.parametrize(
    "error", [DataError("leads.csv, row 7"), BrokenError("a bug")], ids=["user error", "bug"]
)
def test_what_a_step_raises_comes_out_as_it_is(run: Run, error: Exception) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        run(lambda steps: steps.run("fail", fail))
    assert caught.value is error


def test_a_wrong_file_is_not_read_again(run: Run) -> None:
    attempts = []

    def fail() -> None:
        attempts.append(1)
        raise DataError("leads.csv, row 7")

    with pytest.raises(DataError):
        run(lambda steps: steps.reach("read", fail))
    assert attempts == [1]


@pytest.mark.slow
def test_under_prefect_a_busy_database_is_asked_again(
    in_flow: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.steps.FIRST_DELAY_SECONDS", 0)
    attempts = []

    def fail_twice() -> int:
        attempts.append(1)
        if len(attempts) < RETRIES:
            raise ConnectionError("try again")
        return len(attempts)

    assert in_flow(lambda steps: steps.reach("read", fail_twice)) == RETRIES


@pytest.mark.slow
def test_under_prefect_a_computation_is_not_tried_again(in_flow: Run) -> None:
    attempts = []

    def fail() -> None:
        attempts.append(1)
        raise ConnectionError("whatever")

    with pytest.raises(ConnectionError):
        in_flow(lambda steps: steps.run("compute", fail))
    assert attempts == [1]


@pytest.mark.slow
def test_prefect_stores_no_result_and_caches_nothing(in_flow: Run, tmp_path: Path) -> None:
    from prefect.settings import get_current_settings

    given = tmp_path / "rows.txt"

    def twice(steps: Steps) -> tuple[int, int]:
        given.write_text("one\n")
        first = steps.run("count", count, given)
        given.write_text("one\ntwo\n")
        return first, steps.run("count", count, given)

    storage = get_current_settings().results.local_storage_path
    before = sorted(storage.glob("*"))
    assert in_flow(twice) == (1, 2)
    assert sorted(storage.glob("*")) == before


def test_progress_is_told_when_a_step_begins_and_ends(tmp_path: Path) -> None:
    told: list[str] = []

    class Teller:
        def begin(self, name: str) -> None:
            told.append(f"begin {name}")

        def end(self, name: str, seconds: float) -> None:
            told.append(f"end {name} {seconds < 60}")

    body(DirectSteps(Teller()), tmp_path)
    assert told == ["begin write", "end write True", "begin count", "end count True"]
