"""The gate: may the challenger take the champion's place?"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.calibrated import Calibration
from models.difference import Difference
from models.metrics import Integers, log_losses
from models.opponent import ENOUGH_WON, Opponent
from models.scorer import Floats

FLOOR = "base_rate"  # what any model has to reach
BASELINES = (FLOOR, "odoo")
MUCH_WORSE = 0.02  # of the base rate's log loss
ENOUGH_WINS = ENOUGH_WON
LEARN_MORE = (
    "the columns tell nothing that held later: `leadgauge check` says what each table gives, and which"
    " columns were left out; more history, events or attributes known early help"
)
RECALIBRATE = (
    "look at the calibration in the training's record: where the close rate or the meaning of an outcome"
    " changed, begin the labels after that (label.trusted_from) or shorten label.horizon_days"
)
FIRST = "the first model: nothing to replace"
BETTER = "better than the champion by more than luck"
REFRESHED = "the champion's own procedure on newer data, and nothing speaks against it"
WAIT = "nothing has to be done: train again when more outcomes are known"


@dataclass(frozen=True)
class Verdict:
    """Promoted or not, why, what to do if not, and the figures.

    ``figures`` are the challenger's calibration, ``peers`` that of the others on the same rows.
    ``champion`` is the version that it was held against.
    """

    promoted: bool
    reasons: list[str]
    differences: list[Difference]
    figures: dict[str, float | None] = field(default_factory=dict)
    peers: dict[str, dict[str, float | None]] = field(default_factory=dict)
    advice: str | None = None
    champion: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as JSON values."""
        return asdict(self)

    def metrics(self) -> dict[str, float]:
        """Return the figures that there are by dotted name, for a tracking server."""
        told: dict[str, float | None] = {"gate.promoted": float(self.promoted)}
        told |= {f"gate.{name}": value for name, value in self.figures.items()}
        for one in self.differences:
            named = {"mean": one.mean, "low": one.low, "high": one.high, "won": float(one.won)}
            told |= {f"gate.against_{one.against}.{key}": value for key, value in named.items()}
        return {name: value for name, value in told.items() if value is not None}


def judge_trial(
    predictions: pd.DataFrame,
    champion: Opponent | None,
    *,
    step: str,
    seed: int,
    refresh: bool = False,
) -> Verdict:
    """Judge a challenger by ``Trained.predictions``, against Odoo's scoring, the base rate and the champion.

    A ``refresh`` is the champion's own procedure on newer data; see ``decide``.
    """
    verdict = decide(
        predictions["label"].to_numpy(dtype=np.float64),
        predictions["leadgauge"].to_numpy(dtype=np.float64),
        baselines={
            name: predictions[name].to_numpy(dtype=np.float64)
            for name in BASELINES
            if name in predictions.columns
        },
        groups=predictions["group_id"].to_numpy(),
        clusters=pd.factorize(predictions["cluster"])[0].astype(np.int64),
        champion=None if champion is None else champion.probability,
        unseen_by_champion=None if champion is None else champion.fair,
        is_base_rate=step == FLOOR,
        refresh=refresh,
        even=champion is None or champion.even,
        seed=seed,
    )
    if champion is not None:
        verdict.reasons.append(champion.note)
    return verdict


def decide(
    label: Floats,
    challenger: Floats,
    *,
    baselines: Mapping[str, Floats],
    groups: npt.NDArray[Any],
    clusters: Integers,
    champion: Floats | None = None,
    unseen_by_champion: npt.NDArray[np.bool_] | None = None,
    is_base_rate: bool = False,
    refresh: bool = False,
    even: bool = True,
    seed: int = 7,
) -> Verdict:
    """Judge on one later period, row by row.

    Args:
        label: 0 or 1, (rows,).
        challenger: its probabilities, (rows,), out of fold.
        baselines: probabilities of what it must beat, by name: ``base_rate``, ``odoo``.
        groups: account of each row; the bootstrap draws accounts, not rows.
        clusters: independent outcomes, as ``models.metrics.outcome_clusters`` numbers them.
        champion: probabilities of the model in use, NaN where it has none; None if there is no champion.
        unseen_by_champion: rows on which the two are compared; all where None.
        is_base_rate: the challenger is a base rate itself, which cannot beat itself.
        refresh: challenger and champion come of one procedure; the challenger's data are newer.
        even: the champion had not learned from the rows on which the two are compared.
        seed: of the bootstrap.

    One that takes another's place has to be surely better than the champion and than each
    baseline: the upper end of the 90 % interval of the difference in loss lies below zero. An
    equal one that was lucky is not, and fewer than 20 won outcomes are never sure. The
    first model takes nobody's place, and without it there are no scores: it is refused only if it is
    worse than the base rate, surely or by 2 % of its loss. A refresh is asked the same, and not to be
    worse than the champion, surely or by 2 %, where that can be told: its trial shows models that
    learned as much as the champion, not what it learned since, and so it can hardly be surely
    better. All have to be calibrated (``models.calibrated``).
    """
    if not len(label):
        return Verdict(False, ["there are no later rows to judge on"], [], advice=WAIT)
    refresh = refresh and champion is not None
    first, bench = champion is None, _Bench(label, challenger, groups, clusters, seed)
    for name, baseline in baselines.items():
        _hold_against_baseline(
            bench, name, baseline, lenient=first or refresh, is_base_rate=is_base_rate
        )
    everything = np.ones(len(label), dtype=bool)
    if champion is not None:
        rows = everything if unseen_by_champion is None else unseen_by_champion
        rows = rows & ~np.isnan(champion)
        if refresh:
            _hold_refresh_against_champion(bench, champion, rows, even=even)
        else:
            _hold_against_champion(bench, champion, rows)
    return bench.verdict(FIRST if first else REFRESHED if refresh else BETTER)


