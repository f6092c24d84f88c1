"""Named steps: the same body runs directly in the process, or as tasks of a Prefect flow.

Between steps go paths, numbers and small dataclasses, never rows: what a step makes for the
next one lies in a file of the run's working folder.
"""

import logging
import time
from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

from features.errors import UserError

Given = ParamSpec("Given")
Made = TypeVar("Made")

log = logging.getLogger("leadgauge")

RETRIES = 3
FIRST_DELAY_SECONDS = 5


class Steps(Protocol):
    """Who runs the steps of a body."""

    times: dict[str, float]

    def run(
        self,
        name: str,
        function: Callable[Given, Made],
        /,
        *args: Given.args,
        **kwargs: Given.kwargs,
    ) -> Made:
        """Run one step and return what it made; what it raises passes through unchanged."""
        ...

    def reach(
        self,
        name: str,
        function: Callable[Given, Made],
        /,
        *args: Given.args,
        **kwargs: Given.kwargs,
    ) -> Made:
        """Run a step that reaches a database or a service; under Prefect it is tried again."""
        ...


class Progress(Protocol):
    """Who is told how far a direct run is."""

    def begin(self, name: str) -> None:
        """Tell that a step begins."""
        ...

    def end(self, name: str, seconds: float) -> None:
        """Tell that a step is done."""
        ...


class Silent:
    """Tells nobody."""

    def begin(self, name: str) -> None:
        """Say nothing."""

    def end(self, name: str, seconds: float) -> None:
        """Say nothing."""


class DirectSteps:
    """Steps as plain calls in this process."""

    def __init__(self, progress: Progress | None = None) -> None:
        self.times: dict[str, float] = {}
        self._progress = progress or Silent()

    def run(
        self,
        name: str,
        function: Callable[Given, Made],
        /,
        *args: Given.args,
        **kwargs: Given.kwargs,
    ) -> Made:
        """Call the function; record how long it took."""
        self._progress.begin(name)
        begun = time.perf_counter()
        made = function(*args, **kwargs)
        self.times[name] = time.perf_counter() - begun
        self._progress.end(name, self.times[name])
        return made

    reach = run


class PrefectSteps:
    """Steps as tasks of the flow that is running.

    Prefect sees a name and a state, nothing of what goes in or comes out: no cache that could
    return yesterday's file, no result written anywhere, no parameter with a lead in it.
    """

    def __init__(self) -> None:
        self.times: dict[str, float] = {}

    def run(
        self,
        name: str,
        function: Callable[Given, Made],
        /,
        *args: Given.args,
        **kwargs: Given.kwargs,
    ) -> Made:
        """Run the function as a task, once."""
        return self._as_task(name, lambda: function(*args, **kwargs), retries=0)

    def reach(
        self,
        name: str,
        function: Callable[Given, Made],
        /,
        *args: Given.args,
        **kwargs: Given.kwargs,
    ) -> Made:
        """Run the function as a task; try again after anything but a user's mistake."""
        return self._as_task(name, lambda: function(*args, **kwargs), retries=RETRIES)

    def _as_task(self, name: str, body: Callable[[], Made], *, retries: int) -> Made:
        from prefect import Task
        from prefect.cache_policies import NO_CACHE

        wrapped: Task[[], Made] = Task(
            body,
            name=name,
            cache_policy=NO_CACHE,
            persist_result=False,
            retries=retries,
            retry_delay_seconds=[FIRST_DELAY_SECONDS * 2**n for n in range(retries)],
            retry_condition_fn=_may_pass if retries else None,
        )
        begun = time.perf_counter()
        made = wrapped()
        self.times[name] = time.perf_counter() - begun
        log.info("%s: %.1f s", name, self.times[name])
        return made


def _may_pass(_task: object, _run: object, state: object) -> bool:
    """Tell whether another attempt may succeed: a wrong file stays wrong, a busy database does not."""
    error = state.result(raise_on_failure=False)  # type: ignore[attr-defined]  # a Prefect State, which is not imported here
    return not isinstance(error, UserError)
