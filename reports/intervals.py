"""Intervals for shares and costs."""

from reports.facts import Interval

TAIL = 0.025  # each side of a 95 % interval


def share_interval(hits: int, of: int) -> Interval | None:
    """Return hits/of with the Jeffreys interval, or None when there is nothing to divide by.

    The ends go to 0 and 1 when no lead or every lead closed, as Brown, Cai and DasGupta
    (Statistical Science 16, 2001) advise: coverage stays near 95 % even for a handful of leads.
    """
    from scipy.stats import beta

    if of <= 0:
        return None
    low = 0.0 if hits == 0 else float(beta.ppf(TAIL, hits + 0.5, of - hits + 0.5))
    high = 1.0 if hits == of else float(beta.ppf(1 - TAIL, hits + 0.5, of - hits + 0.5))
    return Interval(value=hits / of, low=low, high=high)


def cost_interval(spend: float, wins: float) -> Interval | None:
    """Return spend per win with the Jeffreys interval of a Poisson count, or None below one win.

    ``wins`` may hold a fraction, as wins that are only expected are counted too. Below one win a
    cost per win says more about chance than about the source.
    """
    from scipy.stats import gamma

    if wins < 1:
        return None
    fewest = float(gamma.ppf(TAIL, wins + 0.5))
    most = float(gamma.ppf(1 - TAIL, wins + 0.5))
    return Interval(value=spend / wins, low=spend / most, high=spend / fewest)
