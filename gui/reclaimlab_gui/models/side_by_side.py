"""Two to four runs beside each other: columns, series, and the comparison of all seeds."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from reclaimlab.errors import StoreError
from reclaimlab.runs.comparison import Comparison, summarise
from reclaimlab_gui.session import RunKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reclaimlab.measure.records import Series
    from reclaimlab.store.reader import StoreReader
    from reclaimlab.store.records import RunRecord

MOST_COLUMNS: Final = 4


@dataclass(frozen=True, slots=True)
class Column:
    """One contender of a comparison."""

    label: str
    """The contender; with its comparison where that alone would not tell columns apart."""
    comparison: str
    contender: str
    runs: Mapping[int, RunRecord]
    """Seed -> run, without its series."""

    def key(self, seed: int) -> RunKey:
        """Return which run of the store stands here for ``seed``."""
        return RunKey(self.comparison, self.contender, seed)


@dataclass(frozen=True, slots=True)
class SideBySide:
    """What the Compare view shows."""

    title: str
    columns: tuple[Column, ...]
    comparison: Comparison
    """Of the columns by their labels, the first being the baseline."""
    seed: int
    """The seed to show first."""
    offered: tuple[str, ...] = ()
    """All contenders of the comparison, if it is one: those that could stand here too."""

    @property
    def short_labels(self) -> tuple[str, ...]:
        """The labels, without the baseline where a contender only adds to it."""
        first, *others = (column.label for column in self.columns)
        return (first, *(each.removeprefix(first) or each for each in others))

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds that any column has a run of."""
        return tuple(sorted({seed for column in self.columns for seed in column.runs}))


def load_comparison(reader: StoreReader, name: str, wanted: Sequence[str] = ()) -> SideBySide:
    """Return a stored comparison side by side.

    Args:
        reader: the store.
        name: id of the comparison, or ``latest``.
        wanted: which contenders, at most four; the first four if empty.

    Raises:
        StoreError: there is no such comparison.
    """
    stored = reader.comparison(name)
    found = [each for each in stored.head.contenders if not wanted or each in wanted]
    chosen = tuple(found[:MOST_COLUMNS])
    records = [each for each in reader.runs(stored.id) if each.contender in chosen]
    columns = tuple(Column(each, stored.id, each, _by_seed(records, each)) for each in chosen)
    head = dataclasses.replace(stored.head, contenders=chosen)
    whole = summarise(stored.id, head, records)
    return SideBySide(
        f"{stored.head.scenario}: {stored.head.title}",
        columns,
        whole,
        _telling(columns),
        stored.head.contenders,
    )


def load_runs(reader: StoreReader, keys: Sequence[RunKey]) -> SideBySide:
    """Return runs of any comparisons side by side, each with all seeds of its contender.

    Raises:
        StoreError: a run is not there any more.
    """
    columns: list[Column] = []
    head = None
    for place, key in enumerate(keys[:MOST_COLUMNS]):
        stored = reader.comparison(key.comparison)
        head = head or stored.head
        runs = _by_seed(reader.runs(stored.id), key.contender)
        if key.seed not in runs:
            msg = f"comparison {key.comparison} has no run of {key.contender} with seed {key.seed}"
            raise StoreError(msg)
        label = f"{key.contender} @ {key.comparison}"
        if any(each.label == label for each in columns):
            label += f" ({place + 1})"
            runs = {key.seed: runs[key.seed]}
        columns.append(Column(label, key.comparison, key.contender, runs))
    if head is None:
        msg = "no run was chosen; choose two to four"
        raise StoreError(msg)
    head = dataclasses.replace(head, contenders=tuple(each.label for each in columns))
    records = [
        dataclasses.replace(record, contender=column.label)
        for column in columns
        for record in column.runs.values()
    ]
    whole = summarise(keys[0].comparison, head, records)
    return SideBySide("Runs of different comparisons", tuple(columns), whole, keys[0].seed)


def load_series(
    reader: StoreReader, shown: SideBySide, seed: int
) -> tuple[tuple[Series, ...], ...]:
    """Return the series of every column for ``seed``."""
    return tuple(
        tuple(map(_slim, reader.series_of(each.comparison, each.contender, seed)))
        for each in shown.columns
    )


def _slim(series: Series) -> Series:
    """Return the same in arrays: a million samples are 16 MB instead of 80."""
    times, values = (np.asarray(each, np.int64) for each in (series.times_ns, series.values))
    if len(values) and np.abs(values).max() < 1 << 31:
        values = values.astype(np.int32)
    return dataclasses.replace(series, times_ns=times, values=values)  # type: ignore[arg-type]  # an array is read like a tuple


def _by_seed(records: Sequence[RunRecord], contender: str) -> dict[int, RunRecord]:
    return {record.seed: record for record in records if record.contender == contender}


def _telling(columns: Sequence[Column]) -> int:
    """Return the seed that shows most: the one with the worst verdict, the lowest of such."""
    found = [
        (record.result.verdict.severity, record.result.ended_ns, seed)
        for column in columns
        for seed, record in column.runs.items()
        if record.result is not None
    ]
    return min(found)[2] if found else min((s for c in columns for s in c.runs), default=1)
