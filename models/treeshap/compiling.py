"""How the loops over rows and trees become machine code: by numba, once, and kept on disk."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., Any])

# Rows are independent of one another and no sum runs across them, so fast-math could only harm: it
# removes the tests for NaN, and lets the last digits depend on where a row stands in its block.
OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "fastmath": False,
    "no_cfunc_wrapper": True,
}
# Wrappers for other callers would take a third of the compiler's time.
INNER_OPTIONS: dict[str, Any] = {**OPTIONS, "no_cpython_wrapper": True}


def _edition() -> str:
    """Return a digest of this package's sources.

    numba keeps machine code as long as the one file with the entry stays the same, whatever else the
    entry calls: without the digest, a change elsewhere would go on running the old code.
    """
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:12]


EDITION = _edition()


def compiled(function: Function) -> Function:
    """Compile an entry when it is first called, or load it where it was compiled before.

    Whoever calls it passes the same types each time, so that it is compiled once. The machine code is
    kept beside the module or, where that folder is read-only, in the user's cache folder
    (``NUMBA_CACHE_DIR`` names another); where neither can be written, each process compiles.
    """
    function.__qualname__ += f"_{EDITION}"
    try:
        found: Function = numba.njit(cache=True, **OPTIONS)(function)
    except RuntimeError as error:
        if "cannot cache" not in str(error):
            raise
        found = numba.njit(**OPTIONS)(function)
    return found


def inner(function: Function) -> Function:
    """Compile a function that only compiled functions call, together with them."""
    found: Function = numba.njit(**INNER_OPTIONS)(function)
    return found
