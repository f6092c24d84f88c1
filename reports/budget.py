"""What the same money would have brought, spread by quality: a what-if with its limits."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, NonNegativeFloat, NonNegativeInt

from reports.facts import Fact, Finite, Interval, Moment, Name
from reports.intervals import TAIL
from reports.lead_quality import Known
from reports.lead_state import UNKNOWN
from reports.material import Material
from reports.mix import Signed
from reports.periods import Period
from reports.shrinkage import drawn_rates, gamma_population
from reports.spending import money_by

Floats = NDArray[np.float64]
POWER = 0.7  # wins grow with the money to this power: the next euro brings less than the last
MOST, LEAST = 2.0, 0.5  # of its money, that a source may end with
DRAWS = 4000
THIN = 60.0  # wins of a quarter, below which a year is taken
FEWEST_WINS = 10.0
FEWEST_GROUPS = 2


class BudgetRow(Fact):
    """One source: its money and wins as it was, and if the same money were spread by quality."""

    name: Name
    leads: NonNegativeInt
    spend_now: NonNegativeFloat
    spend_then: NonNegativeFloat
    wins_now: Interval
    wins_then: Interval


class BudgetCheck(Fact):
    """The same rule, applied to the time before: did the sources that it would have raised stay better?

    ``ratio``: wins per money of the raised over those of the cut, in the time that followed. ``held`` is None
    where its interval holds one.
    """

    raised: list[Name]
    cut: list[Name]
    ratio: Interval
    held: bool | None


class BudgetFacts(Fact):
    """The what-if over ``by`` (source or campaign) from ``start`` to before ``end``.

    ``gain``: wins more (or fewer). ``power``, ``most`` and ``least`` are its limits. ``missing`` says why there is
    none: no spend on record, closing times unknown, fewer than two names with money and leads, or too few wins.
    """

    by: Literal["source", "campaign"] = "source"
    start: Moment | None = None
    end: Moment | None = None
    rows: list[BudgetRow] = Field(default=[])
    spend: NonNegativeFloat | None = None
    wins_now: Interval | None = None
    wins_then: Interval | None = None
    gain: Signed | None = None
    check: BudgetCheck | None = None
    power: Finite = POWER
    most: Finite = MOST
    least: Finite = LEAST
    missing: Literal["spend", "closing_times", "groups", "wins"] | None = None


@dataclass(frozen=True)
class Window:
    """The time that money and leads are taken from, and of each name with both: money, wins and leads."""

    start: pd.Timestamp
    end: pd.Timestamp
    table: pd.DataFrame

    @property
    def spend(self) -> Floats:
        """Money by name."""
        spend: Floats = self.table["spend"].to_numpy(float)
        return spend

    @property
    def wins(self) -> Floats:
        """Wins so far and expected, by name."""
        wins: Floats = self.table["wins"].to_numpy(float)
        return wins


def budget_facts(material: Material, leads: pd.DataFrame) -> BudgetFacts:
    """Return what the last quarter's money (or the last year's, where a quarter has few wins) could have brought.

    Wins per money of each source are shrunk (gamma-Poisson) and the money moved until another euro would bring as
    much everywhere, no source getting more than double or less than half. Intervals are of what could be expected
    given the uncertainty of the rates; chance in the number of wins comes on top.

    Args:
        material: whose spend is spread.
        leads: of `reports.lead_quality.quality_leads`.
    """
    if material.spend.empty:
        return BudgetFacts(missing="spend")
    if material.flat:
        return BudgetFacts(missing="closing_times")
    by: Literal["source", "campaign"]
    window: Window | None = None
    for by in ("source", "campaign"):
        window = _window(material, leads, by)
        if window is not None:
            break
    if window is None:
        return BudgetFacts(missing="groups")
    if window.wins.sum() < FEWEST_WINS:
        return BudgetFacts(by=by, missing="wins")
    return _spread_anew(material, leads, by, window)


def spread(rates: Floats, spend: Floats) -> Floats:
    """Return the money of each source under which the wins are most, as a multiple of what it had.

    Wins of a source are ``rate * spend * multiple ** POWER``; all money is spent again, multiples lie between `LEAST`
    and `MOST`. At the optimum the next euro brings the same wherever a limit does not stop it.
    """
    from scipy.optimize import brentq

    rates = np.maximum(rates, rates.max() * 1e-9)

    def multiples(log_price: float) -> Floats:
        wanted = (np.log(POWER * rates) - log_price) / (1 - POWER)
        return np.exp(np.clip(wanted, np.log(LEAST), np.log(MOST)))

    ends = [
        np.log(POWER * rates.min()) - (1 - POWER) * np.log(MOST) - 1e-6,
        np.log(POWER * rates.max()) - (1 - POWER) * np.log(LEAST) + 1e-6,
    ]
    price = brentq(lambda at: float(multiples(at) @ spend / spend.sum()) - 1, *ends, xtol=1e-12)
    return multiples(price)


def _spread_anew(
    material: Material,
    leads: pd.DataFrame,
    by: Literal["source", "campaign"],
    window: Window,
) -> BudgetFacts:
    random = np.random.default_rng(material.project.model.seed)
    multiple = spread(_shrunk(window), window.spend)
    now = drawn_rates(window.wins, window.spend, DRAWS, random) * window.spend
    then = now * multiple**POWER
    gain = _interval_of(then.sum(axis=1) - now.sum(axis=1))
    rows = [
        BudgetRow(
            name=name,
            leads=int(window.table["leads"].iloc[place]),
            spend_now=window.spend[place],
            spend_then=window.spend[place] * multiple[place],
            wins_now=Interval(**_interval_of(now[:, place])),
            wins_then=Interval(**_interval_of(then[:, place])),
        )
        for place, name in enumerate(window.table.index)
    ]
    return BudgetFacts(
        by=by,
        start=window.start,
        end=window.end,
        rows=sorted(rows, key=lambda row: (-row.spend_now, row.name)),
        spend=float(window.spend.sum()),
        wins_now=Interval(**_interval_of(now.sum(axis=1))),
        wins_then=Interval(**_interval_of(then.sum(axis=1))),
        gain=Signed(**gain),
        check=_check(material, leads, by, window),
    )


def _shrunk(window: Window) -> Floats:
    """Return wins per money, drawn towards what all sources have in common."""
    population, mean = gamma_population(window.wins, window.spend)
    shape = population.strengths[:, None]
    rates: Floats = population.beliefs @ ((shape + window.wins) / (shape / mean + window.spend))
    return rates


def _window(
    material: Material, leads: pd.DataFrame, by: Literal["source", "campaign"]
) -> Window | None:
    """Return the last whole quarter, or the last four where it has few wins; None unless two names have money."""
    zone = material.project.timezone
    last = _last_judged(material)
    for quarters in (1, 4):
        first = last.earlier(zone, quarters - 1)
        window = _between(material, leads, by, pd.Timestamp(first.start), pd.Timestamp(last.end))
        if len(window.table) >= FEWEST_GROUPS and (quarters > 1 or window.wins.sum() >= THIN):
            return window
    return None


def _last_judged(material: Material) -> Period:
    """Return the last whole quarter; without tonight's scores to tell what open leads hold, one that has had its time."""
    known = min(material.as_of, material.data_cutoff)
    if not Known.of(material).tonight:
        known -= pd.Timedelta(days=material.project.label.horizon_days)
    return Period.last_complete("quarter", known, material.project.timezone)


