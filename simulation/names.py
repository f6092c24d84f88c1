"""Identifiers and names that belong to nobody."""

import numpy as np
import pandas as pd

from simulation.arrays import Texts

_DIGITS = np.array(list("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
_SUFFIX = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"))
_BODY = 9
_SPREAD = 48_271_000_003  # coprime to 36: neighbours get ids that look unrelated

_STARTS = (
    "Nor",
    "Vel",
    "Tar",
    "Kel",
    "Bran",
    "Ost",
    "Mar",
    "Sil",
    "Hal",
    "Quen",
    "Dor",
    "Fen",
    "Lum",
    "Zet",
    "Arv",
)
_MIDDLES = ("va", "de", "mi", "lo", "tu", "ri", "sen", "ka", "ber", "no", "pel", "xa")
_ENDS = ("ta", "ris", "mont", "dal", "vex", "lin", "gard", "tek", "nova", "wald", "sys", "form")
_TRADES = {
    "Mechanical engineering": ("Machines", "Drives", "Tooling", "Works"),
    "Software": ("Software", "Cloud", "Labs", "Data"),
    "Logistics": ("Logistics", "Freight", "Cargo", "Storage"),
    "Professional services": ("Consulting", "Advisory", "Partners", "Audit"),
    "Automotive supply": ("Automotive", "Axles", "Castings", "Mobility"),
    "Retail": ("Stores", "Trading", "Markets", "Retail"),
    "Healthcare": ("Clinics", "Medical", "Care", "Diagnostics"),
    "Chemicals": ("Chemicals", "Polymers", "Coatings", "Resins"),
    "Public sector": ("Authority", "Waterworks", "Transport Board", "Council"),
    "Education": ("Academy", "College", "Institute", "School"),
}


def record_ids(prefix: str, count: int, shift: int = 0) -> Texts:
    """Return ids as Salesforce writes them: 15 characters, then 3 that tell their upper case.

    They hold upper-case letters and digits only, so they differ also for those who ignore case.
    """
    number = (np.arange(count, dtype=np.int64) + 1 + shift) * _SPREAD % 36**_BODY
    places = 36 ** np.arange(_BODY - 1, -1, -1, dtype=np.int64)
    body = _DIGITS[(number[:, None] // places) % 36]
    head = np.broadcast_to(np.array(list(f"{prefix}QB0")), (count, 6))
    letters = np.concatenate([head, body], axis=1)
    upper = (letters >= "A").reshape(count, 3, 5) @ (1 << np.arange(5))
    return (
        np.ascontiguousarray(np.concatenate([letters, _SUFFIX[upper]], axis=1)).view("U18").ravel()
    )


def company_names(industry: pd.Series, country: pd.Series, random: np.random.Generator) -> Texts:
    """Return an invented name for each company; a second one of the same name gets a number."""
    count = len(industry)
    word = [
        random.choice(np.array(part, dtype=object), count) for part in (_STARTS, _MIDDLES, _ENDS)
    ]
    trade_at = random.integers(0, 4, count)
    trade = np.array(
        [_TRADES[name][at] for name, at in zip(industry, trade_at, strict=True)], dtype=object
    )
    legal = country.map(
        {"Germany": "GmbH", "Austria": "GmbH", "Switzerland": "AG", "United Kingdom": "Ltd"}
    )
    name = pd.Series(
        word[0] + word[1] + word[2] + " " + trade + " " + legal.fillna("SA").to_numpy(dtype=object)
    )
    again = name.groupby(name).cumcount().to_numpy()
    return np.where(again > 0, name + " " + pd.Series(again + 1).astype(str), name).astype(object)
