"""What is planted in the simulated company for a report to find, by name.

- `WINLESS_SOURCE`: bought lists of people who read an e-book. A tenth of the leads, paid for like
  others, and hardly one of them closes (`market.SOURCES`).
- `LEAKING_TEAM`: leaves a third of the leads that it accepts uncontacted and comes late to most of the
  rest; the others contact nine of ten within two days (`market.REPS`). Who is left does not depend on how
  a lead ends, and how a lead ends does not depend on whether it was contacted.
- `FADED_CAMPAIGN` in `FADED_QUARTER`: the campaign was broadened for that quarter. It brought
  about three times as many leads, two thirds of them students, who never buy (`market.BROADENED`).
  Nothing about the campaign itself changed: among leads alike, quality stayed as it was.
- `WORKING_MESSAGE`: those who answered it close about twice as often as others of the same source;
  the other messages are alike (`market.MESSAGES`).
- `HINDSIGHT_COLUMN`: sales fills it in when it closes a lead, so it tells the outcome and not the chance.

More lightly: large companies name one competitor more often than small ones, and offers with a discount of up
to 10 % close a little more often than those with none or more, for they go to those who are close
to a decision (`money`). Neither changes who is won.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulation.company import Company

WINLESS_SOURCE = "Content syndication"
LEAKING_TEAM = "West"
FADED_CAMPAIGN = "Search generic terms"
FADED_QUARTER = "2026-Q2"
WORKING_MESSAGE = "Downtime calculator"
HINDSIGHT_COLUMN = "Contract Number Requested"


def planted(company: "Company") -> dict[str, str | None]:
    """Return the names of the planted truths; None for those that this company's scenario has no room for.

    Keys: ``source``, ``team``, ``campaign``, ``quarter``, ``message``, ``hindsight_column``.
    """
    scenario = company.scenario
    year, number = FADED_QUARTER.split("-Q")
    months = 12 * int(year) + 3 * int(number) - 3
    covered = (
        12 * scenario.start.year + scenario.start.month - 1 < months
        and months + 2 < 12 * scenario.end.year + scenario.end.month
    )
    return {
        "source": WINLESS_SOURCE,
        "team": LEAKING_TEAM,
        "campaign": FADED_CAMPAIGN if covered else None,
        "quarter": FADED_QUARTER if covered else None,
        "message": WORKING_MESSAGE,
        "hindsight_column": HINDSIGHT_COLUMN if scenario.hindsight else None,
    }
