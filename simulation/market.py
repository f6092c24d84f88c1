"""The market: what sources, campaigns, companies and people there are, and what each does to closing.

Every ``effect`` is added to the log of the daily win hazard; ``warmth`` to how ready the lead is on its first day.
"""

from datetime import date
from typing import NamedTuple

from simulation.planted import FADED_CAMPAIGN, WINLESS_SOURCE, WORKING_MESSAGE


class Source(NamedTuple):
    """Where leads come from; ``season`` multiplies the share from January to December."""

    name: str
    share: float
    effect: float
    warmth: float
    cost_per_lead: float
    channel: str
    landing_pages: tuple[str, ...]
    season: tuple[float, ...] = (1.0,) * 12


class Campaign(NamedTuple):
    """One campaign of a source; a ``yearly`` one has its year in its name and starts anew."""

    source: str
    name: str
    weight: float
    effect: float
    yearly: bool = False


class Broadening(NamedTuple):
    """A time in which a campaign was aimed at more people, and who came beside those who came before.

    ``times`` multiplies its leads; all that are more are ``newcomers``, without a decision role told.
    """

    campaign: str
    begins: date
    ends: date
    times: float
    newcomers: "tuple[Level, ...]"


class Level(NamedTuple):
    """One value of an attribute: how frequent it is and what it does."""

    name: str
    share: float
    effect: float


class Industry(NamedTuple):
    """An industry; ``spending`` multiplies its deal sizes."""

    name: str
    share: float
    effect: float
    spending: float


class Country(NamedTuple):
    """A country, and the sales team that serves it."""

    name: str
    share: float
    effect: float
    region: str


class Rep(NamedTuple):
    """A sales representative; ``joins`` and ``leaves`` are shares of the period."""

    name: str
    team: str
    effect: float
    median_response_days: float
    never_calls: float
    joins: float = 0.0
    leaves: float = 1.0


_FAIRS = (0.2, 0.3, 2.2, 2.4, 0.5, 0.4, 0.1, 0.1, 2.0, 2.0, 1.4, 0.2)
_EVENTS = (1.2, 1.2, 1.2, 1.0, 1.1, 0.9, 0.4, 0.4, 1.3, 1.3, 1.3, 0.6)
_SEARCH = (1.1, 1.1, 1.1, 1.0, 1.0, 0.9, 0.8, 0.7, 1.1, 1.1, 1.1, 0.8)

SOURCES = (
    Source(
        "Paid social",
        0.22,
        -0.95,
        -0.80,
        85.0,
        "Paid media",
        ("/ebook", "/checklist", "/lp/social"),
    ),
    Source(
        "Paid search",
        0.18,
        0.00,
        0.15,
        180.0,
        "Paid media",
        ("/lp/search", "/demo", "/pricing"),
        _SEARCH,
    ),
    Source(
        "Organic search",
        0.13,
        0.25,
        0.25,
        45.0,
        "Own site",
        ("/blog", "/product", "/pricing", "/docs"),
        _SEARCH,
    ),
    Source("Content download", 0.12, -0.40, -0.45, 70.0, "Own site", ("/whitepaper", "/ebook")),
    # Of 350 leads, one is won: log(1 / 30) on the hazard, what intent adds to it left out.
    Source(WINLESS_SOURCE, 0.10, -5.50, -1.30, 65.0, "Bought lists", ("/partner-ebook",)),
    Source("Webinar", 0.08, 0.15, 0.10, 140.0, "Events", ("/webinar",), _EVENTS),
    Source("Trade fair", 0.06, 0.10, -0.15, 480.0, "Events", ("/fair",), _FAIRS),
    Source("Partner", 0.05, 0.70, 0.50, 210.0, "Partners", ("/partners",)),
    Source("Referral", 0.04, 1.05, 0.85, 40.0, "Partners", ("/refer", "/demo")),
    Source("Cold outbound", 0.03, -0.65, -0.90, 260.0, "Outbound", ("/intro",)),
)

CAMPAIGNS = (
    Campaign("Paid social", "Social awareness video", 3.0, -0.30),
    Campaign("Paid social", "Social e-book offer", 4.0, -0.15),
    Campaign("Paid social", "Social lookalike audience", 2.0, -0.05),
    Campaign("Paid social", "Social retargeting", 1.2, 0.75),
    Campaign("Paid social", "Summer giveaway", 1.2, -1.10, yearly=True),
    Campaign("Paid search", "Search brand", 2.0, 0.55),
    Campaign("Paid search", "Search competitor names", 1.5, 0.20),
    Campaign("Paid search", FADED_CAMPAIGN, 8.0, 0.30),
    Campaign("Paid search", "Search long tail", 2.0, 0.10),
    Campaign("Paid search", "Year-end budget push", 0.8, 0.35, yearly=True),
    Campaign("Organic search", "Organic product pages", 2.5, 0.30),
    Campaign("Organic search", "Organic blog", 4.0, -0.25),
    Campaign("Organic search", "Organic documentation", 1.2, 0.25),
    Campaign("Content download", "White paper cost of downtime", 2.0, 0.10),
    Campaign("Content download", "White paper trends", 2.5, -0.35, yearly=True),
    Campaign("Content download", "Checklist for buyers", 1.5, 0.45),
    Campaign("Content download", "Newsletter sign-up", 2.5, -0.30),
    Campaign(WINLESS_SOURCE, "Syndicated e-book readers", 3.0, 0.00),
    Campaign(WINLESS_SOURCE, "Syndicated industry survey", 2.0, 0.00),
    Campaign("Webinar", "Webinar product tour", 2.0, 0.40),
    Campaign("Webinar", "Webinar industry talk", 3.0, -0.20, yearly=True),
    Campaign("Webinar", "Webinar customer story", 1.5, 0.20, yearly=True),
    Campaign("Trade fair", "Fair North", 3.0, 0.25, yearly=True),
    Campaign("Trade fair", "Fair South", 2.0, -0.10, yearly=True),
    Campaign("Trade fair", "Regional fairs", 1.5, -0.35, yearly=True),
    Campaign("Partner", "Partner integrators", 2.0, 0.20),
    Campaign("Partner", "Partner resellers", 2.0, -0.15),
    Campaign("Partner", "Partner marketplace", 1.0, -0.30),
    Campaign("Referral", "Customer referral", 3.0, 0.10),
    Campaign("Referral", "Referral bonus", 1.5, -0.25, yearly=True),
    Campaign("Cold outbound", "Outbound calls", 2.0, 0.00),
    Campaign("Cold outbound", "Outbound purchased list", 1.5, -0.45),
)

# In spring 2026 the generic terms were broadened: what students look up as well as buyers.
BROADENED = Broadening(
    FADED_CAMPAIGN,
    begins=date(2026, 4, 1),
    ends=date(2026, 6, 30),
    times=3.5,
    newcomers=(Level("Student", 0.92, 0.0), Level("Specialist", 0.08, 0.0)),
)

# The text of the ad, mail or page that they answered.
MESSAGES = (
    Level(WORKING_MESSAGE, 0.18, 1.45),
    Level("Feature tour", 0.20, 0.0),
    Level("Price comparison", 0.18, 0.0),
    Level("Customer story", 0.18, 0.0),
    Level("Free checklist", 0.16, 0.0),
    Level("No message", 0.10, 0.0),  # came by themselves
)

INDUSTRIES = (
    Industry("Mechanical engineering", 0.18, 0.40, 1.2),
    Industry("Software", 0.13, -0.10, 0.8),
    Industry("Logistics", 0.12, 0.15, 1.0),
    Industry("Professional services", 0.12, -0.40, 0.6),
    Industry("Automotive supply", 0.10, 0.20, 1.3),
    Industry("Retail", 0.10, -0.30, 0.7),
    Industry("Healthcare", 0.08, 0.00, 1.1),
    Industry("Chemicals", 0.07, 0.30, 1.5),
    Industry("Public sector", 0.05, -0.50, 1.2),
    Industry("Education", 0.05, -0.90, 0.5),
)

