"""What a report is made from: the loop of every lead, its score at arrival, tonight's scores and the money."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from features.loop import LoopColumns
from features.project import Project
from reports.periods import Period


@dataclass(frozen=True)
class Material:
    """Everything that the report's facts are computed from; times are naive UTC.

    Attributes:
        project: the company's project file.
        as_of: the night that the report is about.
        data_cutoff: nothing at or after it is known.
        flat: outcomes have no closing time.
        loop: one row per lead, see `features.loop`.
        columns: which columns of it are the project's dimensions, segments, team and roles.
        arrivals: ``lead_id, close_probability``: what the champion says of each lead at its creation; those
            of the last ``report.history_days``. Empty without a model that tells leads apart.
        tonight: the open leads' ``lead_id, close_probability, grade, expected_value``; may be empty.
        spend: ``spent_on, source, campaign, amount``; may be empty.
        mean_amount: of the won deals, None where amounts are unknown.
        period: the last complete month or quarter, which the report looks back on.
        nights: of the published nights before ``as_of`` within the last 90 days, one row per lead that sales was
            to get: ``lead_id, first_night`` (the first night that routed it to sales_ready); None if nothing was published.
        earlier: the facts (JSON) of the review before this one, None if there is none.
    """

    project: Project
    as_of: datetime
    data_cutoff: datetime
    flat: bool
    loop: pd.DataFrame
    columns: LoopColumns
    arrivals: pd.DataFrame
    tonight: pd.DataFrame
    spend: pd.DataFrame
    mean_amount: float | None
    period: Period
    nights: pd.DataFrame | None = None
    earlier: Mapping[str, Any] | None = None

    @property
    def min_group(self) -> int:
        """Fewest people that anything is told of."""
        return max(10, self.project.report.min_group)
