"""Who the leads are: their accounts, sources, attributes, sales representatives, and how well they fit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from simulation import market
from simulation.arrays import Bools, Floats, Ints, Texts, draw_position, where_told
from simulation.names import company_names, record_ids
from simulation.scenario import DAY, Scenario

ACCOUNT_SD = 0.60  # what the people of an account share and no table tells
LEAD_SD = 0.30  # what a lead has for itself and no table tells
_STRENGTH = 0.58  # of all known effects together: what a model can learn at age 0
_PEOPLE = np.array([0.60, 0.19, 0.09, 0.06, 0.04, 0.02])  # of an account: 1 to 6
_DAYS_BETWEEN_PEOPLE = 40.0
_TOLD = {"Budget": 0.50, "Decision Role": 0.55}  # what nobody asked for has no effect either


@dataclass(frozen=True)
class Profiles:
    """The leads as they are on their first day.

    ``leads`` has one row per lead in order of creation, ``accounts`` one per account, ``account``
    the account's position of each lead; ``known_fit`` is the log effect on the win hazard of what
    the tables tell, ``hidden_fit`` that of what they do not; ``warmth`` without the hidden part.
    """

    leads: pd.DataFrame
    accounts: pd.DataFrame
    account: Ints
    created: Ints
    known_fit: Floats
    hidden_fit: Floats
    warmth: Floats


def _pick(items: Sequence[Any], count: int, random: np.random.Generator) -> Ints:
    shares = np.array([item.share for item in items])
    return random.choice(len(items), count, p=shares / shares.sum())


def _effects(items: Sequence[Any], at: Ints) -> Floats:
    return np.array([item.effect for item in items])[at]


def _names(items: Sequence[Any], at: Ints) -> Texts:
    return np.array([item.name for item in items], dtype=object)[at]


def month_of(day: Ints) -> Ints:
    """Return the calendar month, 0 to 11, of days since 1970."""
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12


def year_of(day: Ints) -> Ints:
    """Return the calendar year of days since 1970."""
    return day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970


def _broadened(day: Ints) -> Bools:
    """Return which days lie in the time in which a campaign was broadened."""
    begins, ends = (
        np.datetime64(edge, "D").astype(np.int64)
        for edge in (market.BROADENED.begins, market.BROADENED.ends)
    )
    inside: Bools = (day >= begins) & (day <= ends)
    return inside


def _weights(source: str, *, broadened: bool) -> dict[int, float]:
    """Return position and weight of each campaign of a source."""
    return {
        number: campaign.weight
        * (
            market.BROADENED.times
            if broadened and campaign.name == market.BROADENED.campaign
            else 1
        )
        for number, campaign in enumerate(market.CAMPAIGNS)
        if campaign.source == source
    }


def _source_shares(*, broadened: bool) -> Floats:
    """Return the sources' shares by calendar month, shape (sources, 12); with more leads they add up to more."""
    return np.array(
        [
            item.share
            * np.array(item.season)
            * sum(_weights(item.name, broadened=broadened).values())
            / sum(_weights(item.name, broadened=False).values())
            for item in market.SOURCES
        ]
    )


def _created(scenario: Scenario, account: Ints, random: np.random.Generator) -> Ints:
    """Draw when each lead is created: an account's people follow its first, by weeks."""
    days = np.arange(scenario.first_day, scenario.last_day + 1)
    weight = (
        np.array(market.LEAD_SEASON)[month_of(days)] * np.array(market.LEAD_WEEKDAY)[(days + 3) % 7]
    )
    weight = weight * np.exp(market.LEAD_GROWTH_PER_YEAR * (days - days[0]) / 365.25)
    more = _source_shares(broadened=True).sum(axis=0) / _source_shares(broadened=False).sum(axis=0)
    weight = weight * np.where(_broadened(days), more[month_of(days)], 1.0)
    first = random.choice(days, int(account.max()) + 1, p=weight / weight.sum())[account]
    follows = np.concatenate([[False], account[1:] == account[:-1]])
    later = first + random.exponential(_DAYS_BETWEEN_PEOPLE, len(account)).astype(np.int64)
    spread = first + (random.random(len(account)) * (scenario.last_day - first + 1)).astype(
        np.int64
    )
    day = np.where(follows, np.where(later <= scenario.last_day, later, spread), first)
    second = np.where(
        random.random(len(day)) < 0.85,
        random.normal(12.0, 3.2, len(day)),
        random.random(len(day)) * 24,
    )
    return day * DAY + (np.clip(second, 0, 23.99) * 3600).astype(np.int64)


