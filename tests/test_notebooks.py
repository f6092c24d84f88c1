"""Notebooks run from top to bottom, define nothing, and are kept without what they once showed."""

import ast
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbclient import NotebookClient

REPO = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((REPO / "notebooks").rglob("*.ipynb"))
LEADS = 1500  # fewer, and the model cannot be told from the base rate
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
ABSOLUTE = re.compile(r"""(?:^|[\s"'(=])(?:/[A-Za-z]\w*/|~/|[A-Za-z]:[\\/]|file:)""")

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    """Return the cells of one kind as they stand in the file."""
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if cell["cell_type"] == kind]


def python(path: Path) -> ast.Module:
    """Return the code of a notebook, its magic commands turned into calls."""
    magic = TransformerManager()  # type: ignore[no-untyped-call]
    sources = ("".join(cell["source"]) for cell in cells(path, "code"))
    return ast.parse("\n".join(magic.transform_cell(source) for source in sources))


def test_there_is_a_notebook_to_start_from() -> None:
    assert [path.name for path in NOTEBOOKS] == ["explore.ipynb"]


@every_notebook
def test_a_notebook_defines_nothing(path: Path) -> None:
    nodes = ast.walk(python(path))
    assert [ast.unparse(node) for node in nodes if isinstance(node, DEFINITIONS)] == []


@every_notebook
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    code = cells(path, "code")
    assert [cell["outputs"] for cell in code if cell["outputs"]] == []
    assert {cell["execution_count"] for cell in code} == {None}


@every_notebook
def test_a_notebook_names_no_absolute_path(path: Path) -> None:
    lines = [
        line
        for kind in ("code", "markdown")
        for cell in cells(path, kind)
        for line in "".join(cell["source"]).splitlines()
    ]
    assert [line for line in lines if ABSOLUTE.search(line)] == []


@pytest.mark.parametrize(
    ("line", "absolute"),
    [
        ('Path("/home/kim/data")', True),
        ("Path('~/data')", True),
        (r'read("C:\data")', True),
        ("see /srv/exports/leads.csv", True),
        ('work / "tables"', False),
        ("rows / 2 / wins", False),
        ("`features/`, `models/`", False),
    ],
)
def test_an_absolute_path_is_told_from_a_relative_one(line: str, *, absolute: bool) -> None:
    assert bool(ABSOLUTE.search(line)) is absolute


@pytest.fixture
def execute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Path], nbformat.NotebookNode]:
    """Return a function that runs a notebook in an empty folder, by this interpreter and nobody's settings."""
    specification = tmp_path / "jupyter" / "kernels" / "leadgauge-tests" / "kernel.json"
    specification.parent.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    text = json.dumps({"argv": command, "display_name": "tests", "language": "python"})
    specification.write_text(text, encoding="utf-8")
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    monkeypatch.setenv("LEADGAUGE_NOTEBOOK_LEADS", str(LEADS))
    folder = tmp_path / "empty"
    for made in (folder, tmp_path / "scratch"):
        made.mkdir()

    def run(path: Path) -> nbformat.NotebookNode:
        notebook: nbformat.NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        NotebookClient(
            notebook,
            timeout=300,
            startup_timeout=180,
            kernel_name="leadgauge-tests",
            resources={"metadata": {"path": str(folder)}},
        ).execute()
        assert list(folder.iterdir()) == [], "a notebook leaves nothing behind"
        assert list((tmp_path / "scratch").iterdir()) == [], "nor in the folder for temporary files"
        return notebook

    return run


def printed(notebook: nbformat.NotebookNode, stream: str) -> str:
    return "".join(
        output["text"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output["output_type"] == "stream" and output["name"] == stream
    )


def number_after(words: str, text: str) -> float:
    found = re.search(rf"^{re.escape(words)}: (-?[\d.]+(?:e-?\d+)?)", text, re.MULTILINE)
    assert found, f"{words!r} is not printed in:\n{text}"
    return float(found[1])


@pytest.mark.slow
def test_the_first_notebook_runs_and_tells_what_is_so(
    execute: Callable[[Path], nbformat.NotebookNode],
) -> None:
    notebook = execute(REPO / "notebooks" / "explore.ipynb")
    told = printed(notebook, "stdout")
    assert printed(notebook, "stderr") == ""
    assert number_after("Wins within the horizon", told) > 0.9
    assert 0.05 < number_after("Closed within 90 days", told) < 0.2
    assert 0.55 < number_after("AUC forward in time", told) < 0.9
    assert number_after("Largest gap between contributions and log-odds", told) < 1e-9
    assert number_after("Rank correlation with the truth, at creation", told) > 0.4
    assert number_after("Rank correlation with the truth, tonight", told) > 0.3

    shown = [
        output["data"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "data" in output
    ]
    pictures = [data for data in shown if "image/svg+xml" in data]
    tables = " ".join(str(data["text/html"]) for data in shown if "text/html" in data)
    assert len(pictures) == 7
    assert "Contract Number Requested" in tables
    assert "left out" in tables
