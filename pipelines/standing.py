"""Where a question about one lead or one account is asked from: the champion, moved on to the moment, and the tables."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from features.catalogue import Catalogue
from features.tables import TableSet
from pipelines.following import follow_outcomes
from pipelines.reading import moment_of, read
from pipelines.registry import ModelVersion, Registry
from pipelines.scoring import catalogue_of
from pipelines.settings import Request
from pipelines.steps import Steps


@dataclass(frozen=True)
class Standing:
    """The champion with its intercept as of the moment (naive UTC), its training's evidence, and the tables."""

    champion: ModelVersion
    bundle: Path
    evidence: Path
    catalogue: Catalogue
    tables: TableSet
    as_of: datetime


def stand(request: Request, steps: Steps) -> Standing:
    """Fetch the champion, read the tables, and follow the outcomes up to the moment.

    Raises:
        NotEnoughError: there is no champion.
        DataError: the data break the contract, or do not fit the model.
    """
    name = request.project.project
    registry = Registry(request.home, name)
    champion = steps.reach("ask for the champion", registry.champion, request.shown_file)
    bundle = steps.reach("fetch the model", registry.fetch, champion, request.work)
    evidence = steps.reach("fetch its evidence", registry.fetch_record, champion, request.work)
    catalogue = steps.run("read the model's catalogue", catalogue_of, bundle, name)
    tables = steps.reach("read and check the tables", read, request, catalogue)
    as_of = moment_of(request, tables)
    followed = steps.run(
        "follow the outcomes since", follow_outcomes, request, tables, catalogue, bundle, as_of
    )
    return Standing(champion, followed.bundle, evidence, catalogue, tables, as_of)
