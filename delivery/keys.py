"""The column that a CRM finds its record by: fit for it, and each record once."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from delivery.csv_files import text_buffer
from delivery.problems import listed
from delivery.rules import Rule
from features.errors import StoppedError

Same = Callable[[pa.Array], pa.Array]
_SHOWN = 5


def without_case(keys: pa.Array) -> pa.Array:
    """Return keys in the one spelling of those that a CRM compares without case; they are ASCII by their rules."""
    return pc.ascii_lower(keys)


@dataclass(frozen=True)
class Key:
    """What a CRM takes as keys.

    ``same`` maps the spellings of one key to one text; ``crm`` is its name and ``advice`` what to set in the project
    file, for the message.
    """

    rule: Rule
    same: Same
    crm: str
    advice: str


@dataclass
class Seen:
    """The keys of a file or of several: how many, in which order, and 8 bytes of each by which a second one shows."""

    same: Same | None  # None where the keys' order shows that each came once
    count: int = 0
    _hashes: list[np.ndarray] = field(default_factory=list)
    _order: Any = field(default_factory=sha256)

    def add(self, keys: pa.Array) -> None:
        """Take the next keys."""
        self.count += len(keys)
        if self.same is not None:
            self._hashes.append(_hashes(self.same(keys)))
        start, ends, data = text_buffer(pc.binary_join_element_wise(keys, "\n", ""))
        self._order.update(data[start : int(ends[-1]) if len(ends) else start])

    def in_order(self) -> str:
        """Return a digest of the keys in their order."""
        return str(self._order.hexdigest())

    def suspects(self) -> np.ndarray:
        """Return the hashes that came more than once, sorted; where there are none, each key came once."""
        known = np.sort(np.concatenate([np.empty(0, dtype=np.int64), *self._hashes]))
        return np.unique(known[1:][known[1:] == known[:-1]])


@dataclass(frozen=True)
class Repeat:
    """A key that came before: its place among all keys, its text, and those of the first one."""

    place: int
    key: str
    first: int
    first_key: str


def repeats(batches: Iterable[pa.Array], same: Same, suspects: np.ndarray) -> Iterator[Repeat]:
    """Yield each key that came before, of those whose hash is among the suspects; only these are held in memory."""
    first: dict[str, tuple[int, str]] = {}
    start = 0
    for keys in batches:
        spelled = same(keys)
        for place in np.flatnonzero(np.isin(_hashes(spelled), suspects)).tolist():
            mine = (start + place, keys[place].as_py())
            before = first.setdefault(spelled[place].as_py(), mine)
            if before != mine:
                yield Repeat(*mine, *before)
        start += len(keys)


def refuse_keys(ids: Callable[[], Iterable[pa.Array]], key: Key) -> None:
    """Stop if ids cannot be the keys of a CRM's records.

    Args:
        ids: gives the leads' ids in batches, as often as it is called.
        key: what the CRM takes.

    Raises:
        StoppedError: with up to five of the ids, and how many there are.
    """
    refused, total, shown = 0, 0, list[str]()
    seen = Seen(key.same)
    for batch in ids():
        places = key.rule.wrong(batch)
        refused, total = refused + len(places), total + len(batch)
        shown += [batch[place].as_py() for place in places[: _SHOWN - len(shown)].tolist()]
        if not refused:
            seen.add(batch)
    if refused:
        raise StoppedError(
            f"{key.crm}: {refused} of {total} lead ids cannot be keys: {listed(shown, refused)}. "
            f"Expected {key.rule.expected}. Nothing was published. {key.advice}"
        )
    twice, shown = 0, []
    if len(suspects := seen.suspects()):
        for repeat in repeats(ids(), key.same, suspects):
            twice += 1
            shown += [f"{repeat.first_key} and {repeat.key}"] if twice <= _SHOWN else []
    if twice:
        raise StoppedError(
            f"{key.crm}: {twice} lead ids are the same key to {key.crm}: {listed(shown, twice)}. Expected each "
            f"record once, because every row of a repeated key fails. Nothing was published. {key.advice}"
        )


def _hashes(keys: pa.Array) -> np.ndarray:
    return np.fromiter(map(hash, keys.to_pylist()), dtype=np.int64, count=len(keys))