def _accounts(scenario: Scenario, random: np.random.Generator) -> tuple[Ints, pd.DataFrame]:
    """Draw accounts until their people suffice; return each lead's account and the accounts."""
    count = scenario.leads
    people = (
        1 + random.choice(len(_PEOPLE), count, p=_PEOPLE)
        if scenario.accounts
        else np.ones(count, dtype=np.int64)
    )
    account = np.repeat(np.arange(count), people)[:count]
    count = int(account[-1]) + 1
    country, industry = (
        _pick(market.COUNTRIES, count, random),
        _pick(market.INDUSTRIES, count, random),
    )
    employees = np.clip(np.exp(random.normal(np.log(170), 1.5, count)), 1, 80_000).astype(np.int64)
    frame = pd.DataFrame(
        {
            "Account ID": record_ids("001", count),
            "Industry": _names(market.INDUSTRIES, industry),
            "Country": _names(market.COUNTRIES, country),
            "No. of Employees": employees,
        }
    )
    frame.insert(1, "Company", company_names(frame["Industry"], frame["Country"], random))
    frame["_effect"] = _effects(market.INDUSTRIES, industry) + _effects(market.COUNTRIES, country)
    frame["_effect"] += 1.0 * np.exp(-(((np.log(employees) - np.log(450)) / 1.3) ** 2)) - 0.5
    frame["_spending"] = np.array([item.spending for item in market.INDUSTRIES])[industry]
    frame["_region"] = np.array([item.region for item in market.COUNTRIES], dtype=object)[country]
    frame["_hidden"] = random.normal(0, ACCOUNT_SD, count)
    return account, frame


def _sources(day: Ints, random: np.random.Generator) -> Ints:
    """Draw each lead's source by the month's shares."""
    usual, more = (
        np.cumsum(shares / shares.sum(axis=0), axis=0).T[month_of(day)]
        for shares in (_source_shares(broadened=False), _source_shares(broadened=True))
    )
    edges = np.where(_broadened(day)[:, None], more, usual)
    return draw_position(edges[:, :-1], random)


def _campaigns(source: Ints, day: Ints, random: np.random.Generator) -> tuple[Texts, Floats]:
    """Draw each lead's campaign within its source; return names and effects."""
    chosen = np.zeros(len(source), dtype=np.int64)
    for at, item in enumerate(market.SOURCES):
        for broadened in (False, True):
            own = _weights(item.name, broadened=broadened)
            weight = np.array(list(own.values()))
            rows = np.flatnonzero((source == at) & (_broadened(day) == broadened))
            chosen[rows] = random.choice(list(own), len(rows), p=weight / weight.sum())
    yearly = np.array([campaign.yearly for campaign in market.CAMPAIGNS])[chosen]
    name = pd.Series(_names(market.CAMPAIGNS, chosen), dtype="str")
    with_year = name.str.cat(pd.Series(year_of(day)).astype("str"), sep=" ")
    effect = _effects(market.CAMPAIGNS, chosen)
    return name.mask(pd.Series(yearly), with_year).to_numpy(dtype=object), effect


def _landing_pages(source: Ints, random: np.random.Generator) -> Texts:
    widest = max(len(item.landing_pages) for item in market.SOURCES)
    pages = np.array(
        [(item.landing_pages * widest)[:widest] for item in market.SOURCES], dtype=object
    )
    return pages[source, random.integers(0, widest, len(source))]


def _newcomers(campaign: Texts, day: Ints, random: np.random.Generator) -> tuple[Bools, Ints]:
    """Draw who came because a campaign was broadened, and the seniority (its position) that those have."""
    there = (campaign == market.BROADENED.campaign) & _broadened(day)
    came = there & (random.random(len(day)) < 1 - 1 / market.BROADENED.times)
    names = [level.name for level in market.SENIORITIES]
    levels = np.array([names.index(level.name) for level in market.BROADENED.newcomers])
    return came, levels[_pick(market.BROADENED.newcomers, len(day), random)]


