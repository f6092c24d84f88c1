"""What the demo shows at the end: the likeliest leads and why."""

from pathlib import Path

from pipelines.demo import likeliest

SCORES = """\
lead_id,close_probability,grade,reason_1,reason_2,reason_3,against_1,against_2
a,0.1200,C,,,,created 40 days ago,
b,0.9000,A,visits to the pricing page: 3 in the last 7 days,age: 2 days,,,
c,0.9000,A,no strong driver,,,mails sent to them: 9 so far,Country: NA
"""


def test_the_likeliest_leads_come_first_with_what_speaks_for_and_against(tmp_path: Path) -> None:
    (tmp_path / "scores.csv").write_text(SCORES, encoding="utf-8")
    assert likeliest(tmp_path, 2) == [
        {
            "lead": "b",
            "chance": "90%",
            "grade": "A",
            "for": "visits to the pricing page: 3 in the last 7 days; age: 2 days",
            "against": "",
        },
        {
            "lead": "c",
            "chance": "90%",
            "grade": "A",
            "for": "no strong driver",
            "against": "mails sent to them: 9 so far; Country: NA",
        },
    ]


def test_a_night_without_open_leads_has_nobody_to_show(tmp_path: Path) -> None:
    (tmp_path / "scores.csv").write_text(SCORES.splitlines()[0] + "\n", encoding="utf-8")
    assert likeliest(tmp_path) == []
