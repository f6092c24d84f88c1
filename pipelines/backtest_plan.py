"""Which nights a backtest stands at, when it retrains, and how much sales can do."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median

from features.catalogue import Catalogue
from features.errors import NotEnoughError, ProjectError, UsageError
from features.frames import TrainingFrames
from features.nearest import hint
from features.project import Project
from features.tables import AttributeColumn, TableSet
from pipelines.backtest_snapshots import PERIOD, PastSnapshots, past_snapshots
from pipelines.check import Snapshots, count
from pipelines.cron import days_between_runs
from pipelines.settings import Request, parse_moment

MOST_RETRAINS = 12


@dataclass(frozen=True)
class Asked:
    """The options of a backtest; None is what nobody said. Moments are naive UTC."""

    first: datetime | None
    last: datetime | None
    every_days: int | None
    retrain_days: int | None
    capacity: int | None


@dataclass(frozen=True)
class Early:
    """Nights that were asked for and on which there was too little to train on yet."""

    since: datetime
    nights: int
    why: str


@dataclass(frozen=True)
class Plan:
    """The nights and the moments of retraining, naive UTC, in order.

    ``snapshots``: a Parquet file of who was open on which night, labels included, of all nights of
    the data; those of the plan are among them. ``spacing_days`` is the real one. ``choices`` says
    what was chosen and why.
    """

    snapshots: Path
    nights: list[datetime]
    retrain_at: list[datetime]
    spacing_days: float
    early: Early | None
    choices: list[str]

    def until(self, number: int) -> datetime:
        """Return the moment at which the model of retraining ``number`` is replaced; past the last night at the end."""
        later = self.retrain_at[number + 1 :]
        return later[0] if later else self.nights[-1] + timedelta(microseconds=1)


def asked_for(request: Request) -> Asked:
    """Read the options of a request.

    Raises:
        UsageError: a time is none, the end lies before the start, or a number is not above zero.
    """
    options = request.options

    def moment(key: str, option: str) -> datetime | None:
        text = options.get(key)
        return None if text is None else parse_moment(str(text), request.project, option)

    def number(key: str, option: str) -> int | None:
        value = options.get(key)
        if value is not None and int(value) < 1:
            raise UsageError(f"{option}: expected a whole number of 1 or more, got {value}")
        return None if value is None else int(value)

    asked = Asked(
        first=moment("first", "--from"),
        last=moment("last", "--to"),
        every_days=number("every", "--every"),
        retrain_days=number("retrain_every", "--retrain-every"),
        capacity=number("capacity", "--capacity"),
    )
    if asked.first and asked.last and asked.last <= asked.first:
        raise UsageError(
            f"--from {options['first']} is not before --to {options['last']}: there is no night between them"
        )
    return asked


def old_score_column(request: Request, tables: TableSet) -> AttributeColumn | None:
    """Return the column of the score in use until now, None if the project file names none.

    Raises:
        ProjectError: the leads have no such column, or it holds no numbers.
    """
    name = request.project.agreement.old_score
    if name is None:
        return None
    columns = tables.columns("leads")
    for column in columns:
        if name in {column.label, column.column}:
            if column.type == "number":
                return column
            raise ProjectError(
                f"{request.shown_file}: agreement.old_score: {name!r} holds words, expected a number that is higher "
                "for better leads; make one of it under sources.leads.derive, and name that"
            )
    found = hint(name, [column.label for column in columns], what="there are")
    raise ProjectError(
        f"{request.shown_file}: agreement.old_score: the leads have no column {name!r}; {found}"
    )


def make_plan(request: Request, tables: TableSet, asked: Asked) -> Plan:
    """Find the last night whose outcomes are known, the first with enough to train on, and those between.

    Raises:
        NotEnoughError: the history is too short for a single night; says what it would take.
        UsageError: no night lies in the period that was asked for.
    """
    import pandas as pd

    project = request.project
    every = asked.every_days or (1 if tables.flat else project.model.evaluate_every_days)
    found = past_snapshots(request, tables, every, asked.first)
    moments = [
        moment.to_pydatetime() for moment in sorted(pd.to_datetime(found.nights["night"].unique()))
    ]
    inside = _in_period(moments, asked, request)
    start, early = _first_enough(request, found, inside)
    nights = inside[start:]
    spacing = _spacing(nights, every)
    choices = [_nights_in_words(nights, tables, every, spacing)]
    retrain_days, why = _retrain_days(project, asked, nights)
    if spacing >= 1.5 * retrain_days:
        why += f"; nights stand {spacing:g} days apart, so that each has a model of its own"
    choices.append(why)
    path = request.work / "nights.parquet"
    found.nights.to_parquet(path)
    return Plan(path, nights, _apart(nights, retrain_days), spacing, early, choices)


def _in_period(moments: list[datetime], asked: Asked, request: Request) -> list[datetime]:
    if not moments:
        raise NotEnoughError(
            "too short a history for a backtest: there is no night whose outcomes are known. "
            f"The data have to go {request.project.label.horizon_days} days (label.horizon_days) past a night"
        )
    last = min(asked.last or moments[-1], moments[-1])
    first = asked.first or last - PERIOD
    inside = [moment for moment in moments if first <= moment <= last]
    if not inside:
        raise UsageError(
            f"there is no night to test between {first:%Y-%m-%d} and {last:%Y-%m-%d}: the nights whose outcomes are "
            f"known go from {moments[0]:%Y-%m-%d} to {moments[-1]:%Y-%m-%d}; say another --from or --to"
        )
    return inside


def _first_enough(
    request: Request, found: PastSnapshots, nights: list[datetime]
) -> tuple[int, Early | None]:
    """Return the place of the first night before which enough was known, by halving: it stays enough."""

    def known(night: datetime) -> Snapshots:
        return _learnable(request, found, night)

    at_first = known(nights[0])
    if at_first.enough:
        return 0, None
    at_last = known(nights[-1])
    if not at_last.enough:
        horizon = request.project.label.horizon_days
        raise NotEnoughError(
            f"too short a history for a backtest: even on {nights[-1]:%Y-%m-%d}, the last night whose outcomes are "
            f"known, too little was known to train on. It takes what a training takes, one horizon of {horizon} days "
            f"before the data end. What was missing that night: {at_last.why}"
        )
    low, high = 0, len(nights) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if known(nights[middle]).enough else (middle, high)
    return high, Early(nights[0], high, known(nights[high - 1]).why)


def _learnable(request: Request, found: PastSnapshots, night: datetime) -> Snapshots:
    """Say whether the snapshots whose labels were known by a night are enough to train on."""
    project = request.project
    folder = request.work / "enough"
    folder.mkdir(exist_ok=True)
    nothing = Catalogue(
        project=project.project,
        timezone=project.timezone,
        horizon_days=project.label.horizon_days,
        features=[],
    )
    frames = TrainingFrames(nothing, folder / "ladder.parquet", folder / "mornings.parquet", [], 0)
    horizon = timedelta(days=project.label.horizon_days)
    for rows, path in ((found.ladder, frames.ladder), (found.mornings, frames.mornings)):
        rows[rows["as_of"] + horizon <= night].to_parquet(path)
    return count(frames, project)


def _spacing(nights: list[datetime], every: int) -> float:
    if len(nights) < 2:
        return float(every)
    return max(1.0, round(median((b - a) / timedelta(days=1) for a, b in pairwise(nights)), 2))


def _nights_in_words(nights: list[datetime], tables: TableSet, every: int, spacing: float) -> str:
    told = f"{len(nights)} nights from {nights[0]:%Y-%m-%d} to {nights[-1]:%Y-%m-%d}, {every} {'day' if every == 1 else 'days'} apart"
    if tables.flat:
        return f"{told}: the days on which leads came in, since the export does not say when they ended"
    if spacing > 1.5 * every:
        return (
            f"{len(nights)} nights from {nights[0]:%Y-%m-%d} to {nights[-1]:%Y-%m-%d}, about {spacing:g} days apart and not "
            f"{every}: closer together there would be more rows than are measured at once"
        )
    return told


def _retrain_days(project: Project, asked: Asked, nights: list[datetime]) -> tuple[int, str]:
    """Return days between retrainings and why: as scheduled, unless that is more than a dozen models."""
    if asked.retrain_days is not None:
        return asked.retrain_days, f"trained every {_days(asked.retrain_days)}, as asked for"
    scheduled = days_between_runs(project.schedule.retrain)
    period = (nights[-1] - nights[0]) / timedelta(days=1) + 1
    fewest = -(-int(period) // MOST_RETRAINS)
    said = f"as schedule.retrain says ({project.schedule.retrain})"
    if fewest <= scheduled:
        return scheduled, f"trained every {_days(scheduled)}, {said}"
    return fewest, (
        f"trained every {_days(fewest)} and not every {_days(scheduled)}, {said}: {MOST_RETRAINS} models tell enough, and "
        f"each takes as long as a training (--retrain-every {scheduled} follows the schedule)"
    )


def _days(number: int) -> str:
    return "day" if number == 1 else f"{number} days"


def _apart(nights: list[datetime], days: int) -> list[datetime]:
    chosen = [nights[0]]
    for night in nights:
        if night - chosen[-1] >= timedelta(
            days=days, hours=-2
        ):  # a day with a clock change is shorter
            chosen.append(night)
    return chosen
