"""The loop: what became of every lead between marketing and sales, as it stood at one moment.

Hand-offs, acceptances, rejections, contacts and recycles come from the CRM's events of reserved kinds and from
sales' feedback; nothing at or after the moment is in the table.
"""

from typing import Final

from pydantic import Field

from features.blocks import Block

STEPS: Final = ("handed_over", "accepted", "rejected", "contacted", "recycled")
OVERRULED: Final = "overruled"


class LoopColumns(Block):
    """Which columns of the loop table hold what the project file names.

    Lead attributes stand in it as ``lead_<canonical column>``, as of the moment. ``dimensions``: name (source,
    campaign, and those of ``report.dimensions``) and column; ``segments``: label and column. ``team`` and ``role``
    are None where the project file names none. ``labels``: column and its name in the source. ``kinds``: those of
    the steps and of sales' and nurture's kinds that occur at all: what is not there cannot be judged.
    """

    dimensions: dict[str, str] = Field(default={})
    segments: dict[str, str] = Field(default={})
    team: str | None = None
    role: str | None = None
    labels: dict[str, str] = Field(default={})
    kinds: list[str] = Field(default=[])
