"""Between steps go paths, numbers and small dataclasses, never rows: tried on the real bodies."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any, ParamSpec, TypeVar

import pytest
from pydantic import BaseModel

from pipelines.check import check
from pipelines.home import Home
from pipelines.nightly import nightly
from pipelines.report import review
from pipelines.settings import Request, make_request
from pipelines.steps import DirectSteps, Steps
from pipelines.summary import Summary
from tests.pipelines.conftest import Trained

Given = ParamSpec("Given")
Made = TypeVar("Made")
ROWS = ("pandas", "numpy", "pyarrow", "ibis", "duckdb", "lightgbm")


def parts(value: Any) -> Iterator[Any]:
    """Yield a value and everything in it."""
    yield value
    if isinstance(value, dict):
        inner = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple | set):
        inner = list(value)
    elif is_dataclass(value) and not isinstance(value, type):
        inner = [getattr(value, field.name) for field in fields(value)]
    elif isinstance(value, BaseModel):
        inner = [getattr(value, name) for name in type(value).model_fields]
    else:
        inner = []
    for part in inner:
        yield from parts(part)


class WatchfulSteps(DirectSteps):
    """Notes each step that takes or makes something with rows in it."""

    def __init__(self) -> None:
        super().__init__()
        self.with_rows: list[str] = []

    def run(
        self,
        name: str,
        function: Callable[Given, Made],
        /,
        *args: Given.args,
        **kwargs: Given.kwargs,
    ) -> Made:
        made = super().run(name, function, *args, **kwargs)
        for value in parts([args, kwargs, made]):
            if type(value).__module__.split(".")[0] in ROWS:
                self.with_rows.append(
                    f"{name}: {type(value).__module__}.{type(value).__qualname__}"
                )
        return made

    reach = run


def test_the_watch_sees_rows_wherever_they_hide() -> None:
    import numpy as np

    steps = WatchfulSteps()
    steps.run("hide", lambda: {"deep": [(1, np.zeros(2))]})
    assert steps.with_rows == ["hide: numpy.ndarray"]


@pytest.mark.slow
@pytest.mark.usefixtures("mlflow_imported")
@pytest.mark.parametrize("body", [check, nightly, review], ids=lambda body: body.__name__)
def test_no_step_hands_rows_to_the_next(
    trained_once: Trained, body: Callable[[Request, Steps], Summary]
) -> None:
    steps = WatchfulSteps()
    body(make_request(trained_once.project, None, trained_once.home), steps)
    assert len(steps.times) > 3
    assert steps.with_rows == []


@pytest.mark.slow
@pytest.mark.usefixtures("mlflow_imported")
def test_a_second_training_is_held_against_the_champion_and_hands_on_no_rows(
    trained_once: Trained, home: Home
) -> None:
    from pipelines.retrain import retrain

    steps = WatchfulSteps()
    first = retrain(make_request(trained_once.project, None, home), steps)
    second = retrain(make_request(trained_once.project, None, home), steps)
    assert steps.with_rows == []
    assert (first.facts["model_version"], second.facts["model_version"]) == ("1", "2")
    against = {
        difference["against"]: difference for difference in second.facts["gate"]["differences"]
    }
    # The same data give the same model; on rows that the champion learned from it looks no worse than its twin's trial.
    assert against["champion"]["mean"] >= 0.0
    assert second.facts["promoted"] is False


def test_a_project_that_is_another_is_not_scored_with_this_model(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    from features.errors import DataError
    from pipelines.scoring import catalogue_of
    from tests.pipelines.tiny import training

    folder = tmp_path_factory.mktemp("bundle")
    bundle = training(folder).bundle
    with pytest.raises(
        DataError, match="this model was trained for project 'acme', not for 'globex'"
    ):
        catalogue_of(bundle, "globex")
