"""What can be broken in the company's tables and project file, and what is said of it."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.bad_input_company import Company

Change = Callable[[Company], object]
Named = dict[str, str]


def no_leads_file(company: Company) -> None:
    (company.folder / "leads.csv").rename(company.folder / "leads_2025.csv")


def misspelt_column(company: Company) -> None:
    company.edit(lambda said: said["sources"]["leads"]["columns"].update(created_at="Creatd"))


def misspelt_leave_out(company: Company) -> None:
    company.edit(lambda said: said["features"].update(leave_out={"Industri": "known late"}))


def renamed(old: str, new: str) -> Change:
    def rename(row: Named) -> Named:
        return {new if name == old else name: value for name, value in row.items()}

    return lambda company: company.change_rows("leads", rename)


def repeated_ids(number: int) -> Change:
    def repeat(company: Company) -> None:
        rows = company.rows("leads")
        company.write("leads", rows + [{**row, "Employees": "1"} for row in rows[:number]])

    return repeat


def outcomes_of_nobody(number: int) -> Change:
    def add(company: Company) -> None:
        rows = company.rows("outcomes")
        company.write("outcomes", rows + [{**row, "Lead ID": "X1"} for row in rows[:number]])

    return add


def all_end_as(stage: str) -> Change:
    return lambda company: company.change_rows("outcomes", lambda row: {**row, "Stage": stage})


def ten_leads(company: Company) -> None:
    kept = {row["Lead ID"] for row in company.rows("leads")[:10]}
    for table in ("leads", "outcomes", "events"):
        company.write(table, [row for row in company.rows(table) if row["Lead ID"] in kept])


def short_history(company: Company) -> None:
    company.edit(lambda said: said["label"].update(horizon_days=400))


def no_events(company: Company) -> None:
    company.without_rows("events")


def words_for_numbers(number: int) -> Change:
    def say(row: Named) -> Named:
        return {**row, "Employees": "many"} if row["Lead ID"] < f"L{number:04}" else row

    return lambda company: company.change_rows("leads", say)


def zone(company: Company) -> None:
    company.edit(lambda said: said.update(timezone="Europe/Berln"))


def zone_of_a_source(company: Company) -> None:
    company.edit(lambda said: said["sources"]["outcomes"].update(timezone="Mars/Base"))


def a_new_kind(company: Company) -> None:
    chats = [
        {"Lead ID": f"L{number:04}", "Activity": "chat", "At": "2025-10-30T08:00:00Z"}
        for number in range(490, 497)
    ]
    company.write("events", company.rows("events") + chats)


def a_new_source(company: Company) -> None:
    company.change_rows(
        "leads", lambda row: {**row, "Source": "Podcast"} if row["Lead ID"] >= "L0490" else row
    )


ADVICE = (
    ". Add older leads, or check in the project file that label.won and label.lost name the right values"
    " and that label.horizon_days is not too long for the data"
)
ALL_WON = "all 429 leads were won: without lost leads there is nothing to tell apart (label.lost)"
TEN = (
    "10 leads with a known outcome, 100 are needed (model.min_leads); "
    "6 won leads, 30 are needed (model.min_wins). If 6 of 10 leads go on to be won, it takes about 100 of them, "
    "90 more: at the pace so far (10 in 5 days) about 49 days more of data"
)
SHORT = (
    "0 leads with a known outcome, 100 are needed (model.min_leads); "
    "0 won leads, 30 are needed (model.min_wins)"
)
NO_WINS = (
    "outcomes: no row of Stage is one of label.won ('Won'); found are 'Lost' (466). Name under label.won what "
    "won leads are called here, or check that the export holds them"
)


@dataclass(frozen=True)
class Refusal:
    """What is broken, which command meets it, and what it says."""

    broken: str
    change: Change
    command: str
    code: int
    kind: str
    message: str


REFUSALS = [
    Refusal(
        "a missing file",
        no_leads_file,
        "score",
        3,
        "ProjectError",
        "sources.leads.path: there is no file HERE/leads.csv; did you mean leads_2025.csv or events.csv?",
    ),
    Refusal(
        "a column that the project file misspells",
        misspelt_column,
        "check",
        3,
        "ProjectError",
        "sources.leads.columns.created_at: leads.csv has no column 'Creatd'; did you mean Created?",
    ),
    Refusal(
        "a column to leave out that there is not",
        misspelt_leave_out,
        "train",
        3,
        "ProjectError",
        "features.leave_out.Industri: no table has a column 'Industri'; did you mean Industry?",
    ),
    Refusal(
        "an export that renamed the id",
        renamed("Lead ID", "Lead Identifier"),
        "score",
        3,
        "ProjectError",
        "sources.leads.columns.lead_id: leads.csv has no column 'Lead ID'; did you mean Lead Identifier?",
    ),
    Refusal(
        "an export that renamed a column the model knows",
        renamed("Industry", "Industries"),
        "score",
        4,
        "DataError",
        "columns that the model was trained on are no longer in the data:\n"
        "  leads: 'Industry'; did you mean Industries?\n"
        "put them back into the export, or train anew without them",
    ),
    Refusal(
        "many leads with one id",
        repeated_ids(60),
        "score",
        4,
        "DataError",
        "leads: 120 of 560 rows (21.4%) are refused; limits.quarantine_share allows 5.0%\n"
        "  120 x two leads with one id\n"
        + "".join(
            f"  for example leads.csv row {n + 2}, Lead ID = 'L000{n}': two leads with one id [see row {n + 502}]\n"
            for n in range(5)
        )
        + "all of them, each with its reason: HOME/acme/work/RUN/tables/quarantine.csv",
    ),
    Refusal(
        "many outcomes for no lead",
        outcomes_of_nobody(60),
        "score",
        4,
        "DataError",
        "outcomes: 60 of 526 rows (11.4%) are refused; limits.quarantine_share allows 5.0%\n"
        "  60 x no lead has this id\n"
        "  for example outcomes.csv row 468, Lead ID = 'X1': no lead has this id\n"
        "  for example outcomes.csv row 469, Lead ID = 'X1': no lead has this id\n"
        "all of them, each with its reason: HOME/acme/work/RUN/tables/quarantine.csv",
    ),
    Refusal(
        "all leads won",
        all_end_as("Won"),
        "train",
        5,
        "NotEnoughError",
        f"not enough data to train on: {ALL_WON}{ADVICE}",
    ),
    Refusal("no won lead, trained", all_end_as("Lost"), "train", 4, "DataError", NO_WINS),
    Refusal("no won lead, at night", all_end_as("Lost"), "score", 4, "DataError", NO_WINS),
    Refusal(
        "ten leads",
        ten_leads,
        "train",
        5,
        "NotEnoughError",
        f"not enough data to train on: {TEN}{ADVICE}",
    ),
    Refusal(
        "a history shorter than the horizon",
        short_history,
        "train",
        5,
        "NotEnoughError",
        f"not enough data to train on: {SHORT}{ADVICE}",
    ),
    Refusal(
        "a night without events",
        no_events,
        "score",
        6,
        "StoppedError",
        "events: there are none, and the model was trained on events ('demo', 'visit'): every lead looks "
        "as if it had done nothing. Nothing was published. Check the export that sources.events names, train anew "
        "without events, or say --force if this is as it should be",
    ),
    Refusal(
        "a column that turned from number to text",
        words_for_numbers(500),
        "score",
        4,
        "DataError",
        "leads: 500 of 500 values of 'Employees' are no numbers, 'many' for one. The column was a number when the "
        "model was trained, or is declared one: mend the export, say `decimal` or `missing_in` for the source, or "
        "declare it a category under `types` and train anew",
    ),
    Refusal(
        "a time zone that does not exist",
        zone,
        "score",
        3,
        "ProjectError",
        "HERE/acme.yaml: 1 problem(s)\n"
        "  timezone: there is no time zone 'Europe/Berln'; expected an IANA name such as Europe/Berlin or UTC; "
        "did you mean Europe/Berlin or Europe/Dublin or Europe/Belfast?",
    ),
    Refusal(
        "a source's time zone that does not exist",
        zone_of_a_source,
        "check",
        3,
        "ProjectError",
        "HERE/acme.yaml: 1 problem(s)\n"
        "  sources.outcomes.timezone: there is no time zone 'Mars/Base'; expected an IANA name such as Europe/Berlin "
        "or UTC",
    ),
]
