"""From the scored nights of a backtest to its figures: sums alone, no lead is named."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from features.errors import NotEnoughError
from features.tables import AttributeColumn, TableSet
from pipelines.backtest_nights import NEWEST as NEWEST_MODEL
from pipelines.backtest_nights import OLD_SCORE, Stretch, offers
from pipelines.backtest_plan import Asked, Plan
from pipelines.settings import Request

if TYPE_CHECKING:
    import pandas as pd

    from models.scorer import Floats

CAPACITY_SHARE = 0.1  # of the leads, where nobody says what sales can do
NONE_IN_USE = (
    "the gate let no model pass, so that no night would have had a score: the figures are of what each newest model would have "
    "said (`leadgauge promote` overrules the gate)"
)
NEWEST, CHANCE = "newest_first", "chance"
CANNOT_KNOW = (
    "a backtest replays who was won and takes for granted that a lead would have ended the same whoever was called, and when. "
    "In truth some leads were won because sales called them, and the calls followed a rule of their own: a policy close to "
    "that rule looks better than it is, and what a new order of calls would have changed cannot be seen. Columns without a "
    "history stand as they were exported."
)


@dataclass(frozen=True)
class Capacity:
    """How many leads sales takes up a day, and who says so."""

    per_day: float
    said_by: str


@dataclass(frozen=True)
class Found:
    """What a backtest found: ``facts`` for everybody, ``curves`` for the pictures, a headline."""

    facts: dict[str, Any]
    curves: dict[str, Any]
    headline: str


def weigh(
    request: Request,
    tables: TableSet,
    plan: Plan,
    stretches: list[Stretch],
    asked: Asked,
    old_score: AttributeColumn | None,
) -> Found:
    """Measure the probabilities, and let each policy call leads within the same capacity.

    Raises:
        NotEnoughError: no night had a model.
    """
    import pandas as pd

    from models.backtest import calibration, expected_by_month, measure

    if not any(stretch.scored for stretch in stretches):
        raise NotEnoughError(_no_model(stretches))
    rows, in_use = _in_use(offers(request, tables, plan, stretches, old_score))
    project = request.project
    gap, seed = project.label.horizon_days, project.model.seed
    local = rows["night"].dt.tz_localize("UTC").dt.tz_convert(project.timezone)
    dated = rows.assign(night=local.dt.tz_localize(None))
    nights = [pd.Timestamp(night).to_pydatetime() for night in sorted(rows["night"].unique())]
    sold = _Selling.of(rows, nights, plan.spacing_days, request, asked)
    policies = sold.policies(seed)
    facts: dict[str, Any] = {
        "nights": {
            "from": nights[0],
            "to": nights[-1],
            "scored": len(nights) if in_use else 0,
            "without_score": len(plan.nights)
            - (len(nights) if in_use else 0)
            + (plan.early.nights if plan.early else 0),
            "spacing_days": plan.spacing_days,
        },
        "chosen": [
            *([] if in_use else [NONE_IN_USE]),
            *plan.choices,
            *_missed(rows, tables, nights),
        ],
        "evaluation": measure(dated, _contenders(rows), gap_days=gap, seed=seed),
        "expected_by_month": expected_by_month(dated, "leadgauge"),
        "capacity": {
            "per_day": round(sold.capacity.per_day, 3),
            "leads_of_the_nights": sold.leads,
            "wins_to_catch": sold.wins,
            "said_by": sold.capacity.said_by,
        },
        "policies": policies,
        "retrains": _retrains(plan, stretches),
        "cannot_know": CANNOT_KNOW,
    }
    curves = {
        "calibration": calibration(dated, "leadgauge", gap_days=gap),
        **sold.curves(seed),
    }
    return Found(facts, curves, _headline(nights, sold.wins, policies, in_use=in_use))


def _in_use(rows: "pd.DataFrame") -> "tuple[pd.DataFrame, bool]":
    """Return the rows that had a score; where the gate let no model pass, what the newest ones would have said."""
    scored = rows["leadgauge"].notna()
    if scored.any():
        return rows[scored].reset_index(drop=True), True
    return rows.assign(leadgauge=rows[NEWEST_MODEL]), False


def _contenders(rows: "pd.DataFrame") -> list[str]:
    """Return whose probabilities are measured; the newest models only where the gate kept one of them out."""
    kept_out = bool((rows[NEWEST_MODEL] != rows["leadgauge"]).any())
    return ["leadgauge", "base_rate", *([NEWEST_MODEL] if kept_out else [])]


@dataclass(frozen=True)
class _Selling:
    """The offers as sales would have met them: ``night`` numbered, the policies' scores, the days between."""

    offers: "pd.DataFrame"
    days: "Floats"
    scores: "dict[str, Floats]"
    capacity: Capacity
    leads: int
    wins: int
    nights: list[datetime]

    @classmethod
    def of(
        cls,
        rows: "pd.DataFrame",
        nights: list[datetime],
        spacing: float,
        request: Request,
        asked: Asked,
    ) -> "_Selling":
        import numpy as np

        from models.policies import LEADGAUGE, reachable_wins

        number = rows["night"].rank(method="dense").to_numpy(dtype=np.int64) - 1
        since = [
            spacing,
            *((b - a) / timedelta(days=1) for a, b in pairwise(nights)),
        ]
        days = np.asarray(since, dtype=np.float64)
        scores = {LEADGAUGE: rows["leadgauge"].to_numpy(dtype=np.float64)}
        if OLD_SCORE in rows:
            scores[OLD_SCORE] = rows[OLD_SCORE].to_numpy(dtype=np.float64)
        scores[NEWEST] = rows["created_at"].astype("datetime64[s]").astype("int64").to_numpy(float)
        scores[CHANCE] = np.zeros(len(rows))
        leads = int(rows["lead_id"].nunique())
        capacity = _capacity(request, asked, leads, float(days.sum()))
        made = rows.assign(night=number)
        return cls(made, days, scores, capacity, leads, len(reachable_wins(made)), nights)

    def policies(self, seed: int) -> dict[str, dict[str, Any]]:
        """Return what each policy caught."""
        from models.policies import figures

        return figures(self.offers, self._taken(seed), seed=seed)

    def curves(self, seed: int) -> dict[str, Any]:
        """Return wins by night at this capacity, and by capacity."""
        from models.policies import by_effort, over_time

        caught = over_time(self.offers, self._taken(seed), len(self.nights))
        return {
            "nights": self.nights,
            "over_time": {
                name: [round(float(won), 3) for won in line] for name, line in caught.items()
            },
            "by_effort": by_effort(self.offers, self.days, self.scores, seed=seed),
        }

    def _taken(self, seed: int) -> Any:  # noqa: ANN401  by policy, models.policies.Taken
        from models.policies import budgets, work_through

        room = budgets(self.days, self.capacity.per_day)
        return {
            name: work_through(self.offers, room, score, seed=seed)
            for name, score in self.scores.items()
        }


