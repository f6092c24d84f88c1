"""What leads do: visits before and after creation, mail, and what they say when they sign up.

Everything here depends on the day's state of intent and on how busy a person is (``pace``, mean 1),
never on how the lead ends: behaviour tells of the future only through intent.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulation.arrays import Floats, Ints, Texts, draw_position, where_told
from simulation.journeys import Journeys
from simulation.scenario import DAY

PACE_SHAPE = 4.0  # of the gamma distribution of pace
BEFORE_DAYS = 21
BEFORE_FACTOR = 0.07  # visits of a day before creation, of those after it
_WEEKEND = 0.35
_AFTER_CLOSE = 0.12  # share of leads that still turn up once closed

# Visits a day by state: cold, curious, evaluating, deciding.
WEB_RATES = {
    "blog": (0.060, 0.140, 0.090, 0.030),
    "product_page": (0.025, 0.110, 0.260, 0.200),
    "pricing_page": (0.004, 0.020, 0.110, 0.240),
    "docs": (0.004, 0.020, 0.110, 0.140),
    "case_study": (0.004, 0.020, 0.060, 0.050),
    "webinar_attended": (0.002, 0.008, 0.012, 0.006),
    "form_submitted": (0.003, 0.010, 0.012, 0.006),
    "demo_request": (0.0003, 0.002, 0.014, 0.020),
}
BEFORE_KINDS = ("blog", "product_page", "pricing_page", "docs")
MAIL_KINDS = ("mail_sent", "mail_opened", "mail_clicked", "unsubscribed")
MAIL_PER_DAY = 0.11
_OPENS = (0.16, 0.30, 0.42, 0.46)
_CLICKS = (0.06, 0.16, 0.28, 0.34)  # of those opened
_LEAVES = (0.030, 0.006, 0.002, 0.001)  # unsubscribes, of those opened

_MAILED_AGAIN = 0.92  # of lost leads that went back to marketing
_MAILED_AGAIN_DAYS = 6.0
NEVER = np.iinfo(np.int64).max // 2  # seconds since 1970, far beyond all data

# What is said at sign-up, by first state; half of them say nothing.
NEEDS = ("Exploring", "Defined", "Urgent")
NEED_SHARES = np.array(
    [[0.60, 0.32, 0.08], [0.52, 0.37, 0.11], [0.38, 0.44, 0.18], [0.28, 0.47, 0.25]]
)
TIMEFRAMES = ("No plans", "This year", "Next quarter", "This quarter")
TIMEFRAME_SHARES = np.array(
    [
        [0.46, 0.32, 0.14, 0.08],
        [0.38, 0.34, 0.18, 0.10],
        [0.25, 0.34, 0.24, 0.17],
        [0.16, 0.30, 0.28, 0.26],
    ]
)
DEMO_SHARES = np.array([0.02, 0.05, 0.21, 0.40])
SAID = {"Need": 0.55, "Timeframe": 0.60}


@dataclass(frozen=True)
class Occurrences:
    """Events: whose, of which kind (position in ``kinds``), when in seconds since 1970."""

    lead: Ints
    kind: Ints
    at: Ints
    kinds: tuple[str, ...]

    def take(self, rows: Texts) -> "Occurrences":
        """Return some of them."""
        return Occurrences(self.lead[rows], self.kind[rows], self.at[rows], self.kinds)


def join(parts: list[Occurrences]) -> Occurrences:
    """Return events of the same kinds as one, by time and lead."""
    lead, kind, at = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("lead", "kind", "at")
    )
    order = np.lexsort((kind, lead, at))
    return Occurrences(lead[order], kind[order], at[order], parts[0].kinds)


def within(start: Ints, end: Ints, random: np.random.Generator) -> Ints:
    """Draw a moment of the half-open day from start to end, mostly at working hours.

    The time of day is drawn first; a first day that does not hold it takes any of its moments.
    """
    hour = np.where(
        random.random(len(start)) < 0.8,
        random.normal(12.5, 3.0, len(start)),
        random.random(len(start)) * 24,
    )
    wanted = start + ((np.clip(hour, 0, 23.99) * 3600).astype(np.int64) - start % DAY) % DAY
    anywhere = start + (random.random(len(start)) * (end - start)).astype(np.int64)
    return np.where(wanted < end, wanted, anywhere)


def day_weights(journeys: Journeys) -> Floats:
    """Return how much each lead day counts: its length in days, less at weekends."""
    start, end = journeys.day_start, journeys.day_end
    return (end - start) / DAY * np.where((start // DAY + 3) % 7 >= 5, _WEEKEND, 1.0)


def emit(
    journeys: Journeys,
    rates: Floats,
    pace: Floats,
    kinds: tuple[str, ...],
    random: np.random.Generator,
) -> Occurrences:
    """Draw events on lead days; ``rates`` is per day, shape (kinds, 4 states), ``pace`` one per lead day."""
    shares = np.cumsum(rates / rates.sum(axis=0), axis=0).T
    times = random.poisson(rates.sum(axis=0)[journeys.state] * pace)
    row = np.repeat(np.arange(len(times)), times)
    kind = (random.random(len(row))[:, None] >= shares[journeys.state[row]]).sum(axis=1)
    start, end = journeys.day_start[row], journeys.day_end[row]
    return Occurrences(
        journeys.lead[row], np.minimum(kind, len(kinds) - 1), within(start, end, random), kinds
    )


def web_rates(scale: float, kinds: tuple[str, ...] = tuple(WEB_RATES)) -> Floats:
    """Return visits a day, shape (kinds, 4)."""
    return scale * np.array([WEB_RATES[kind] for kind in kinds])


def expected_events(journeys: Journeys, known: Texts, first: Ints) -> float:
    """Return the mean number of visits and mail events at scale 1, those after closing left out."""
    opened = np.array(_OPENS)
    mail = MAIL_PER_DAY * (1 + opened * (1 + np.array(_CLICKS) + np.array(_LEAVES)))
    during = (web_rates(1.0).sum(axis=0) + mail)[journeys.state] * day_weights(journeys)
    earlier = web_rates(1.0, BEFORE_KINDS).sum(axis=0)[first] * BEFORE_FACTOR * BEFORE_DAYS
    return float(during[known].sum() + earlier.sum())


def before_counts(first: Ints, pace: Floats, scale: float, random: np.random.Generator) -> Ints:
    """Draw how often each lead looked before it was created, shape (leads, kinds)."""
    daily = web_rates(scale, BEFORE_KINDS).T[first] * BEFORE_FACTOR * BEFORE_DAYS
    return random.poisson(daily * pace[:, None])


def web_events(
    journeys: Journeys, pace: Floats, before: Ints, scale: float, random: np.random.Generator
) -> Occurrences:
    """Draw visits: before creation, while open, and a few after closing."""
    kinds = tuple(WEB_RATES)
    during = emit(
        journeys, web_rates(scale), pace[journeys.lead] * day_weights(journeys), kinds, random
    )
    lead, kind = (np.repeat(index.ravel(), before.ravel()) for index in np.indices(before.shape))
    ago = random.beta(1.0, 2.0, len(lead)) * (BEFORE_DAYS * DAY - 1)
    earlier = Occurrences(
        lead,
        np.array([kinds.index(name) for name in BEFORE_KINDS])[kind],
        journeys.created[lead] - 1 - ago.astype(int),
        kinds,
    )
    who = np.flatnonzero(random.random(len(pace)) < _AFTER_CLOSE)
    when = journeys.closed[who] + (random.exponential(6.0, len(who)) * DAY).astype(np.int64)
    likely = np.array([kinds.index("product_page"), kinds.index("docs"), kinds.index("blog")])
    return join(
        [during, earlier, Occurrences(who, likely[random.integers(0, 3, len(who))], when, kinds)]
    )


def nurture_mails(recycled: Ints, scale: float, random: np.random.Generator) -> Occurrences:
    """Draw mails to lost leads that went back to marketing (``recycled``: when, else `NEVER`): one to most, then fewer."""
    times = (random.random(len(recycled)) < _MAILED_AGAIN * min(scale, 1.0)).astype(np.int64)
    times = np.where(recycled < NEVER, times * (1 + random.poisson(0.6, len(times))), 0)
    lead = np.repeat(np.arange(len(recycled)), times)
    nth = np.arange(len(lead)) - np.repeat(np.cumsum(times) - times, times)
    wait = (random.exponential(_MAILED_AGAIN_DAYS, len(lead)) + 14.0 * nth) * DAY
    at = recycled[lead] + wait.astype(np.int64) + 3600
    return Occurrences(lead, np.zeros(len(lead), dtype=np.int64), at, MAIL_KINDS)


def mail_events(
    journeys: Journeys, nurture: Occurrences, scale: float, random: np.random.Generator
) -> Occurrences:
    """Draw mail: sent at the same rate to all, opened and clicked by intent; none after unsubscribing.

    ``nurture``: the mails to lost leads, which are no longer counted when they are opened.
    """
    kinds = MAIL_KINDS
    times = random.poisson(MAIL_PER_DAY * scale * day_weights(journeys))
    row = np.repeat(np.arange(len(times)), times)
    lead, state = journeys.lead[row], journeys.state[row]
    sent = within(journeys.day_start[row], journeys.day_end[row], random)
    opens = random.random(len(row)) < np.array(_OPENS)[state]
    opened = sent + 30 + (random.exponential(0.25, len(row)) * DAY).astype(np.int64)
    clicks = opens & (random.random(len(row)) < np.array(_CLICKS)[state])
    leaves = opens & (random.random(len(row)) < np.array(_LEAVES)[state])
    drawn = [sent, opened, opened + 40, opened + 55]
    parts = [
        Occurrences(lead[happens], np.full(int(happens.sum()), kind), at[happens], kinds)
        for kind, (happens, at) in enumerate(
            zip([np.ones(len(row), bool), opens, clicks, leaves], drawn, strict=True)
        )
    ]
    left = np.full(len(journeys.created), np.iinfo(np.int64).max)
    np.minimum.at(left, parts[3].lead, parts[3].at)
    mail = join(parts)
    # Opening may come after closing; a few days later nobody counts it any more.
    counted = mail.take(
        (mail.at <= left[mail.lead]) & (mail.at < journeys.closed[mail.lead] + 3 * DAY)
    )
    return join([counted, nurture.take(nurture.at <= left[nurture.lead])])


def say(first: Ints, random: np.random.Generator) -> pd.DataFrame:
    """Draw what leads say at sign-up: need, timeframe, and whether they ask for a demo."""
    said = {}
    for column, names, shares in (
        ("Need", NEEDS, NEED_SHARES),
        ("Timeframe", TIMEFRAMES, TIMEFRAME_SHARES),
    ):
        edges = np.cumsum(shares, axis=1)[first][:, :-1]
        at = draw_position(edges, random)
        answer = np.array(names, dtype=object)[at]
        said[column] = where_told(random.random(len(first)) < SAID[column], answer)
    said["Demo Requested"] = random.random(len(first)) < DEMO_SHARES[first]
    return pd.DataFrame(said)


def log_likelihood(said: pd.DataFrame, before: Ints, scale: float) -> Floats:
    """Return log P(what is known at creation | first state), shape (leads, 4), up to a constant per lead.

    The visits' counts are a gamma mixture of Poissons (negative multinomial), for pace is hidden.
    """
    total = np.zeros((len(said), 4))
    for column, names, shares in (
        ("Need", NEEDS, NEED_SHARES),
        ("Timeframe", TIMEFRAMES, TIMEFRAME_SHARES),
    ):
        at = (
            said[column]
            .map({name: number for number, name in enumerate(names)})
            .to_numpy(dtype=float)
        )
        told = ~np.isnan(at)
        total[told] += np.log(shares.T[at[told].astype(int)])
    asked = said["Demo Requested"].to_numpy()[:, None]
    total += np.log(np.where(asked, DEMO_SHARES, 1 - DEMO_SHARES))
    mean = web_rates(scale, BEFORE_KINDS) * BEFORE_FACTOR * BEFORE_DAYS
    counts = before.astype(float)
    total += counts @ np.log(mean)
    exposure = np.log(PACE_SHAPE + mean.sum(axis=0))
    total -= (PACE_SHAPE + counts.sum(axis=1, keepdims=True)) * exposure
    return total
