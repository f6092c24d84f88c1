"""Reading a project file: YAML in, a checked ``Project`` or one message with every problem out."""

import re
import types
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin
from zoneinfo import available_timezones

import yaml
from pydantic import BaseModel, ValidationError

from features.errors import ProjectError
from features.nearest import hint, nearest
from features.project import Project
from features.project_checks import Problem, cross_checks


def load_project(path: Path) -> Project:
    """Read and check one project file.

    Raises:
        ProjectError: the file cannot be read, or holds problems; all of them are in the
            message, each with its dotted key, the value seen and a hint.
    """
    raw = _parse(path)
    try:
        project = Project.model_validate(raw)
    except ValidationError as error:
        raise ProjectError(_message(path, _problems(error, raw))) from None
    problems = cross_checks(project)
    if problems:
        raise ProjectError(_message(path, problems))
    return project


class _Loader(yaml.SafeLoader):
    """Safe YAML in which no key stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen and name != "<<":
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {name!r} stands twice", key.start_mark
                )
            seen.add(name)
        return super().construct_mapping(node, deep=deep)


def _parse(path: Path) -> dict[str, Any]:
    try:
        raw = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader)  # noqa: S506  a SafeLoader
    except FileNotFoundError:
        beside = sorted(p.name for p in path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
        raise ProjectError(
            f"{path}: there is no such project file; {hint(path.name, beside, what='beside it lie')}"
        ) from None
    except OSError as error:
        raise ProjectError(f"{path}: the project file cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ProjectError(f"{path}: a project file is UTF-8; byte {error.start} is not") from None
    except yaml.MarkedYAMLError as error:
        where = (
            f":{error.problem_mark.line + 1}:{error.problem_mark.column + 1}"
            if error.problem_mark
            else ""
        )
        raise ProjectError(f"{path}{where}: this is not valid YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise ProjectError(f"{path}: this is not valid YAML: {error}") from None
    if not isinstance(raw, dict):
        seen = "is empty" if raw is None else f"holds a {type(raw).__name__}"
        raise ProjectError(
            f"{path}: a project file is a mapping of keys to values; this one {seen}"
        )
    return {str(key): value for key, value in raw.items()}


def _message(path: Path, problems: list[Problem]) -> str:
    return "\n".join(
        [f"{path}: {len(problems)} problem(s)", *(f"  {key}: {text}" for key, text in problems)]
    )


def _problems(error: ValidationError, raw: Mapping[str, Any]) -> list[Problem]:
    """One line per key; a union complains once for each of its members."""
    found: dict[str, str] = {}
    for item in error.errors(include_url=False):
        location = _location(item["loc"], raw, missing=item["type"] == "missing")
        key = ".".join(map(str, location)) or "(top level)"
        found.setdefault(key, _describe(item["type"], item["msg"], item["input"], location))
    return list(found.items())


def _location(
    loc: tuple[int | str, ...], raw: Mapping[str, Any], *, missing: bool
) -> tuple[int | str, ...]:
    """Drop the parts of a location that name a union's member instead of a key of the file."""
    kept: list[int | str] = []
    here: Any = raw
    for number, part in enumerate(loc):
        if isinstance(here, dict) and (part in here or (missing and number == len(loc) - 1)):
            here = here.get(part)
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
        elif part == 0 and here is not None:
            continue  # one thing, where a list of them may stand
        else:
            break
        kept.append(part)
    return tuple(kept)


def _describe(kind: str, message: str, value: Any, location: tuple[int | str, ...]) -> str:  # noqa: ANN401  whatever YAML holds
    name = str(location[-1]) if location else ""
    if kind == "missing":
        return "is missing"
    seen = _seen(value)
    if kind == "extra_forbidden":
        return f"unknown key{seen}; {hint(name, _known_keys(location[:-1]))}"
    text = message.removeprefix("Value error, ").replace("Input should", "should")
    if name == "timezone" and isinstance(value, str):
        close = nearest(value, sorted(available_timezones()))
        return text + (f"; did you mean {' or '.join(close)}?" if close else "")
    return text + seen


def _seen(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, Mapping):
        return ""  # it may hold a URL with its password
    shown = re.sub(r"://[^@/\s]*@", "://***@", repr(value))
    return f" (got {shown if len(shown) <= 80 else shown[:77] + '...'})"


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] | None = Project
    for part in location:
        if isinstance(part, int) or model is None:
            continue
        field = model.model_fields.get(part)
        model = _block_of(field.annotation) if field is not None else None
    return list(model.model_fields) if model else []


def _block_of(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401  an annotation may be anything
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Annotated, Union, types.UnionType, list):
        found = (_block_of(argument) for argument in get_args(annotation))
        return next((block for block in found if block), None)
    return None