def _owners(scenario: Scenario, region: Texts, day: Ints, random: np.random.Generator) -> Ints:
    """Draw each lead's representative among those of its region's team who work there then."""
    passed = (day - scenario.first_day) / max(scenario.last_day - scenario.first_day, 1)
    weight = np.array([region == rep.team for rep in market.REPS]).T.astype(float)
    present = [(passed >= rep.joins) & (passed <= rep.leaves) for rep in market.REPS]
    edges = np.cumsum(weight * np.array(present).T, axis=1)
    return draw_position((edges / edges[:, -1:])[:, :-1], random)


def _interactions(leads: pd.DataFrame) -> Floats:
    """Return the effects of pairs, which a sum of single effects does not hold."""
    size, level, source = leads["No. of Employees"], leads["Seniority"], leads["Lead Source"]
    pairs = (
        ((level == "C-level") & (size >= 1000), -0.70),
        ((level == "C-level") & (size < 200), 0.35),
        (
            (level == "Specialist") & (leads["Department"] == "IT") & (source == "Organic search"),
            0.60,
        ),
        ((source == "Trade fair") & (leads["Industry"] == "Mechanical engineering"), 0.60),
        ((source == "Webinar") & (size >= 1000), 0.50),
        ((leads["Product Interest"] == "Enterprise") & (size < 100), -0.60),
    )
    total = np.zeros(len(leads))
    for where, effect in pairs:
        total += where.to_numpy(dtype=float) * effect
    return total


def draw_profiles(scenario: Scenario) -> Profiles:
    """Draw the leads of a scenario, in order of creation."""
    random = scenario.random("profiles")
    account, accounts = _accounts(scenario, random)
    created = _created(scenario, account, random)
    order = np.argsort(created, kind="stable")
    account, created = account[order], created[order]
    day, count = created // DAY, len(created)
    own = accounts.iloc[account].reset_index(drop=True)
    leads = own[["Company", "Account ID", "Country", "Industry", "No. of Employees"]].copy()
    source = _sources(day, random)
    leads.insert(0, "Lead ID", record_ids("00Q", count))
    leads["Lead Source"] = _names(market.SOURCES, source)
    leads["Channel"] = np.array([item.channel for item in market.SOURCES], dtype=object)[source]
    leads["Campaign"], campaign_effect = _campaigns(source, day, random)
    leads["Landing Page"] = _landing_pages(source, random)
    message = _pick(market.MESSAGES, count, random)
    leads["Message"] = _names(market.MESSAGES, message)
    fit = own["_effect"].to_numpy() + _effects(market.SOURCES, source) + campaign_effect
    fit = fit + _effects(market.MESSAGES, message)
    came, level = _newcomers(leads["Campaign"].to_numpy(), day, scenario.random("newcomers"))
    for column, items in (
        ("Seniority", market.SENIORITIES),
        ("Department", market.DEPARTMENTS),
        ("Product Interest", market.PRODUCTS),
        ("Budget", market.BUDGETS),
        ("Decision Role", market.ROLES),
    ):
        at = _pick(items, count, random)
        told = random.random(count) < _TOLD.get(column, 1.0)
        if column == "Seniority":
            at = np.where(came, level, at)
        told &= ~(came & (column == "Decision Role"))
        leads[column] = where_told(told, _names(items, at))
        fit = fit + np.where(told, _effects(items, at), 0.0)
    owner = _owners(scenario, own["_region"].to_numpy(), day, random)
    leads["Lead Owner"] = _names(market.REPS, owner)
    leads["Sales Team"] = own["_region"]
    fit = fit + _effects(market.REPS, owner) + _interactions(leads)
    # The median, for a source that nobody buys from must not make all others fit better.
    fit = scenario.signal * _STRENGTH * (fit - np.median(fit))
    hidden = own["_hidden"].to_numpy() + random.normal(0, LEAD_SD, count)
    warmth = 0.8 * np.array([item.warmth for item in market.SOURCES])[source] + 0.30 * fit
    return Profiles(leads, accounts, account, created, fit, scenario.signal * hidden, warmth)
