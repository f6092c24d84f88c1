"""The project file of the company that speed is measured on."""

PROJECT = """\
project: speed
timezone: Europe/Berlin
data_cutoff: "2026-03-02T05:00:00Z"

sources:
  leads:
    path: leads.parquet
    timezone: UTC
    columns:
      lead_id: Lead ID
      created_at: Created Date
      account_id: Account
      owner: Owner
      source: Source
      campaign: Campaign
  outcomes:
    path: outcomes.parquet
    timezone: UTC
    columns: {lead_id: Lead ID, status: Stage, closed_at: Close Date, amount: Amount}
  events:
    path: events/*.parquet
    timezone: UTC
    columns: {lead_id: Lead ID, kind: Activity, occurred_at: Activity Date, value: Minutes}
  accounts:
    path: accounts.parquet
    columns: {account_id: Account}

label:
  horizon_days: 30
  won: Closed Won
  lost: Closed Lost

model:
  ages_days: [0, 3, 7, 14, 30, 60]
  seeds: 1
  folds: 3

agreement:
  capacity_per_day: 200

delivery:
  salesforce: {operation: update, key_field: Id}
  hubspot: {key_field: salesforceleadid}
  dynamics: {key_field: new_salesforceid}

limits:
  memory_gb: 2
"""
