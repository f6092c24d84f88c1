"""The folds: every part of every member trained on each fold's past and heard on its test rows."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.catalogue import Catalogue
from features.project import Model
from models import boosting
from models.base_rate import logit
from models.candidates import ODOO, SETTINGS, STEP_MEMBERS, OutOfFold, best_part
from models.folds import Fold
from models.frames import evidence_of
from models.members import Learned, Part, margins
from models.metrics import log_loss, outcome_clusters
from models.odoo import OdooScoring, low_cardinality
from models.scorer import Floats, expit

SEARCH_ROWS = 30_000
BEFORE_ROWS = 15_000
BAG_ROWS = 3_000
PATIENCE = 2  # steps of the grid of rounds
COLUMNS = ["lead_id", "as_of", "group_id", "label", "age_days"]


def run_folds(
    rows: pd.DataFrame,
    mornings: pd.DataFrame,
    folds: Sequence[Fold],
    catalogue: Catalogue,
    settings: Model,
    *,
    gap_days: float,
    threads: int,
    progress: Callable[[str], None],
) -> list[OutOfFold]:
    """Train on each fold's past and let every part speak on the fold's test rows, and on what was known before it."""
    clusters, evidence = outcome_clusters(mornings, gap_days), evidence_of(mornings, gap_days)
    gap, tests = pd.Timedelta(days=gap_days), list[OutOfFold]()
    for number, fold in enumerate(folds, start=1):
        progress(
            f"fold {number} of {len(folds)}: training up to {fold.start:%Y-%m-%d}, testing to {fold.end:%Y-%m-%d}"
        )
        before = np.flatnonzero((mornings["as_of"] + gap <= fold.start).to_numpy(dtype=bool))
        # A subset by chance where there are many: what follows the outcomes needs them from all times.
        if len(before) > BEFORE_ROWS:
            chosen = np.random.default_rng(settings.seed).permutation(len(before))[:BEFORE_ROWS]
            before = before[np.sort(chosen)]
        known = [test.known_by(fold.start, gap) for test in tests]
        learned = _learned(rows, fold, catalogue, settings, gap_days, threads)
        spoken = _speak(
            learned,
            settings,
            known,
            tests,
            [learned.encode(mornings.iloc[fold.test]), learned.encode(mornings.iloc[before])],
            mornings["label"].to_numpy(dtype=np.float64)[fold.test],
        )
        odoo = _odoo(rows, fold, catalogue, mornings.iloc[fold.test])
        share = 1.0 if not len(before) else _share(mornings, fold, gap, len(before))
        tests.append(
            OutOfFold(
                rows=mornings.iloc[fold.test][COLUMNS].reset_index(drop=True),
                label=mornings["label"].to_numpy(dtype=np.float64)[fold.test],
                clusters=clusters[fold.test],
                evidence=evidence[fold.test],
                parts={ODOO: odoo} | {part: said[0] for part, said in spoken.items()},
                before=mornings.iloc[before][COLUMNS].reset_index(drop=True),
                before_evidence=evidence[before] * share,
                before_parts={part: said[1] for part, said in spoken.items()},
            )
        )
    return tests


def _odoo(rows: pd.DataFrame, fold: Fold, catalogue: Catalogue, test: pd.DataFrame) -> Floats:
    """Return the log-odds of Odoo's scoring, the peer that a model has to beat."""
    train = rows.iloc[fold.train]
    scoring = OdooScoring.fit(
        train,
        train["label"].to_numpy(dtype=np.float64),
        train["weight"].to_numpy(dtype=np.float64) * fold.weight,
        low_cardinality(catalogue, train),
    )
    return logit(scoring.probability(test))


def _share(mornings: pd.DataFrame, fold: Fold, gap: pd.Timedelta, taken: int) -> float:
    """Return how many rows each row taken stands for."""
    return float((mornings["as_of"] + gap <= fold.start).sum()) / taken


def _learned(
    rows: pd.DataFrame,
    fold: Fold,
    catalogue: Catalogue,
    settings: Model,
    gap_days: float,
    threads: int,
) -> Learned:
    chosen = _thinned(rows, fold, settings.seed)
    train = rows.iloc[fold.train[chosen]]
    return Learned.of(
        train,
        catalogue,
        settings,
        weight=train["weight"].to_numpy(dtype=np.float64) * fold.weight[chosen],
        gap_days=gap_days,
        threads=threads,
    )


def _speak(
    learned: Learned,
    settings: Model,
    known: Sequence[OutOfFold],
    earlier: Sequence[OutOfFold],
    sets: Sequence[Floats],
    label: Floats,
) -> dict[Part, list[Floats]]:
    """Return what each part says; trees past the point where more only harms say the last thing again.

    Never stopped before the rounds that the earlier folds choose, so that what is chosen for this
    fold does not depend on its own outcomes.
    """
    # The regression is a part of the trees' step, too, where it is no step of its own.
    members = [
        member
        for member in ("logistic", "anchored", "rates")
        if any(member in STEP_MEMBERS[step] for step in settings.ladder)
    ]
    parts = [part for member in members for part in SETTINGS[member]]
    patience = {
        member: _Patience(
            max(
                boosting.DEFAULT_ROUNDS,
                # Both may be what is chosen on: see ``models.evaluation``.
                *(best_part(tests, member).rounds for tests in (known, earlier)),
            )
        )
        for member in ("anchored", "rates")
    }
    spoken = margins(
        learned,
        parts,
        sets,
        anchor=best_part(known, "logistic").strength,
        seeds=settings.seeds if len(learned.label) <= BAG_ROWS else 1,
        enough=lambda part, said: (
            part.member in patience
            and patience[part.member].spent(part.rounds, log_loss(label, expit(said[0])))
        ),
    )
    return _filled(dict(spoken), parts)


class _Patience:
    """Says when further rounds have only harmed for some steps."""

    def __init__(self, needed: int) -> None:
        self.needed = needed
        self.losses: list[float] = []

    def spent(self, rounds: int, loss: float) -> bool:
        """Note a loss; True where it is time to stop."""
        self.losses.append(loss)
        since = len(self.losses) - 1 - int(np.argmin(self.losses))
        return rounds >= self.needed and since >= PATIENCE


def _filled(spoken: Mapping[Part, list[Floats]], parts: Sequence[Part]) -> dict[Part, list[Floats]]:
    filled, last = dict(spoken), dict[str, list[Floats]]()
    for part in parts:
        last[part.member] = filled.setdefault(part, last.get(part.member, []))
    return filled


def _thinned(rows: pd.DataFrame, fold: Fold, seed: int) -> npt.NDArray[np.intp]:
    """Return positions within the fold's training rows; whole leads are left out where there are very many.

    The search compares settings and steps; what is published is trained on every row.
    """
    if len(fold.train) <= SEARCH_ROWS:
        return np.arange(len(fold.train))
    leads = rows["lead_id"].iloc[fold.train].to_numpy()
    names = np.unique(leads)
    keep = np.random.default_rng(seed).permutation(len(names))[
        : int(len(names) * SEARCH_ROWS / len(fold.train))
    ]
    return np.flatnonzero(pd.Index(leads).isin(names[keep]))
