"""The peers in an environment of their own: spoken to through files, and never the end of a run."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.quality import runner
from benchmarks.quality.apart import ENVIRONMENT, PEERS_APART, Apart, PeerError
from benchmarks.quality.peers import Task
from benchmarks.quality.sets import REPO, DatedRows
from tests.benchmarks.rows import task

LOCK = (REPO / "benchmarks" / "quality" / "peers.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def given(rows: DatedRows) -> Task:
    return task(rows)


def environment(folder: Path, body: str) -> Apart:
    """Make an environment whose interpreter runs ``body`` in place of the runner."""
    script = folder / "instead.py"
    script.write_text(body, encoding="utf-8")
    python = folder / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} {script} "$2"\n', encoding="utf-8")
    python.chmod(0o755)
    return Apart(folder / "env")


READS = """
import json, sys
from pyarrow import parquet, table
spec = json.load(open(sys.argv[1]))
train, test = parquet.read_table(spec["train"]), parquet.read_table(spec["test"])
def say(told): parquet.write_table(table({"probability": told}), spec["out"])
"""


def test_an_environment_that_is_not_there_is_said(given: Task, tmp_path: Path) -> None:
    with pytest.raises(PeerError) as told:
        Apart(tmp_path / ".venv-peers").ask("catboost", given, seconds=1)
    assert str(told.value) == "not run: .venv-peers is not set up (`make peers` does it)"


def test_a_peer_that_breaks_says_its_last_line(given: Task, tmp_path: Path) -> None:
    apart = environment(tmp_path, "raise ValueError('no such preset')")
    with pytest.raises(PeerError) as told:
        apart.ask("autogluon", given, seconds=1)
    assert str(told.value) == "failed: ValueError: no such preset"


def test_what_a_peer_says_comes_back_with_its_seconds(given: Task, tmp_path: Path) -> None:
    body = READS + (
        "label, weight = train['__label'].to_pylist(), train['__weight'].to_pylist()\n"
        "share = sum(l * w for l, w in zip(label, weight)) / sum(weight)\n"
        "say([share] * len(test)); print('chatter'); print(json.dumps({'seconds': 1.5}))"
    )
    told, seconds = environment(tmp_path, body).ask("catboost", given, seconds=1)
    assert seconds == 1.5
    assert told == pytest.approx(np.average(given.label, weights=given.weight))


def test_the_outcomes_of_the_test_rows_are_not_written_where_a_peer_could_read_them(
    given: Task, tmp_path: Path
) -> None:
    body = READS + "raise SystemExit(' '.join(test.column_names))"
    with pytest.raises(PeerError) as told:
        environment(tmp_path, body).ask("catboost", given, seconds=1)
    assert str(told.value) == "failed: age_days size visit_30d source"


@pytest.mark.parametrize("values", ["[0.5]", "[2.0] * len(test)", "[float('nan')] * len(test)"])
def test_an_answer_that_is_no_probability_for_each_row_is_refused(
    given: Task, tmp_path: Path, values: str
) -> None:
    body = f"{READS}say({values})"
    with pytest.raises(PeerError, match="not one probability for each test row"):
        environment(tmp_path, body).ask("catboost", given, seconds=1)


def test_the_runner_knows_every_peer_that_lives_apart() -> None:
    assert tuple(runner.PEERS) == PEERS_APART


def test_the_runner_writes_what_a_peer_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(
        runner.PEERS, "catboost", lambda spec, _train, test: np.full(len(test), spec["seed"] / 10)
    )
    pd.DataFrame({"x": [1.0]}).to_parquet(tmp_path / "train.parquet")
    pd.DataFrame({"x": [1.0, 2.0]}).to_parquet(tmp_path / "test.parquet")
    spec = {"peer": "catboost", "seed": 7} | {
        name: str(tmp_path / f"{name}.parquet") for name in ("train", "test", "out")
    }
    (tmp_path / "spec.json").write_text(json.dumps(spec), encoding="utf-8")
    runner.main(tmp_path / "spec.json")
    assert pd.read_parquet(tmp_path / "out.parquet")["probability"].tolist() == [0.7, 0.7]
    assert json.loads(capsys.readouterr().out.strip().splitlines()[-1])["seconds"] >= 0


def test_the_peers_are_locked_with_hashes_without_addresses_and_without_torch() -> None:
    blocks = re.split(r"\n(?=[A-Za-z0-9])", LOCK.strip())
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in LOCK
    names = {re.split(r"[=\[ ]", block)[0] for block in blocks}
    assert {"autogluon-tabular", "catboost", "lightgbm"} <= names
    assert not names & {"torch", "torchvision", "ray"}


@pytest.mark.slow
def test_catboost_speaks_of_each_test_row(given: Task) -> None:
    if Apart().absent:
        pytest.skip(f"{ENVIRONMENT.name} is not set up: `make peers`")
    told, seconds = Apart().ask("catboost", given, seconds=60)
    assert told.shape == (len(given.test),)
    assert seconds > 0
