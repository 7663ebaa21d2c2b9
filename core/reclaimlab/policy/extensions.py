"""What a plugin may bring beside policies, one Protocol a kind.

An extension is a class that is made without arguments (or an object already made). It has a
``name``, the entry point's, and what its kind asks for below. ``api`` says which plugin API it was
written for, as :attr:`PolicyInfo.api` does; it may be left out.

Models of filesystems, devices and workloads stand on classes of the core; their authors import
:mod:`reclaimlab.extending`, which has them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reclaimlab.policy.contexts import FilesystemFeatures

Kind = Literal["scenario", "workload", "filesystem", "device", "metric", "report", "property"]

GROUPS: Final[dict[str, str]] = {
    "scenario": "reclaimlab.scenarios",
    "workload": "reclaimlab.workloads",
    "filesystem": "reclaimlab.filesystems",
    "device": "reclaimlab.devices",
    "metric": "reclaimlab.metrics",
    "report": "reclaimlab.report_sections",
    "property": "reclaimlab.properties",
}
"""Kind of extension -> the entry-point group that announces it."""

MEMBERS: Final[dict[str, tuple[str, ...]]] = {
    "scenario": ("text",),
    "workload": ("program",),
    "filesystem": ("mount", "like"),
    "device": ("make",),
    "metric": ("unit", "better", "measure"),
    "report": ("title", "render"),
    "property": ("holds",),
}
"""Kind of extension -> what it must have beside ``name``."""


class ScenarioSource(Protocol):
    """Kind ``scenario``: a scenario that can be named like those of the library."""

    name: str

    def text(self) -> str:
        """Return the scenario as TOML; its ``[scenario] name`` is this name."""


class Workload(Protocol):
    """Kind ``workload``: a program that a task of a scenario can run (``program = NAME``).

    ``Parameters``, if there are any, is a frozen dataclass of :func:`reclaimlab.policy.parameter`
    fields; a scenario sets them in ``[task.NAME.options]``.
    """

    name: str

    def program(self, context: Any, parameters: Any) -> Any:
        """Run the task: a generator of kernel steps, on a ``reclaimlab.extending.Context``."""


class FilesystemModel(Protocol):
    """Kind ``filesystem``: a type that a scenario can mount (``type = NAME``).

    May have ``Parameters``, set in ``[filesystem.NAME.options]``, and
    ``features(base) -> FilesystemFeatures`` to change what ``like`` brings.
    """

    name: str
    like: str
    """The built-in type whose facts of each kernel version it starts from."""

    def mount(self, place: Any, parameters: Any) -> Any:
        """Return a ``reclaimlab.extending.Filesystem``, made of a ``MountPlace``."""


class AdaptsFeatures(Protocol):
    """A filesystem model that departs from the facts of the type it is ``like``."""

    def features(self, base: FilesystemFeatures) -> FilesystemFeatures:
        """Return the facts of this type, from those of ``like`` in the run's kernel version."""


class DeviceModel(Protocol):
    """Kind ``device``: a model that a device of a scenario can follow (``model = NAME``).

    May have ``Parameters``, set in ``[device.NAME.options]``.
    """

    name: str

    def make(self, place: Any, parameters: Any) -> Any:
        """Return a ``reclaimlab.extending.BlockDevice``, made of a ``DevicePlace``."""


class SeriesView(Protocol):
    """One sampled quantity over time."""

    @property
    def name(self) -> str:
        """What was sampled, such as ``dirty``."""

    @property
    def unit(self) -> str:
        """Unit of the values."""

    @property
    def times_ns(self) -> Sequence[int]:
        """When, in simulated nanoseconds."""

    @property
    def values(self) -> Sequence[int]:
        """What it was, as many as there are times."""


class ResultView(Protocol):
    """A finished run, to be read only."""

    @property
    def verdict(self) -> str:
        """``ok``, ``deadlock``, ..."""

    @property
    def ended_ns(self) -> int:
        """Simulated time at its end."""

    @property
    def metrics(self) -> Mapping[str, float]:
        """The built-in metrics by name; one that does not apply is absent."""

    @property
    def task_metrics(self) -> Mapping[str, Mapping[str, float]]:
        """The same for each task."""

    @property
    def memcg_metrics(self) -> Mapping[str, Mapping[str, float]]:
        """The same for each memcg."""

    @property
    def series(self) -> Sequence[SeriesView]:
        """Everything that was sampled."""


class Metric(Protocol):
    """Kind ``metric``: one more number of every run.

    It is asked after each run, in a process of its own: without a clock, dice or files. Its numbers
    are stored, judged and reported as ours are; a scenario may be decided by it. The run's result
    and its hash are the same without it.
    """

    name: str
    """Letters, digits, ``_`` and ``-``; none of our metrics' names."""
    unit: str
    """``B/s``, ``s``, ``pages``, ``1``, ..."""
    better: Literal["higher", "lower"]

    def measure(self, result: ResultView) -> float | None:
        """Return the number, finite, or None where it does not apply."""


class MetricView(Protocol):
    """One metric of one contender over the seeds that have it."""

    @property
    def mean(self) -> float:
        """In the metric's unit."""

    @property
    def median(self) -> float:
        """In the metric's unit."""

    @property
    def ci95(self) -> tuple[float, float]:
        """Bootstrap interval of the mean."""

    @property
    def n(self) -> int:
        """How many seeds have it."""


class ContenderView(Protocol):
    """All seeds of one contender."""

    @property
    def contender(self) -> str:
        """As it was given: ``KERNEL[+FIX]...``."""

    @property
    def verdict(self) -> str | None:
        """The worst; None if no run has a result."""

    @property
    def verdicts(self) -> Mapping[str, int]:
        """Each verdict and how many seeds came to it."""

    @property
    def metrics(self) -> Mapping[str, MetricView]:
        """By name."""


class ComparisonView(Protocol):
    """A comparison that is being reported, to be read only."""

    @property
    def id(self) -> str:
        """Its id in the store."""

    @property
    def contenders(self) -> Sequence[ContenderView]:
        """In the order given; the first is the baseline."""


@dataclass(frozen=True, slots=True)
class Table:
    """A block of a report section: a table. Units belong into the header."""

    header: Sequence[str]
    rows: Sequence[Sequence[str | float]]
    """Each as long as the header."""


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A block of a report section: lines in a fixed-width font, such as a stack."""

    text: str


Block = str | Table | Verbatim
"""A string is a paragraph. Text is text: no format takes markup of its own from it."""


class ReportSection(Protocol):
    """Kind ``report``: one more section of every report that people read, and of the JSON one."""

    name: str
    title: str

    def render(self, comparison: ComparisonView) -> Sequence[Block]:
        """Return the blocks of the section, from top to bottom; none leaves it out."""


class StateView(Protocol):
    """One state of an explored scenario, to be read only."""

    @property
    def time_ns(self) -> int:
        """Simulated time."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Memory in pages: ``free``, ``box.usage``, ``box.dirty``, ..."""

    @property
    def waits(self) -> Mapping[str, str]:
        """Task -> what it waits for; a task that can run is absent."""


class Property(Protocol):
    """Kind ``property``: what must hold in every state that is explored."""

    name: str

    def holds(self, state: StateView) -> bool:
        """Return whether it does."""
