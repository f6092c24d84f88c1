"""What leads and sales do keeps to the order of things, and tells of intent."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from simulation.behaviour import BEFORE_DAYS, BEFORE_KINDS, WEB_RATES, within
from simulation.company import Company
from simulation.selling import PASSING, REFUSALS

HAND_OFFS = ("handed_over", "accepted", "rejected", "contacted", "recycled")


def _dated(company: Company, frame: pd.DataFrame) -> pd.DataFrame:
    created = company.leads.set_index("Lead ID")["Created Date"]
    closed = company.opportunities.set_index("Lead ID")["Close Date"]
    return frame.assign(created=frame["Lead ID"].map(created), closed=frame["Lead ID"].map(closed))


def _first(company: Company, kind: str, *, open_only: bool = False) -> pd.Series:
    own = company.sales_activities[company.sales_activities["Activity"] == kind]
    if open_only:
        dated = _dated(company, own)
        own = own[~(dated["Activity Date"] >= dated["closed"])]
    assert own["Lead ID"].is_unique
    return own.set_index("Lead ID")["Activity Date"]


def test_there_are_as_many_events_as_were_wanted(company: Company) -> None:
    events = company.web_events, company.mail_events, company.sales_activities

    assert sum(map(len, events)) / len(company.leads) == pytest.approx(22, rel=0.06)


def test_before_creation_there_are_visits_of_pages_and_nothing_else(company: Company) -> None:
    web = _dated(company, company.web_events)
    before = web[web["Activity Date"] < web["created"]]

    assert set(before["Activity"]) == set(BEFORE_KINDS)
    assert (before["created"] - before["Activity Date"]).max() <= pd.Timedelta(days=BEFORE_DAYS)
    for frame in (company.mail_events, company.sales_activities):
        dated = _dated(company, frame)
        assert (dated["Activity Date"] >= dated["created"]).all()


def test_a_few_leads_still_turn_up_after_closing(company: Company) -> None:
    web = _dated(company, company.web_events)
    after = web[web["Activity Date"] >= web["closed"]]

    assert 0.001 < len(after) / len(web) < 0.02
    assert set(after["Activity"]) <= {"product_page", "docs", "blog"}


def test_after_closing_sales_does_nothing_but_give_lost_leads_back(company: Company) -> None:
    sales = _dated(company, company.sales_activities)
    after = sales[sales["Activity Date"] >= sales["closed"]]
    reason = company.opportunities.set_index("Lead ID")["Loss Reason"]

    assert set(after["Activity"]) == {"recycled"}
    assert after["Lead ID"].is_unique
    assert set(after["Lead ID"].map(reason)) == set(PASSING)


def test_most_lost_leads_whose_reason_may_pass_go_back_within_days_and_are_mailed(
    company: Company,
) -> None:
    sales = _dated(company, company.sales_activities)
    back = sales[(sales["Activity"] == "recycled") & (sales["Activity Date"] >= sales["closed"])]
    back = back.set_index("Lead ID")
    lost = company.opportunities.set_index("Lead ID")
    lost = lost[lost["Loss Reason"].isin(PASSING)]
    long_ago = lost.index[lost["Close Date"] < lost["Close Date"].max() - pd.Timedelta(days=60)]
    mails = company.mail_events[company.mail_events["Activity"] == "mail_sent"]
    last = mails.groupby("Lead ID")["Activity Date"].max()

    went = long_ago[long_ago.isin(back.index)]
    assert 0.80 < len(went) / len(long_ago) < 0.90
    days = (back["Activity Date"] - back["closed"]).dt.total_seconds() / 86_400
    assert 0.5 < days.median() < 2
    mailed = (last.reindex(went) > back["Activity Date"].reindex(went)).mean()
    assert 0.75 < mailed < 0.95


def test_all_kinds_of_events_occur(company: Company) -> None:
    assert set(company.web_events["Activity"]) == set(WEB_RATES)
    assert set(company.mail_events["Activity"]) == {
        "mail_sent",
        "mail_opened",
        "mail_clicked",
        "unsubscribed",
    }
    assert set(company.sales_activities["Activity"]) == {*HAND_OFFS, "call", "meeting"}


def test_nobody_who_unsubscribed_gets_another_mail(company: Company) -> None:
    mail = company.mail_events
    left = mail[mail["Activity"] == "unsubscribed"].groupby("Lead ID")["Activity Date"].min()

    last = mail.groupby("Lead ID")["Activity Date"].max().reindex(left.index)
    assert (last == left).all()


def test_a_lead_is_handed_over_then_accepted_or_rejected_then_contacted(company: Company) -> None:
    handed, accepted, rejected, contacted, recycled = (
        _first(company, kind, open_only=True) for kind in HAND_OFFS
    )

    assert (accepted > handed.reindex(accepted.index)).all()
    assert (rejected > handed.reindex(rejected.index)).all()
    assert not set(accepted.index) & set(rejected.index)
    assert (contacted > accepted.reindex(contacted.index)).all()
    decided = pd.concat([accepted, rejected])
    assert (recycled > decided.reindex(recycled.index)).all()


def test_some_accepted_leads_are_never_contacted_and_slow_representatives_have_more_of_them(
    many_leads: Company,
) -> None:
    accepted, contacted = _first(many_leads, "accepted"), _first(many_leads, "contacted")
    owner = many_leads.leads.set_index("Lead ID")["Lead Owner"].reindex(accepted.index)
    leaks = (~accepted.index.isin(contacted.index)).astype(float)

    by_owner = pd.Series(leaks, accepted.index).groupby(owner).mean()
    assert 0.03 < leaks.mean() < 0.30
    assert by_owner["West rep 2"] > 2 * by_owner["DACH rep 1"]


def test_talks_are_logged_when_they_happened_or_later_and_hand_offs_at_once(
    company: Company,
) -> None:
    sales = company.sales_activities
    delay = sales["Logged At"] - sales["Activity Date"]
    talk = sales["Activity"].isin(["call", "meeting"])

    assert (delay[~talk] == pd.Timedelta(0)).all()
    assert (delay >= pd.Timedelta(0)).all()
    assert delay[talk].dt.total_seconds().median() > 2 * 3600
    assert sales["Minutes"].notna().equals(talk)


def test_marketing_hands_over_and_the_lead_s_representative_does_the_rest(company: Company) -> None:
    sales = company.sales_activities
    handed = sales["Activity"] == "handed_over"
    owner = sales["Lead ID"].map(company.leads.set_index("Lead ID")["Lead Owner"])

    assert (sales["Who"][handed] == "Marketing").all()
    assert (sales["Who"][~handed] == owner[~handed]).all()


def test_rejections_have_a_reason_and_nothing_else_has(company: Company) -> None:
    sales = company.sales_activities

    assert sales["Reason"].notna().equals(sales["Activity"] == "rejected")
    assert set(sales["Reason"].dropna()) == set(REFUSALS)


def test_recent_visits_tell_more_of_a_lead_a_fortnight_old_than_its_first_day_did(
    many_leads: Company,
) -> None:
    truth = many_leads.truth[many_leads.truth["Moment"] == "age_14"].set_index("Lead ID")
    first = many_leads.truth[many_leads.truth["Moment"] == "created"].set_index("Lead ID")
    web = many_leads.web_events
    since = web["Lead ID"].map(truth["As Of"]) - web["Activity Date"]
    recent = since.between(pd.Timedelta(0), pd.Timedelta(days=7), inclusive="right")
    asks = web["Activity"].isin(["pricing_page", "product_page", "docs", "demo_request"])
    visits = web[recent & asks].groupby("Lead ID").size().reindex(truth.index).fillna(0)
    known = first["Observable Probability"].reindex(truth.index)

    assert roc_auc_score(truth["Won"], visits) > 0.6
    both = np.log(known / (1 - known)) + visits
    assert roc_auc_score(truth["Won"], both) > roc_auc_score(truth["Won"], known) + 0.02


def test_a_drawn_moment_lies_in_its_day_even_if_that_is_a_second_long() -> None:
    start = np.arange(0, 200_000, 7)
    random = np.random.default_rng(1)

    for length in (1, 60, 86_400):
        at = within(start, start + length, random)
        assert ((at >= start) & (at < start + length)).all()