@dataclass
class _Bench:
    """The challenger's rows, and what is gathered on the way to a verdict."""

    label: Floats
    challenger: Floats
    groups: npt.NDArray[Any]
    clusters: Integers
    seed: int
    differences: list[Difference] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)
    peers: dict[str, Calibration] = field(default_factory=dict)

    def refuse(self, why: str, advice: str) -> None:
        """Note a ground for refusal and what to do about it."""
        self.refusals.append(why)
        if advice not in self.advice:
            self.advice.append(advice)

    def compare(self, name: str, other: Floats, rows: npt.NDArray[np.bool_]) -> Difference:
        """Measure the challenger against another on some rows, and keep that."""
        label, clusters = self.label[rows], self.clusters[rows]
        found = Difference.of(
            name, label, self.challenger[rows], other[rows], self.groups[rows], clusters, self.seed
        )
        self.differences.append(found)
        self.peers[name] = Calibration.of(label, other[rows], clusters, self.seed)
        return found

    def verdict(self, well: str) -> Verdict:
        """Add what the calibration says and close."""
        own = Calibration.of(self.label, self.challenger, self.clusters, self.seed)
        fault = own.fault(min((peer.ece for peer in self.peers.values()), default=None))
        if fault is not None:
            self.refuse(f"not calibrated: {fault}", RECALIBRATE)
        return Verdict(
            promoted=not self.refusals,
            reasons=[*(self.refusals or [well]), *self.notes],
            differences=self.differences,
            figures=asdict(own),
            peers={name: asdict(peer) for name, peer in self.peers.items()},
            advice="; ".join(self.advice) or None,
        )


def _hold_against_baseline(
    bench: _Bench, name: str, baseline: Floats, *, lenient: bool, is_base_rate: bool
) -> None:
    found = bench.compare(name, baseline, np.ones(len(bench.label), dtype=bool))
    if is_base_rate:
        # No step was better forward in time: only who is surely better speaks against it.
        if found.surely_worse and (not lenient or name == FLOOR):
            bench.refuse(f"worse than {name}: {found.words}", LEARN_MORE)
    elif not lenient:
        if not found.surely_better:
            bench.refuse(f"not surely better than {name}: {found.words}", WAIT)
    elif name == FLOOR:
        allowed = MUCH_WORSE * float(log_losses(bench.label, baseline).mean())
        if found.surely_worse or found.mean > allowed:
            bench.refuse(f"worse than {name}: {found.words}", LEARN_MORE)
        elif not found.surely_better:
            bench.notes.append(f"not surely better than {name} yet: {found.words}")
    elif found.mean > 0:
        bench.notes.append(f"no better than {name}: {found.words}")


def _hold_against_champion(bench: _Bench, champion: Floats, rows: npt.NDArray[np.bool_]) -> None:
    if not rows.any():
        bench.refuse("there are no later rows to compare it with the champion on", WAIT)
        return
    found = bench.compare("champion", champion, rows)
    if found.mean > 0 and found.surely_worse:
        bench.refuse(f"worse than the champion: {found.words}", WAIT)
    elif not found.surely_better:
        bench.refuse(f"not surely better than the champion: {found.words}", WAIT)
    elif found.won < ENOUGH_WINS:
        bench.refuse(
            f"too few outcomes to tell it from the champion: {found.won} won ones, {ENOUGH_WINS} are needed",
            WAIT,
        )


def _hold_refresh_against_champion(
    bench: _Bench, champion: Floats, rows: npt.NDArray[np.bool_], *, even: bool
) -> None:
    if not rows.any():
        bench.notes.append("there are no later rows to compare it with the champion on")
        return
    found = bench.compare("champion", champion, rows)
    if not even:
        bench.notes.append(
            f"not judged against the champion, which learned from these rows: {found.words}"
        )
        return
    allowed = MUCH_WORSE * float(log_losses(bench.label[rows], champion[rows]).mean())
    if found.surely_worse or (found.mean > allowed and found.won >= ENOUGH_WINS):
        bench.refuse(f"worse than the champion: {found.words}", WAIT)
    else:
        bench.notes.append(f"against the champion: {found.words}")
