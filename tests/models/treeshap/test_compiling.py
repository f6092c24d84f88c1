"""Machine code: made when it is needed, kept where that is possible, never stale."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numba
import pytest

from models.treeshap import compiling, kernel, tables


def test_importing_the_package_does_not_import_the_compiler() -> None:
    told = "import sys, models.treeshap; print('numba' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


def test_kept_code_is_named_after_all_sources_of_the_package() -> None:
    for entry in (tables.tabulate, kernel.add_trees):
        assert entry.__qualname__.endswith(compiling.EDITION)


def njit_failing(message: str) -> Callable[..., Any]:
    real = numba.njit

    def njit(*functions: Any, cache: bool = False, **options: Any) -> Any:
        if cache:
            raise RuntimeError(message)
        return real(*functions, **options)

    return njit


def double(number: int) -> int:
    return 2 * number


def test_where_no_folder_can_be_written_code_is_compiled_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(numba, "njit", njit_failing("cannot cache function 'double': no locator"))
    assert compiling.compiled(double)(21) == 42


def test_other_failures_of_the_compiler_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba, "njit", njit_failing("something else"))
    with pytest.raises(RuntimeError, match="something else"):
        compiling.compiled(double)
