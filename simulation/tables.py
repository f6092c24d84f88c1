"""From what happened to the tables of a CRM: what is known before the data's end, as an export names it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulation import money, selling
from simulation.arrays import Texts, as_times, draw_position, where_told
from simulation.behaviour import Occurrences
from simulation.intent import EVALUATING
from simulation.journeys import Journeys
from simulation.market import SIZE_BANDS
from simulation.names import record_ids
from simulation.planted import HINDSIGHT_COLUMN
from simulation.profiles import Profiles
from simulation.scenario import DAY, Scenario
from simulation.selling import HandOff

# The trap is filled in when a lead is closed.
_FILLED_WHEN_WON, _FILLED_WHEN_LOST, _FILLED_WHEN_OPEN = 0.93, 0.03, 0.004
_NEW_STATUS = "Open - Not Contacted"
_WRONG_SIZE = 0.04
_LOST_ON_THE_WAY = {"Industry": 0.06, "No. of Employees": 0.12, "Department": 0.10}
_SUPPRESSED = 0.003
_C_TITLES = {
    "Operations": "COO",
    "IT": "CIO",
    "Procurement": "CPO",
    "Finance": "CFO",
    "Marketing": "CMO",
}
_REMARKS = (
    "Met at the booth.\nWants material by mail.",
    "Asked how the interfaces work",
    'Said: "call me after the holidays"',
    "Compares three vendors,\nbudget round in autumn",
    "Came through a colleague, no details",
    "Wants to see a reference; same industry",
)
_REMARKED = 0.3
_CONSENT = np.array([0.98, 0.012])  # Yes, No; the rest was never asked


@dataclass(frozen=True)
class Tables:
    """Builds the tables of a company from its profiles and journeys."""

    scenario: Scenario
    profiles: Profiles
    journeys: Journeys

    @property
    def lead_ids(self) -> Texts:
        """The leads' ids, in order of creation."""
        return self.profiles.leads["Lead ID"].to_numpy()

    @property
    def is_closed(self) -> Texts:
        """Which leads are closed before the data's end."""
        return self.journeys.closed < self.scenario.cutoff

    def events(self, events: Occurrences) -> pd.DataFrame:
        """Return web or mail events: lead, activity, when."""
        known = events.take(events.at < self.scenario.cutoff)
        kinds = np.array(known.kinds, dtype=object)
        return pd.DataFrame(
            {
                "Lead ID": self.lead_ids[known.lead],
                "Activity": kinds[known.kind],
                "Activity Date": as_times(known.at),
            }
        )

    def sales_activities(self, events: Occurrences, steps: HandOff) -> pd.DataFrame:
        """Return hand-offs, calls and meetings; these two are logged with a delay, and may not be yet.

        ``Who`` did it: marketing hands over, the lead's representative does the rest. ``Reason``: of rejections.
        """
        random = self.scenario.random("logging")
        talk = events.kind >= selling.KINDS.index("call")
        logged = events.at + np.where(talk, random.exponential(0.35 * DAY, len(talk)), 0).astype(
            np.int64
        )
        minutes = np.where(talk, np.maximum(2, np.round(random.gamma(2.0, 9.0, len(talk)))), np.nan)
        known = events.take(logged < self.scenario.cutoff)
        frame = self.events(known)
        frame["Logged At"] = as_times(logged[logged < self.scenario.cutoff])
        frame["Minutes"] = minutes[logged < self.scenario.cutoff]
        handed = known.kind == selling.KINDS.index("handed_over")
        owner = self.profiles.leads["Lead Owner"].to_numpy()[known.lead]
        frame["Who"] = np.where(handed, selling.MARKETING, owner)
        refused = known.kind == selling.KINDS.index("rejected")
        frame["Reason"] = where_told(refused, steps.refusal[known.lead])
        return frame

    def opportunities(self, reason: Texts) -> pd.DataFrame:
        """Return one row per closed lead: stage, when, amount, discount, margin, reason, competitor.

        A lead that never got as far as an offer has no amount, discount and margin.
        """
        random = self.scenario.random("money")
        own = self.profiles.accounts.iloc[self.profiles.account]
        amount = money.amounts(
            own["No. of Employees"].to_numpy(), own["_spending"].to_numpy(), random
        )
        last, won = self.journeys.last_state, self.journeys.won
        offered = won | (last >= EVALUATING)
        discount = money.discounts(last, random)
        frame = pd.DataFrame(
            {
                "Lead ID": self.lead_ids,
                "Stage": np.where(won, "Closed Won", "Closed Lost"),
                "Close Date": as_times(self.journeys.closed),
                "Amount": np.where(offered, amount, np.nan),
                "Discount %": np.where(offered, discount, np.nan),
                "Margin %": np.where(offered, money.margins(discount, random), np.nan),
                "Loss Reason": reason,
                "Competitor": money.competitors(
                    own["No. of Employees"].to_numpy(), won, reason, random
                ),
            }
        )
        frame = frame[self.is_closed].sort_values(["Close Date", "Lead ID"], ignore_index=True)
        frame.insert(0, "Opportunity ID", record_ids("006", len(frame)))
        return frame

    def history(self, steps: HandOff, said: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the changes of attributes, and the values that they leave the leads with."""
        random = self.scenario.random("history")
        size, wrong, corrections = self._company_sizes(random)
        initial = {
            "Lead Status": pd.Series(_NEW_STATUS, index=range(len(size))),
            "Timeframe": said["Timeframe"],
            "Company Size": wrong,
        }
        changes = pd.concat(
            [
                selling.status_changes(self.journeys, steps),
                selling.timeframe_changes(self.journeys, random),
                corrections,
            ],
            ignore_index=True,
        )
        changes = changes[changes["at"] < self.scenario.cutoff]
        current, chained = pd.DataFrame(index=range(len(size))), []
        for field, first in initial.items():
            own = selling.chain(changes[changes["Field"] == field], first)
            last = own.drop_duplicates("lead", keep="last").set_index("lead")["New Value"]
            current[field] = last.reindex(current.index).where(
                current.index.isin(last.index), first
            )
            chained.append(own)
        history = pd.concat(chained).sort_values(
            ["at", "lead", "Field"], kind="stable", ignore_index=True
        )
        history.insert(0, "Lead ID", self.lead_ids[history["lead"]])
        history["Edit Date"] = as_times(history["at"].to_numpy())
        return history[["Lead ID", "Field", "Old Value", "New Value", "Edit Date"]], current

    def _company_sizes(
        self, random: np.random.Generator
    ) -> tuple[pd.Series, pd.Series, pd.DataFrame]:
        """Return the bands, those that were first written down, and the corrections."""
        floors = np.array([floor for floor, _ in SIZE_BANDS])
        names = np.array([name for _, name in SIZE_BANDS], dtype=object)
        band = (
            np.searchsorted(
                floors, self.profiles.leads["No. of Employees"].to_numpy(), side="right"
            )
            - 1
        )
        lead = np.flatnonzero(random.random(len(band)) < _WRONG_SIZE)
        first = band.copy()
        first[lead] = np.where(band[lead] == 0, 1, band[lead] - 1)
        at = (
            self.journeys.created[lead]
            + (random.exponential(20.0, len(lead)) * DAY).astype(np.int64)
            + 3600
        )
        corrections = pd.DataFrame(
            {"lead": lead, "Field": "Company Size", "New Value": names[band[lead]], "at": at}
        )
        return pd.Series(names[band]), pd.Series(names[first]), corrections

    def leads(self, said: pd.DataFrame, current: pd.DataFrame) -> pd.DataFrame:
        """Return the leads as they stand at the data's end."""
        random = self.scenario.random("leads")
        frame = self.profiles.leads.copy()
        frame.insert(1, "Created Date", as_times(self.journeys.created))
        frame["Title"] = _titles(frame)
        frame["Need"], frame["Demo Requested"] = said["Need"], said["Demo Requested"]
        frame[list(current.columns)] = current
        remarks = np.array(_REMARKS, dtype=object)[random.integers(0, len(_REMARKS), len(frame))]
        frame["Description"] = where_told(random.random(len(frame)) < _REMARKED, remarks)
        answer = draw_position(
            np.broadcast_to(np.cumsum(_CONSENT), (len(frame), 2)), self.scenario.random("consent")
        )
        frame["Consent"] = np.array(["Yes", "No", None], dtype=object)[answer]
        draw = random.random(len(frame))
        filled = np.where(self.journeys.won, _FILLED_WHEN_WON, _FILLED_WHEN_LOST)
        filled = np.where(self.is_closed, filled, _FILLED_WHEN_OPEN)
        if self.scenario.hindsight:
            frame[HINDSIGHT_COLUMN] = where_told(draw < filled, "Yes")
        if not self.scenario.accounts:
            return frame.drop(columns="Account ID")
        for column, share in _LOST_ON_THE_WAY.items():
            frame[column] = frame[column].where(random.random(len(frame)) >= share)
        return frame

    def accounts(self) -> pd.DataFrame:
        """Return the accounts, complete; none where leads have no account."""
        accounts = self.profiles.accounts
        named = accounts[[column for column in accounts if not str(column).startswith("_")]]
        return named if self.scenario.accounts else named.iloc[:0]

    def suppression(self) -> pd.DataFrame:
        """Return who must not be scored: lead, since when, why."""
        random = self.scenario.random("suppression")
        chosen = np.sort(
            random.permutation(len(self.lead_ids))[: round(len(self.lead_ids) * _SUPPRESSED)]
        )
        since = self.journeys.created[chosen] + (random.random(len(chosen)) * 20 * DAY).astype(
            np.int64
        )
        reasons = np.array(["Objected to profiling", "Asked to be forgotten"], dtype=object)
        return pd.DataFrame(
            {
                "Lead ID": self.lead_ids[chosen],
                "Since": as_times(np.minimum(since, self.scenario.cutoff - 1)),
                "Reason": reasons[random.integers(0, 2, len(chosen))],
            }
        )


def _titles(leads: pd.DataFrame) -> pd.Series:
    department, seniority = leads["Department"], leads["Seniority"]
    title = seniority + " " + department
    title = title.mask(seniority == "Manager", department + " Manager")
    title = title.mask(seniority == "C-level", department.map(_C_TITLES))
    return title.mask(seniority == "Student", "Student")