def _capacity(request: Request, asked: Asked, leads: int, days: float) -> Capacity:
    agreed = request.project.agreement.capacity_per_day
    if asked.capacity is not None:
        return Capacity(
            asked.capacity, f"{_leads(asked.capacity)} a day, as asked for (--capacity)"
        )
    if agreed is not None:
        return Capacity(agreed, f"{_leads(agreed)} a day, as agreed (agreement.capacity_per_day)")
    per_day = CAPACITY_SHARE * leads / days
    return Capacity(
        per_day,
        f"{per_day:.3g} leads a day, a tenth of the {leads} leads that were open on a night: nobody says what sales can do "
        "(--capacity, or agreement.capacity_per_day in the project file)",
    )


def _leads(number: int) -> str:
    return "1 lead" if number == 1 else f"{number} leads"


def _missed(rows: "pd.DataFrame", tables: TableSet, nights: list[datetime]) -> list[str]:
    """Say how many leads came and were won between two nights: no policy could have called them."""
    if tables.flat:
        return []
    import pandas as pd

    leads = pd.read_parquet(tables.path("leads"), columns=["lead_id", "created_at"])
    ends = pd.read_parquet(tables.path("outcomes"), columns=["lead_id", "won", "closed_at"])
    both = leads.merge(ends[ends["won"].fillna(value=False).astype(bool)], on="lead_id")
    inside = (both["created_at"] >= nights[0]) & (both["closed_at"] <= nights[-1])
    missed = int((inside & ~both["lead_id"].isin(rows["lead_id"])).sum())
    if not missed:
        return []
    return [
        f"{missed} leads came in and were won between two nights and count for no policy (--every says how close nights stand)"
    ]


def _retrains(plan: Plan, stretches: list[Stretch]) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    if plan.early:
        told.append(
            _row(plan.early.since)
            | {"nights": plan.early.nights, "refused": _in_short(plan.early.why)}
        )
    at = {stretch.retraining.number: stretch.retraining.at for stretch in stretches}
    for stretch in stretches:
        made = stretch.retraining
        told.append(
            _row(made.at)
            | {
                "step": made.step,
                "rows": made.rows,
                "leads": made.leads,
                "wins": made.wins,
                "seconds": round(made.seconds, 1),
                "promoted": made.promoted,
                "nights": stretch.nights,
                "scored_by": None if stretch.used is None else at[stretch.used],
                "gate": made.gate or None,
                "refused": made.refused and _in_short(made.refused),
            }
        )
    return told


def _in_short(reason: str) -> str:
    """Return a refusal without what to do about it, which is not to be done for a moment of the past."""
    return reason.removeprefix("not enough data to train on: ").split(". ", 1)[0]


def _row(at: datetime) -> dict[str, Any]:
    """Return the keys of a retraining that did not take place; ``scored_by`` None: these nights had no score."""
    return {
        "as_of": at,
        "step": None,
        "rows": None,
        "leads": None,
        "wins": None,
        "seconds": None,
        "promoted": False,
        "nights": 0,
        "scored_by": None,
        "gate": None,
        "refused": None,
    }


def _no_model(stretches: list[Stretch]) -> str:
    told = "; ".join(
        f"{made.at:%Y-%m-%d}: {made.refused}"
        for made in (stretch.retraining for stretch in stretches)
    )
    return (
        "no night of this backtest would have had a score, since no training would have had enough to learn from. "
        f"{told}. Test a later period (--from), or add older leads"
    )


def _headline(
    nights: list[datetime], wins: int, policies: dict[str, dict[str, Any]], *, in_use: bool
) -> str:
    mine = policies["leadgauge"]
    others = ", ".join(
        f"{name.replace('_', ' ')} {policy['wins_caught']:.0f}"
        for name, policy in policies.items()
        if policy is not mine
    )
    low, high = mine["wins_caught_95"]
    blocked = (
        "" if in_use else "The gate would have let no model pass; with the newest all the same: "
    )
    return (
        f"{blocked}From {nights[0]:%Y-%m-%d} to {nights[-1]:%Y-%m-%d}, calling {mine['leads_worked']:.0f} leads, leadgauge would have "
        f"caught {mine['wins_caught']:.0f} of {wins} wins ({low:.0f} to {high:.0f}); {others}."
    )
