"""A guard against looking in many places."""

from collections.abc import Sequence


def holm(p_values: Sequence[float], tests: int | None = None) -> list[float]:
    """Return the p-values adjusted by Holm's step-down (Scandinavian Journal of Statistics 6, 1979).

    Calling a finding what stays at or below 0.05 says something false in at most 5 of 100 reports, however many
    places were looked at and whatever they have in common.

    Args:
        p_values: of what was looked at.
        tests: how many looks there were, if these are the strongest of more.
    """
    total = max(len(p_values), tests or 0)
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (total - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted
