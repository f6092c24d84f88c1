"""What the peers' author knows of the company, and what both peers compute: leadgauge's catalogue of it.

Definitions follow leadgauge's where there are several, so that the same work is compared:
``features/catalogue.py``, ``features/behaviour.py`` and ``features/surroundings.py`` say them in full,
and a test holds the peers' values against leadgauge's.
"""

from datetime import datetime

AS_OF = datetime.fromisoformat("2026-03-02T05:00:00")  # naive UTC, as all times of the exports
WINDOWS = (7, 30, 90)
TREND_DAYS = 7  # the events of so many days less those of as many days before
HORIZON_DAYS = 30  # a lead counts in a track record from so many days after its creation on
STRENGTH = 20  # leads at the overall close rate that a level's own are mixed with
PRIOR_LEADS = 20  # no track record before so many leads have matured
ACTIVE_DAYS = 30  # for the other people of the account
ZONE = "Europe/Berlin"
WON = "Closed Won"
KINDS = [
    *("page_view", "product_page", "pricing_page", "docs", "blog", "mail_opened"),
    *("mail_clicked", "form_submitted", "webinar_attended", "call", "meeting", "demo_request"),
]
ATTRIBUTES = {
    "Source": "source",
    "Campaign": "campaign",
    "Country": "country",
    "Employees": "employees",
    "Budget": "budget",
    "Product": "product",
}
ACCOUNT_ATTRIBUTES = {"Industry": "account_industry", "Revenue": "account_revenue"}
RECORDS = {"Campaign": "campaign_record", "Source": "source_record", "Owner": "owner_record"}
CATEGORIES = [
    *("source", "campaign", "country", "product"),
    *("account_industry", "first_kind", "last_kind"),
]
EVENT_COLUMNS = ["Lead ID", "Activity", "Activity Date"]
