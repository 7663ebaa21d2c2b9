"""A sweep as it is asked for: what is run, in which order, and under which keys."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final

from reclaimlab import __version__
from reclaimlab.hosting.contender import Contender, parse_contender
from reclaimlab.policy.policy import parameter_fields, parse_parameter
from reclaimlab.runs.run import RunRequest, installed_policies
from reclaimlab.runs.sources import source_hash
from reclaimlab.scenarios.reader import read_scenario, scenario_text, scenario_toml
from reclaimlab.store.sweeps import PlannedRun, SweepHead
from reclaimlab.sweep.values import SweepError, policy_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reclaimlab.scenarios.schema import Scenario
    from reclaimlab.sweep.axis import Axis
    from reclaimlab.sweep.design import Design

MOST_RUNS: Final = 1_000_000
_TRIED: Final = 1000
"""Values of a list that are tried before a sweep begins; the rest are as they come."""
ID_LENGTH: Final = 8


@dataclass(frozen=True)
class Source:
    """A scenario as it was written, from which each point's own is made."""

    name: str
    """What the user called it: a name of the library, or a file."""
    text: str
    settings: tuple[str, ...] = ()

    @classmethod
    def read(cls, name: str, settings: Sequence[str] = ()) -> Source:
        """Return the scenario called ``name``.

        Raises:
            ScenarioError: it has faults, as it is or with ``settings``.
        """
        source = cls(name, scenario_text(name), tuple(settings))
        source.scenario({})
        return source

    def scenario(self, settings: Mapping[str, str]) -> Scenario:
        """Return the scenario with further values set.

        Raises:
            ScenarioError: a value cannot be.
        """
        every = [*self.settings, *(f"{name}={value}" for name, value in settings.items())]
        return read_scenario(self.text, self.name, every)


