"""What a person sees: progress on standard error, the result on standard output."""

import logging
import os
import sys
import traceback
import warnings
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from features.errors import UserError
from pipelines.summary import Summary, as_json, error_document, exit_code

if TYPE_CHECKING:
    from rich.console import Console

NOISY = ("alembic", "mlflow", "prefect", "matplotlib", "shap", "numba", "lightgbm")


def out() -> "Console":
    """Return the console of standard output; what is not a terminal gets lines as long as they are."""
    return _console(stderr=False)


def err() -> "Console":
    """Return the console of standard error."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> "Console":
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(
        stderr=stderr,
        highlight=False,
        soft_wrap=True,
        width=None if stream.isatty() else 120,
    )


class TerminalProgress:
    """A spinner for the step that runs, a line for each that is done."""

    def __init__(self) -> None:
        self._console = err()
        self._spinner: AbstractContextManager[object] | None = None

    def begin(self, name: str) -> None:
        """Start to spin."""
        self._spinner = self._console.status(name)
        self._spinner.__enter__()

    def end(self, name: str, seconds: float) -> None:
        """Stop, and leave a line."""
        self.stop()
        self._console.print(f"[green]✓[/green] {name} [dim]{seconds:.1f} s[/dim]")

    def stop(self) -> None:
        """Stop spinning: also what a failed step needs, before its message is printed."""
        if self._spinner is not None:
            self._spinner.__exit__(None, None, None)
            self._spinner = None


class PlainProgress:
    """One line for each step that is done, for logs and pipes."""

    def begin(self, name: str) -> None:
        """Say nothing yet."""

    def end(self, name: str, seconds: float) -> None:
        """Leave a line."""
        sys.stderr.write(f"{name}: {seconds:.1f} s\n")
        sys.stderr.flush()

    def stop(self) -> None:
        """Nothing spins."""


def progress() -> TerminalProgress | PlainProgress:
    """Return the progress that suits where standard error goes."""
    return TerminalProgress() if sys.stderr.isatty() else PlainProgress()


def quiet(*, verbose: bool) -> None:
    """Keep what libraries log and warn about off the terminal, or let all of it through."""
    if verbose:
        logging.basicConfig(
            level=logging.INFO,
            stream=sys.stderr,
            format="%(asctime)s %(name)s %(message)s",
        )
        return
    warnings.simplefilter("ignore")
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.ERROR)
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "ERROR")


def show(summary: Summary, *, as_document: bool) -> None:
    """Print what a command did."""
    if as_document:
        sys.stdout.write(as_json(summary.document()) + "\n")
        sys.stdout.flush()
        return
    from pipelines.render import render

    render(summary, out())


def fail(error: BaseException, *, as_document: bool) -> int:
    """Print why a command failed and return its exit code; only a bug shows where it happened."""
    code = exit_code(error)
    if as_document:
        sys.stdout.write(as_json(error_document(error, code)) + "\n")
        sys.stdout.flush()
    if isinstance(error, UserError):
        sys.stderr.write(f"leadgauge: {error}\n")
    elif isinstance(error, KeyboardInterrupt):
        sys.stderr.write(
            "leadgauge: interrupted. What was published before stands; run the command again to complete it\n"
        )
    else:
        traceback.print_exception(error, file=sys.stderr)
        sys.stderr.write(
            f"leadgauge: this is a bug in leadgauge, not in your data ({type(error).__name__}). "
            "Please report it with the lines above\n"
        )
    return code