def _between(
    material: Material,
    leads: pd.DataFrame,
    by: Literal["source", "campaign"],
    start: pd.Timestamp,
    end: pd.Timestamp,
) -> Window:
    money = money_by(material.spend, by)
    money = money[(money["spent_on"] >= start) & (money["spent_on"] < end)]
    some = leads[(leads["created_at"] >= start) & (leads["created_at"] < end)]
    wins = (some["won"] + some["tonight"].fillna(0.0)).groupby(some[by]).agg(["sum", "size"])
    table = (
        money.groupby("name")["amount"].sum().rename("spend").to_frame().join(wins, how="inner")
    ).rename(columns={"sum": "wins", "size": "leads"})
    told = (table["spend"] > 0) & (table["leads"] >= material.min_group) & (table.index != UNKNOWN)
    return Window(start, end, table[told].sort_index())


def _check(
    material: Material, leads: pd.DataFrame, by: Literal["source", "campaign"], window: Window
) -> BudgetCheck | None:
    """Apply the rule to the time before and look at what followed."""
    before = _between(material, leads, by, window.start - (window.end - window.start), window.start)
    both = before.table.index.intersection(window.table.index)
    if len(both) < FEWEST_GROUPS or before.wins.sum() < FEWEST_WINS:
        return None
    before = Window(before.start, before.end, before.table.loc[both])
    multiple = spread(_shrunk(before), before.spend)
    up, down = multiple > 1.02, multiple < 0.98
    if not (up.any() and down.any()):
        return None
    after = window.table.loc[both]
    ratio = rate_ratio(
        *(
            float(after.loc[side, column].sum())
            for side in (up, down)
            for column in ("wins", "spend")
        )
    )
    return BudgetCheck(
        raised=list(both[up]),
        cut=list(both[down]),
        ratio=ratio,
        held=True if ratio.low > 1 else False if ratio.high < 1 else None,
    )


def rate_ratio(wins: float, spend: float, other_wins: float, other_spend: float) -> Interval:
    """Return wins per money over the others', with the interval of two Poisson counts given their sum (Jeffreys)."""
    from scipy.stats import beta

    ends = [float(beta.ppf(tail, wins + 0.5, other_wins + 0.5)) for tail in (TAIL, 0.5, 1 - TAIL)]
    low, middle, high = (share / (1 - share) * other_spend / spend for share in ends)
    value = wins / other_wins * other_spend / spend if other_wins > 0 else middle
    return Interval(value=value, low=min(low, value), high=max(high, value))


def _interval_of(draws: Any) -> dict[str, float]:  # noqa: ANN401  an array of draws
    low, high = np.quantile(draws, [TAIL, 1 - TAIL])
    return {"value": float(draws.mean()), "low": float(low), "high": float(high)}