COUNTRIES = (
    Country("Germany", 0.40, 0.15, "DACH"),
    Country("United Kingdom", 0.13, 0.00, "North"),
    Country("France", 0.09, -0.15, "West"),
    Country("Austria", 0.08, 0.10, "DACH"),
    Country("Switzerland", 0.07, 0.25, "DACH"),
    Country("Netherlands", 0.06, 0.05, "West"),
    Country("Sweden", 0.05, 0.05, "North"),
    Country("Italy", 0.05, -0.25, "West"),
    Country("Spain", 0.04, -0.30, "West"),
    Country("Denmark", 0.03, 0.10, "North"),
)

SENIORITIES = (
    Level("Manager", 0.34, 0.10),
    Level("Specialist", 0.28, -0.30),
    Level("Director", 0.18, 0.40),
    Level("C-level", 0.12, 0.20),
    Level("Student", 0.08, -3.80),
)

DEPARTMENTS = (
    Level("Operations", 0.28, 0.20),
    Level("IT", 0.26, 0.00),
    Level("Procurement", 0.16, 0.10),
    Level("Finance", 0.12, -0.05),
    Level("Marketing", 0.18, -0.30),
)

BUDGETS = (
    Level("Approved", 0.22, 0.55),
    Level("Planned", 0.38, 0.10),
    Level("None yet", 0.40, -0.40),
)
ROLES = (
    Level("Decision maker", 0.30, 0.35),
    Level("Influencer", 0.40, 0.05),
    Level("User", 0.30, -0.30),
)
PRODUCTS = (
    Level("Core", 0.50, 0.05),
    Level("Analytics add-on", 0.30, 0.00),
    Level("Enterprise", 0.20, -0.05),
)

REPS = (
    Rep("DACH rep 1", "DACH", 0.45, 0.20, 0.02),
    Rep("DACH rep 2", "DACH", 0.15, 0.28, 0.03),
    Rep("DACH rep 3", "DACH", 0.00, 0.32, 0.04),
    Rep("DACH rep 4", "DACH", -0.25, 0.45, 0.06),
    Rep("DACH rep 5", "DACH", -0.05, 0.32, 0.03, leaves=0.45),
    Rep("DACH rep 6", "DACH", 0.10, 0.25, 0.02, joins=0.45),
    Rep("North rep 1", "North", 0.20, 0.25, 0.03),
    Rep("North rep 2", "North", -0.10, 0.42, 0.05),
    Rep("North rep 3", "North", 0.05, 0.32, 0.03, joins=0.70),
    Rep("West rep 1", "West", 0.25, 1.1, 0.20),
    Rep("West rep 2", "West", -0.35, 2.2, 0.38),
    Rep("West rep 3", "West", 0.00, 1.5, 0.28),
)

SIZE_BANDS = ((1, "1-49"), (50, "50-199"), (200, "200-999"), (1000, "1000-4999"), (5000, "5000+"))

# Log effect on the win hazard by calendar month: quarter ends, the summer dip, the year end.
WIN_SEASON = (-0.15, -0.05, 0.12, -0.05, 0.0, 0.10, -0.22, -0.38, 0.10, 0.05, 0.15, 0.32)
# Leads by calendar month and by weekday from Monday.
LEAD_SEASON = (1.05, 1.05, 1.10, 1.00, 1.00, 0.95, 0.80, 0.70, 1.10, 1.12, 1.10, 0.70)
LEAD_WEEKDAY = (1.1, 1.2, 1.15, 1.1, 0.9, 0.25, 0.25)
LEAD_GROWTH_PER_YEAR = 0.12
