"""What every block of a project file is, and the types that its values have."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=100)]
Share = Annotated[float, Field(ge=0, le=1)]
Grade = Literal["A", "B", "C", "D"]


def as_list(value: Any) -> Any:  # noqa: ANN401  what YAML holds is not known before it is checked
    """Let one value stand for a list of it."""
    return value if isinstance(value, list) else [value]


def _as_text(value: Any) -> Any:  # noqa: ANN401
    """YAML reads 999 and true as something else than the text that a CSV holds."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_as_text)]
Texts = Annotated[list[Text], BeforeValidator(as_list)]


class Block(BaseModel):
    """One block of a project file."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=False)