def split_settings(
    settings: Mapping[str, str], contenders: Sequence[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return which settings are the scenario's, and which the policies'."""
    of_policies = policy_parameters(contenders)
    return (
        {name: value for name, value in settings.items() if name not in of_policies},
        {name: value for name, value in settings.items() if name in of_policies},
    )


def contender_with(contender: str, settings: Mapping[str, str]) -> str:
    """Return ``contender`` with the parameters POLICY.PARAMETER that it has set."""
    catalog = installed_policies()
    parsed = parse_contender(contender, catalog)
    choices = []
    for choice in parsed.policies:
        specs = {spec.name: spec for spec in parameter_fields(catalog.policies[choice.name])}
        values = {}
        for name, text in settings.items():
            policy, _, parameter = name.rpartition(".")
            if policy == choice.name:
                try:
                    values[parameter] = parse_parameter(specs[parameter], text)
                except ValueError as error:
                    raise SweepError(f"{policy}: {error}") from None
        parameters = dataclasses.replace(choice.parameters, **values)
        choices.append(dataclasses.replace(choice, parameters=parameters))
    return str(Contender(choices[0], tuple(choices[1:])))


def check_values(source: Source, contenders: Sequence[str], axes: Sequence[Axis]) -> None:
    """Try the values of each list and the ends of each range, before anything is run.

    Raises:
        ScenarioError: a value of the scenario cannot be.
        SweepError: a value of a policy cannot be.
    """
    for axis in axes:
        for value in axis.values[:_TRIED] or (axis.at(0.0), axis.at(1.0)):
            of_scenario, of_policies = split_settings({axis.name: value}, contenders)
            source.scenario(of_scenario)
            for contender in contenders:
                contender_with(contender, of_policies)


def text_hash(text: str) -> str:
    """Return the hash of a scenario's canonical text: its `scenario_hash`, made only once."""
    return hashlib.sha256(text.encode()).hexdigest()


def content_key(digest: str, contender: str, seed: int) -> str:
    """Return the key of a run: equal keys mean that all that determines it is equal."""
    return hashlib.sha256(f"{digest}\n{_determined_by(contender)}\n{seed}".encode()).hexdigest()[
        :32
    ]


@cache
def _determined_by(contender: str) -> str:
    parsed = parse_contender(contender, installed_policies())
    return json.dumps([str(parsed), parsed.versions(), source_hash(parsed)], sort_keys=True)


@dataclass(frozen=True)
class PointRuns:
    """A point with its scenario made ready, and its runs."""

    point: int
    settings: dict[str, str]
    digest: str
    text: str
    runs: tuple[PlannedRun, ...]

    def request(self, run: PlannedRun, scenario: str) -> RunRequest:
        """Return the request that simulates ``run``."""
        return RunRequest(run.number, scenario, self.text, self.digest, run.contender, run.seed)


@dataclass(frozen=True)
class SweepPlan:
    """What is run: every point, and at each point every contender with every seed."""

    kind: str
    source: Source
    contenders: tuple[str, ...]
    seeds: tuple[int, ...]
    design: Design
    extra: tuple[tuple[str, str], ...] = ()
    """What else the command was asked for, which changes no run."""

    @property
    def runs_a_point(self) -> int:
        """Runs at each point."""
        return len(self.contenders) * len(self.seeds)

    @property
    def planned_runs(self) -> int:
        """Runs in all."""
        return self.design.points * self.runs_a_point

    @cached_property
    def base(self) -> Scenario:
        """The scenario as it is without the axes."""
        return self.source.scenario({})

    def head(self) -> SweepHead:
        """Return what is stored of it; the id follows from all that is asked and the code."""
        spec: dict[str, Any] = {
            "scenario": self.source.name,
            "text": self.source.text,
            "settings": list(self.source.settings),
            "contenders": list(self.contenders),
            "seeds": list(self.seeds),
            "vary": [axis.text for axis in self.design.axes],
            "axes": [axis.name for axis in self.design.axes],
            "design": self.design.name,
            "rows": hashlib.sha256(repr(self.design.rows).encode()).hexdigest()[:16],
            "extra": dict(self.extra),
        }
        code = [_determined_by(contender) for contender in self.contenders]
        digest = hashlib.sha256(json.dumps([self.kind, spec, code], sort_keys=True).encode())
        return SweepHead(
            id=digest.hexdigest()[:ID_LENGTH],
            kind=self.kind,
            scenario=self.base.name,
            title=self.base.title,
            decides=self.base.decides,
            spec=spec,
            planned_runs=self.planned_runs,
            package_version=__version__,
        )

    def point(self, point: int) -> PointRuns:
        """Return a point with its scenario read and checked.

        Raises:
            ScenarioError: a value of an axis cannot be.
        """
        settings = self.design.settings(point)
        of_scenario, of_policies = self._split(settings)
        scenario = self.source.scenario(of_scenario)
        text = scenario_toml(scenario)
        digest = text_hash(text)
        first = point * self.runs_a_point
        pairs = ((contender, seed) for seed in self.seeds for contender in self.contenders)
        runs = []
        for place, (contender, seed) in enumerate(pairs):
            name = contender_with(contender, of_policies) if of_policies else contender
            runs.append(
                PlannedRun(first + place, point, name, seed, content_key(digest, name, seed))
            )
        return PointRuns(point, settings, digest, text, tuple(runs))

    def points(self, shard: tuple[int, int] = (1, 1)) -> Iterator[int]:
        """Yield the numbers of the points of one shard ``(k, n)``: every n-th from the k-th on."""
        which, of = shard
        yield from range(which - 1, self.design.points, of)

    def check(self) -> None:
        """Read the scenarios of the ends of each axis, so that a bad value is found at once.

        Raises:
            SweepError: the sweep is too large.
            ScenarioError: a value cannot be.
        """
        if self.planned_runs > MOST_RUNS:
            parts = [f"{axis.count or '?'} values of {axis.name}" for axis in self.design.axes]
            sizes = " x ".join(
                [*parts, f"{len(self.contenders)} contenders", f"{len(self.seeds)} seeds"]
            )
            msg = (
                f"this sweep has {self.planned_runs} runs ({sizes}), over the limit of {MOST_RUNS};"
                " vary less, or sample with --design lhs --samples 10000"
            )
            raise SweepError(msg)
        check_values(self.source, self.contenders, self.design.axes)

    def _split(self, settings: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        of_policies = self._policy_axes
        return (
            {name: value for name, value in settings.items() if name not in of_policies},
            {name: value for name, value in settings.items() if name in of_policies},
        )

    @cached_property
    def _policy_axes(self) -> frozenset[str]:
        return frozenset(policy_parameters(self.contenders))
