"""All files of one publication: written together from its ``scores.parquet``, and checked together."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from delivery import dynamics, hubspot, salesforce
from delivery.cells import Cells, neutral_batches
from delivery.csv_checks import Checked, part_keys
from delivery.csv_files import LineEnding
from delivery.keys import Key, refuse_keys
from delivery.leaks_file import NAME as LEAKS_NAME
from delivery.leaks_file import check_leaks
from delivery.neutral_files import CSV_NAME, PARQUET_NAME, NeutralCsv, check_csv, check_parquet
from delivery.people import TopLeads
from delivery.problems import Problem
from features.project import Delivery

THREADS = 2  # Arrow works outside of Python's lock, so threads are enough


class _Writer(Protocol):
    def add(self, cells: Cells) -> None: ...

    def finish(self) -> list[Path]: ...

    def close(self) -> None: ...


def write_exports(folder: Path, delivery: Delivery) -> list[Path]:
    """Write every file of a publication beside its ``scores.parquet``: neutral, for people, and for each CRM.

    Of the leads no more than two batches are in memory.

    Raises:
        ProjectError: names in the project file that a CRM cannot have.
        StoppedError: ids that a CRM's file cannot carry; nothing is written then.
    """
    scores = folder / PARQUET_NAME
    top = TopLeads(folder)
    with ExitStack() as opened, ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(lambda key: refuse_keys(lambda: _ids(scores), key), [*_keys(delivery)]):
            pass
        writers = [opened.enter_context(closing(writer)) for writer in _writers(folder, delivery)]
        begun: list[Future[None]] = []
        for rows in neutral_batches(scores):
            cells = Cells.of(rows)
            top.add(rows)
            _await(begun)
            begun = [pool.submit(writer.add, cells) for writer in writers]
        _await(begun)
        paths = [path for writer in writers for path in writer.finish()]
    return [scores, *paths, *top.finish()]


def _ids(scores: Path) -> Iterator[pa.Array]:
    return (rows["lead_id"] for rows in neutral_batches(scores, columns=["lead_id"]))


def _keys(delivery: Delivery) -> Iterator[Key]:
    """Yield what each CRM takes as keys, after a look at all of the project file's names."""
    if delivery.salesforce is not None:
        salesforce.check_target(delivery.salesforce)
        yield salesforce.key(delivery.salesforce)
    if delivery.hubspot is not None:
        hubspot.check_target(delivery.hubspot)
        yield hubspot.key(delivery.hubspot)
    if delivery.dynamics is not None:
        dynamics.check_target(delivery.dynamics)
        yield dynamics.key(delivery.dynamics)


def _writers(folder: Path, delivery: Delivery) -> Iterator[_Writer]:
    """Yield the writers, those with the most to write first."""
    if delivery.dynamics is not None:
        mark = dynamics.beyond_ascii(folder / PARQUET_NAME)
        yield dynamics.Writer(delivery.dynamics, folder / "dynamics", mark=mark)
    yield NeutralCsv(folder)
    if delivery.salesforce is not None:
        yield salesforce.Writer(delivery.salesforce, folder / "salesforce")
    if delivery.hubspot is not None:
        yield hubspot.Writer(delivery.hubspot, folder / "hubspot")


def _await(begun: Sequence[Future[None]]) -> None:
    for one in begun:
        one.result()


def validate_exports(folder: Path, delivery: Delivery) -> list[Problem]:
    """Return what is wrong with the files of a publication, every format read from its bytes by its own rules.

    Of each kind of problem in a file the first hundred are given.
    """
    crms = _checks(folder, delivery)
    with ThreadPoolExecutor(THREADS) as pool:
        begun = {name: pool.submit(check) for name, check in reversed(crms.items())}
        csv = pool.submit(check_csv, folder / CSV_NAME)
        parquet = pool.submit(check_parquet, folder / PARQUET_NAME)
        checked = {name: begun[name].result() for name in crms}
        scores, same = csv.result(), parquet.result()
    leaks = check_leaks(folder / LEAKS_NAME) if (folder / LEAKS_NAME).exists() else []
    problems = [*scores.problems, *same.problems, *leaks]
    if not problems and scores.keys.in_order() != same.keys.in_order():
        problems = [Problem(PARQUET_NAME, f"the leads of {CSV_NAME}")]
    for name, found in checked.items():
        problems += found.problems
        if not problems and found.keys.in_order() != scores.keys.in_order():
            problems += _check_leads(folder / name, folder / CSV_NAME, _ending(name, delivery))
    return problems


def _checks(folder: Path, delivery: Delivery) -> dict[str, Callable[[], Checked]]:
    checks: dict[str, Callable[[], Checked]] = {}
    if delivery.salesforce is not None:
        checks["salesforce"] = partial(salesforce.check, folder / "salesforce", delivery.salesforce)
    if delivery.hubspot is not None:
        checks["hubspot"] = partial(hubspot.check, folder / "hubspot", delivery.hubspot)
    if delivery.dynamics is not None:
        checks["dynamics"] = partial(dynamics.check, folder / "dynamics", delivery.dynamics)
    return checks


def _ending(crm: str, delivery: Delivery) -> LineEnding:
    if crm == "salesforce" and delivery.salesforce is not None:
        return delivery.salesforce.line_ending
    return "LF"


def _check_leads(folder: Path, scores: Path, ending: LineEnding) -> list[Problem]:
    """Return a problem if other leads stand in a CRM's files; another order would be none."""
    ids = set(part_keys([scores]))
    delivered = set(part_keys(sorted(folder.glob("*.csv")), ending=ending, mark=True))
    if delivered == ids:
        return []
    return [
        Problem(folder.name, f"the {len(ids)} leads of {CSV_NAME}", value=f"{len(delivered)} leads")
    ]
