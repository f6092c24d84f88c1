"""The project file that a company's data team would write for its exports, key by key."""

from simulation.planted import HINDSIGHT_COLUMN
from simulation.scenario import HORIZON_DAYS, Scenario

_HEAD = """\
# The simulated company, as its data team would describe it to leadgauge.
# Everything that differs between companies stands in a file like this one; nothing in code.

project: demo                 # names the model and everything that is written; lower case, digits, _
timezone: Europe/Berlin       # where the company works: nights begin and weekdays change by it
data_cutoff: "{cutoff}"  # the exports end here; without it: the latest time in the data

sources:
  leads:
    path: leads.csv           # paths start at this file's folder, or at --data
    columns:                  # ours: theirs; all other columns become attributes of the lead
      lead_id: Lead ID
      created_at: Created Date
{account}      owner: Lead Owner       # for the load and the track record of who works a lead
      source: Lead Source     # what the report compares
      campaign: Campaign
    missing: ["-- None --"]   # what Salesforce exports for a picklist that nobody touched
    types:
      Description: text       # free text: no feature comes of it
  outcomes:
    path: opportunities.csv   # one row per closed lead; a lead without a row is open
    timezone: Europe/Berlin   # these times are local, those of the other files say Z
    time_formats: ["%d.%m.%Y %H:%M:%S"]  # day first
    columns:
      lead_id: Lead ID
      status: Stage           # its values are told apart under label
      closed_at: Close Date
      amount: Amount          # EUR, before discount
      reason: Loss Reason     # told by segment, and it decides what goes back to marketing
      competitor: Competitor  # whom a deal was lost to, or won against
      discount: Discount %    # percent off the amount, on every offer that was made
      margin: Margin %        # percent of the price after discount
    drop: [Opportunity ID]    # a number and no more
  events:
    - path: web_events.csv    # visits, forms, webinars, demo requests; also before a lead was created
      columns: {{lead_id: Lead ID, kind: Activity, occurred_at: Activity Date}}
    - path: mail_events.csv   # sent, opened, clicked, unsubscribed
      columns: {{lead_id: Lead ID, kind: Activity, occurred_at: Activity Date}}
    - path: sales_activities.csv  # calls, meetings and the hand-off (kinds that are reserved for it)
      columns:
        lead_id: Lead ID
        kind: Activity
        occurred_at: Activity Date
        recorded_at: Logged At    # sales logs later than it calls: a night knows only what is logged
        value: Minutes            # how long; empty for a hand-off
        actor: Who                # marketing or the representative: who rejected it, for instance
        reason: Reason            # why a lead was rejected
{accounts}  history:
    path: lead_history.csv    # what Lead Status, Timeframe and Company Size were before they changed
    columns:
      lead_id: Lead ID
      field: Field            # the column of leads.csv
      old_value: Old Value
      new_value: New Value
      changed_at: Edit Date
  spend:
    path: spend.csv           # for the cost of a won deal by source and campaign
    columns:
      spent_on: Month         # first day of the month
      source: Source
      campaign: Campaign
      amount: Amount EUR
  suppression:
    path: suppression.csv     # who objected to profiling: never trained on, scored or exported
    columns: {{lead_id: Lead ID}}
    drop: [Since, Reason]     # nobody's business here

label:
  horizon_days: {horizon}            # days; half of the deals are won within a month, nearly all within three
  won: Closed Won             # the value of status that means a deal
  lost: Closed Lost           # the value that means no deal
  unmatched: open             # a lead without an opportunity is still being worked

features:
  leave_out: {{}}               # column: why. {trap}
  changing: [Lead Status, Timeframe, Company Size]  # read as they were at the moment, by the history
  windows_days: [7, 30, 90]   # days that events are counted over: a week, a month, a quarter
  words:                      # how reasons name the kinds of events
    pricing_page: visits to the pricing page
    product_page: visits to product pages
    case_study: visits to case studies
    docs: visits to the documentation
    blog: visits to the blog
    demo_request: demo requests
    form_submitted: forms filled in
    webinar_attended: webinars attended
    mail_sent: mails sent to them
    mail_opened: mails opened
    mail_clicked: clicks in mails

model:
  ages_days: [0, 1, 3, 7, 14, 30, 60]  # days; half of the leads are closed after a week, so the ages begin dense
  seeds: 3                    # models that are averaged; steadier scores for three times the training time
  seed: 7                     # of all random numbers: the same data give the same model
  folds: 5                    # steps forward in time that the model is proven on
  evaluate_every_days: 7      # every seventh morning: a week is what sales plans in

agreement:
  qualified:                  # what marketing may call a qualified lead: one of these four is met
    budget:
      column: Budget          # half of the leads say
      values: [Approved, Planned]  # "None yet" does not count
    authority:
      column: Decision Role   # half of the leads say
      values: [Decision maker, Influencer]  # who uses it does not buy it
    need:
      column: Need            # half of the leads say
      values: [Defined, Urgent]  # who explores reads on
    timeframe:
      column: Timeframe       # changes; read as it stands tonight
      values: [This quarter, Next quarter]  # sales does not wait longer
    at_least: 1               # of the four; whoever told nothing is not qualified
  consent:
    column: Consent           # to be called and mailed
    values: ["Yes"]           # in quotes, for YAML reads a bare yes as true; never asked counts as no
  disqualified:               # nobody works these
    - column: Seniority       # as they said when they signed up
      values: [Student]       # they write theses, not orders
  sales_ready_grades: [A, B]  # what marketing hands over, signed by both
  capacity_per_day: 12        # leads; what the representatives can call in a day beside their open ones
  team: Sales Team            # leaks are told by it
  exploration_share: 0.1      # of the capacity, drawn by lot: else nobody learns what the others are worth
  hours_per_lead: 1.5         # hours of sales, from the first call to a yes or no
  contact_within_hours: 48    # hours from hand-off to first contact: two days, for some come in on a Friday
  silent_after_days: 14       # days without a word from sales, then the lead goes back
  rest_days: 30               # days that a lead which came back stays with marketing
  recycle_reasons: [No budget, Bad timing, No response]  # lost for now: next year may be different
  drop_reasons: [Wrong person]  # rejected for good: another person of the account may be right
  drop_after_days: 365        # days; what is a year old is closed
  may_overrule: [Head of sales, Head of marketing]  # whose word in a feedback file sends a lead another way
  overrule_days: 30           # days that such a word holds
  sales_kinds: [call, meeting]  # kinds of events that are sales at work, beside the first contact
  nurture_kinds: [mail_sent]  # kinds of events that are marketing at work
  buying_group:
    column: Decision Role     # who takes part in a purchase, by account
    roles: [Decision maker, Influencer, User]  # a deal needs all three
  grade_shares: [0.1, 0.2, 0.3]  # of A, B and C among open leads; D is the rest

delivery:
  salesforce:                 # Bulk API 2.0
    object: Lead              # the object that the scores are fields of
    operation: update         # never upsert by Id: a lead that is gone must not come back
    key_field: Id             # Lead ID is Salesforce's own 18-character id
    prefix: Lead_             # of the custom fields, as in Lead_Score__c
  hubspot:
    key_field: salesforceleadid  # a unique property: HubSpot has ids of its own
    prefix: leadgauge_        # of the properties, as in leadgauge_score
  dynamics:
    key_field: new_salesforceid  # an alternate key: Dataverse has ids of its own
    prefix: new_              # the publisher's, as in new_leadscore
  expires_after_days: 7       # days after which a score must not be used any more

limits:
  quarantine_share: 0.05      # of a table's rows; more unreadable ones stop the run
  memory_gb: 4                # GB that DuckDB may take before it goes to disk

report:
  title: Lead quality at the simulated company  # the headline
  audience: leadership        # who reads it: marketing, sales and joint have other sections first
  language: en                # how numbers and dates are written
  currency: EUR               # of amount and spend (ISO 4217)
  min_group: 10               # leads; smaller groups are not shown, for they tell of people
  history_days: 730           # days that the report looks back
  dimensions:                 # what quality is held against volume by, beside source and campaign
    channel: Channel          # several sources each
    message: Message          # the text of the ad, mail or page that they answered
    landing_page: Landing Page  # where they signed up
  segments: [Seniority, Industry, Company Size, Sales Team]  # columns that differences are told between
  sales_sources: [Cold outbound]  # sales finds these itself; all others are marketing's
  goals:                      # signed for this year; close rate, cycle and value are proposed from the past
    touched_in_time: 0.9      # share of leads handed over that were contacted within 48 hours
    cost_per_win: 1200        # EUR; what marketing may spend on a won deal

schedule:
  nightly: "30 4 * * *"       # 04:30: after the exports, and no hour that summer time skips or repeats
  retrain: "0 5 * * 0"        # Sundays at 05:00
  review_monthly: "0 6 1 * *"  # the first of the month at 06:00: both departments read last month
  review_quarterly: "30 6 1 1,4,7,10 *"  # the first of the quarter, half an hour later: the budget's review
"""

_ACCOUNTS = """\
  accounts:
    path: accounts.csv        # complete where leads.csv has gaps
    columns: {account_id: Account ID}
    drop: [Company]           # a name, known from the lead
"""


def project_file(scenario: Scenario) -> str:
    """Return the project file (YAML) of a company written by `simulation.export.write_company`."""
    trap = f"{HINDSIGHT_COLUMN} is not here on purpose: the hindsight audit finds it"
    return _HEAD.format(
        cutoff=scenario.cutoff_time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        account="      account_id: Account ID\n" if scenario.accounts else "",
        accounts=_ACCOUNTS if scenario.accounts else "",
        horizon=HORIZON_DAYS,
        trap=trap if scenario.hindsight else "nothing to leave out",
    )
