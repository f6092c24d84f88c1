"""A simulated company, end to end: what a newcomer runs first."""

from datetime import datetime, timedelta
from pathlib import Path

from pipelines.check import check
from pipelines.home import Home
from pipelines.nightly import nightly
from pipelines.report import report
from pipelines.retrain import retrain
from pipelines.settings import Request, make_request
from pipelines.steps import Steps
from pipelines.summary import Summary

SHOWN = 5
WEEKS = 2  # between the training and the end of the data


def demo(home: Home, folder: Path, steps: Steps, *, leads: int, seed: int) -> Summary:
    """Simulate a company into ``folder``, then check, train, score and report on it as on any other.

    It trains two weeks before the end of the data and scores a night of each week since, so that the report has
    something to look back on.
    """
    file = steps.run("simulate a company", simulate_into, folder, leads, seed)
    checked = check(make_request(file, None, home), steps)
    asked = make_request(file, None, home)
    first = _weeks_before(asked, WEEKS)
    trained = retrain(asked.at(first), steps)
    for week in range(WEEKS, 0, -1):
        nightly(make_request(file, None, home).at(_weeks_before(asked, week)), steps)
    scored = nightly(make_request(file, None, home), steps)
    told = report(make_request(file, None, home), steps)
    top = steps.run("show the likeliest leads", likeliest, scored.written[0])
    shown = make_request(file, None, home).shown_file
    return Summary(
        project=scored.project,
        command="demo",
        run_id=scored.run_id,
        as_of=scored.as_of,
        data_cutoff=scored.data_cutoff,
        written=[told.written[0], *scored.written, folder],
        # The training stood two weeks earlier and counted the same rows up to then.
        warnings=[*dict.fromkeys([*checked.warnings, *scored.warnings])],
        facts={
            "leads": scored.facts["leads"],
            "grades": scored.facts["grades"],
            "routes": scored.facts["routes"],
            "expected_wins": scored.facts["expected_wins"],
            "likeliest_leads": top,
            "findings": told.facts["findings"][:SHOWN],
            "hindsight": checked.facts["hindsight"],
            "model_version": trained.facts["model_version"],
            "step": trained.facts["step"],
            "why": trained.facts["why"],
            "promoted": trained.facts["promoted"],
            "evaluation": trained.facts["evaluation"],
        },
        headline=f"A simulated company of {leads} leads: {scored.headline}",
        next_steps=[
            f"open {told.written[0]} in a browser",
            f"read {shown}: the project file that all of this came from",
            f"leadgauge explain {shown} {top[0]['lead'] if top else 'LEAD_ID'}",
            "write a project file like it for your own exports, and run `leadgauge check` on it",
        ],
    )


def _weeks_before(request: Request, weeks: int) -> datetime:
    """Return the moment so many weeks before the simulated data end."""
    end = request.project.data_cutoff
    assert end is not None, "the simulated company says where its data end"  # noqa: S101  our own file
    return request.project.moment(end) - timedelta(weeks=weeks)


def likeliest(night: Path, count: int = SHOWN) -> list[dict[str, str]]:
    """Return the likeliest leads of a publication with what speaks for and against each."""
    import pandas as pd

    rows = pd.read_csv(night / "scores.csv", dtype=str, keep_default_na=False)
    rows = rows.sort_values("close_probability", ascending=False, kind="stable").head(count)
    said = {"for": ["reason_1", "reason_2", "reason_3"], "against": ["against_1", "against_2"]}
    return [
        {
            "lead": str(row["lead_id"]),
            "chance": f"{float(row['close_probability']):.0%}",
            "grade": str(row["grade"]),
            **{
                side: "; ".join(row[column] for column in columns if row[column])
                for side, columns in said.items()
            },
        }
        for _, row in rows.iterrows()
    ]


def simulate_into(folder: Path, leads: int, seed: int) -> Path:
    """Simulate a company, write its exports and return the path of its project file."""
    from simulation.company import simulate
    from simulation.export import write_company

    return write_company(simulate(leads, seed=seed), folder)
