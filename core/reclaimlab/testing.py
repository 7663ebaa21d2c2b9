"""For tests of policies and of the kernel: tiny machines, throwaway policies, an observer.

A policy's author writes ``small_machine("linux-3.10", policies=[MyFix()])``, puts pages in the
state that matters with :meth:`SmallMachine.populate`, starts kernel functions as tasks with
:meth:`SmallMachine.call`, lets time pass, and looks at what the tasks do. Everything is the real
model; nothing here is a stand-in.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.hosting.catalog import Catalog
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.hosting.host import build_manager, register
from reclaimlab.kernel import filemap, invariants, page_writeback
from reclaimlab.kernel.process import Process
from reclaimlab.machine import simulate
from reclaimlab.machine.assemble import Assembly
from reclaimlab.policy import Policy, PolicyInfo, hookimpl, hookspecs
from reclaimlab.policy.gfp import PF_KTHREAD
from reclaimlab.policy.table import HookTable
from reclaimlab.scenarios.reader import read_scenario

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reclaimlab.block import BlockDevice
    from reclaimlab.engine.order import Order
    from reclaimlab.engine.task import Steps, Task
    from reclaimlab.kernel.folio import Extent, Mapping
    from reclaimlab.kernel.memcontrol import MemCgroup
    from reclaimlab.kernel.writeback_unit import WritebackUnit
    from reclaimlab.measure.records import RunResult
    from reclaimlab.scenarios.schema import Scenario

Table = MappingOf[str, str | int | float | bool]
"""The keys of one table of a scenario; see :mod:`reclaimlab.scenarios.schema`."""

NOTHING: Final[Table] = {}
CALM_DISK: Final[Table] = {"write_bw": "20MB/s", "jitter": 0.0}
"""A disk without dice, so that a test can name the moment a write ends."""
PLACEHOLDER: Final = {"nobody": {"program": "writer"}}
"""No file may be without a task; a machine to take apart needs none."""


# ---- policies -----------------------------------------------------------------------------------


def throwaway_policy(name: str = "throwaway", **answers: Any) -> Policy:
    """Return a fix that answers the hooks named: each with a value, or by calling a function.

    ``throwaway_policy(decide_oom=OomAction.KILL)`` always answers so; a function takes any of the
    hook's arguments by their names and may return None to pass.
    """

    class Throwaway(Policy):
        info = PolicyInfo(name=name, title=name, claim="made for one test")

    for hook, answer in answers.items():
        setattr(Throwaway, hook, staticmethod(hookimpl(_answering(answer))))
    return Throwaway()


def _answering(answer: Any) -> Any:
    if callable(answer):
        return answer

    def constant() -> Any:
        return answer

    return constant


class Recorder(Policy):
    """An observer: remembers every notification and every question, and answers none.

    Attributes:
        calls: hook and arguments, in order. A question whose answer the table remembers (the pure
            hooks) comes once.
    """

    info = PolicyInfo(name="recorder", title="remembers what it is told", claim="")

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def of(self, hook: str) -> list[dict[str, Any]]:
        """Return the arguments of each call of ``hook``."""
        return [arguments for name, arguments in self.calls if name == hook]


def _remembering(hook: str, names: tuple[str, ...]) -> Any:
    # pluggy reads a hook's argument names off its function: each needs a signature of its own.
    body = ", ".join(f"{name!r}: {name}" for name in names)
    source = (
        f"def {hook}(self, {', '.join(names)}):\n    self.calls.append(({hook!r}, {{{body}}}))\n"
    )
    scope: dict[str, Any] = {}
    exec(source, scope)
    return hookimpl(scope[hook])


for _hook, _spec in list(vars(hookspecs).items()):
    if hasattr(_spec, f"{hookspecs.PROJECT}_spec"):
        setattr(Recorder, _hook, _remembering(_hook, tuple(inspect.signature(_spec).parameters)))


@cache
def _installed() -> Catalog:
    return Catalog.discover()


def hooks_of(contender: str, policies: Iterable[Policy] = ()) -> HookTable:
    """Return the hooks of a ``contender`` with ``policies`` over it, the last asked first."""
    manager = build_manager(parse_contender(contender, _installed()), _installed())
    for policy in policies:
        register(manager, policy.info.name, policy)
    return HookTable(manager)


# ---- scenarios ----------------------------------------------------------------------------------


def small_scenario(
    *,
    filesystem: str = "ext4",
    limit: str = "20MiB",
    soft_limit: str = "",
    duration: str = "2s",
    kernel: str = "linux-3.10",
    header: Table = NOTHING,
    machine: Table = NOTHING,
    device: Table = NOTHING,
    mount: Table = NOTHING,
    memcgs: MappingOf[str, Table] | None = None,
    tasks: MappingOf[str, Table] | None = None,
) -> Scenario:
    """Return a scenario with one memcg ``box``, one device ``sda`` and one filesystem ``data``.

    The tables given go over the small machine's own: 256 MiB, cgroup v1, 20 MB/s without jitter. A
    task is in ``box`` and works on ``data`` unless its table says otherwise.

    Raises:
        ScenarioError: the tables do not make a scenario.
    """
    box: dict[str, Any] = {"limit": limit} | ({"soft_limit": soft_limit} if soft_limit else {})
    on = {} if filesystem == "tmpfs" else {"device": "sda"}
    tables: dict[str, MappingOf[str, Any]] = {
        "scenario": {
            "name": "small",
            "title": "a small machine",
            "decides": "verdict",
            "duration": duration,
            "kernel": kernel,
            **header,
        },
        "machine": {"memory": "256MiB", "cgroup": "v1", **machine},
        "memcg.box": box,
        "device.sda": {**CALM_DISK, **device},
        "filesystem.data": {"type": filesystem, **on, **mount},
    }
    tables |= {f"memcg.{name}": table for name, table in (memcgs or {}).items()}
    for name, table in (tasks or PLACEHOLDER).items():
        tables[f"task.{name}"] = {"memcg": "box", "filesystem": "data", **table}
    scenario = read_scenario(_as_toml(tables), "small scenario")
    return scenario if tasks else scenario.model_copy(update={"task": {}})


def _as_toml(tables: MappingOf[str, MappingOf[str, Any]]) -> str:
    lines: list[str] = []
    for name, table in tables.items():
        # A string, number or truth value is written alike in JSON and in TOML.
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def run_small(
    scenario: Scenario,
    contender: str = "linux-3.10",
    *,
    policies: Sequence[Policy] = (),
    seed: int = 1,
    order: Order | None = None,
) -> RunResult:
    """Run ``scenario`` to its end, recounting every invariant on the way.

    Raises:
        PolicyError: a policy raised or answered nonsense.
        InvariantError: a bug of the model.
    """
    table = hooks_of(contender, policies)
    return simulate(scenario, contender, table, seed, check=True, order=order)


# ---- machines -----------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Call:
    """A kernel function that runs as a task of its own.

    Attributes:
        value: what it gave, once ``ended_ns`` is set.
    """

    task: Task
    value: Any = None
    ended_ns: int = -1

    @property
    def ended(self) -> bool:
        """Whether it has returned."""
        return self.ended_ns >= 0

    @property
    def stack(self) -> tuple[str, ...]:
        """Kernel functions it is in, innermost first."""
        return self.task.stack()


class SmallMachine:
    """A machine of :func:`small_scenario` to take apart: nothing happens until :meth:`run`.

    Attributes:
        k: its kernel. loop: its time.
    """

    def __init__(
        self, scenario: Scenario, hooks: HookTable, *, seed: int = 1, order: Order | None = None
    ) -> None:
        self.assembly = Assembly(scenario, hooks, seed, order)
        self.k = self.assembly.kernel
        self.loop = self.assembly.loop

    @property
    def box(self) -> MemCgroup:
        """The memcg ``box``."""
        return self.assembly.memcgs["box"]

    @property
    def fs(self) -> Any:
        """The filesystem ``data``; each type has more than :class:`Filesystem` says."""
        return self.assembly.filesystems["data"]

    @property
    def device(self) -> BlockDevice:
        """The device ``sda``."""
        return self.assembly.devices["sda"]

    def run(self, for_ns: int) -> None:
        """Let so much time pass."""
        until = self.loop.now + for_ns
        self.loop.call_at(until, lambda: None)  # so that time passes even if nothing happens
        self.loop.run(until)

    def call(
        self,
        steps: Steps,
        *,
        name: str = "task",
        memcg: str = "box",
        kthread: bool = False,
        flags: int = 0,
    ) -> Call:
        """Start ``steps``, a kernel function already called, as a task of a process in ``memcg``.

        With ``kthread`` it is a kernel thread: of no process, charged to nobody.
        """
        holder: list[Call] = []
        flags |= PF_KTHREAD if kthread else 0
        process = None if kthread else Process(name, self.assembly.memcgs[memcg])
        task = self.k.spawn(name, self._capture(holder, steps), flags=flags, process=process)
        holder.append(Call(task))
        return holder[0]

    def _capture(self, holder: list[Call], steps: Steps) -> Steps:
        holder[0].value = yield from steps
        holder[0].ended_ns = self.loop.now
        process = self.k.process
        if process is not self.k.kthread:
            process.exited = True

    def write(
        self, mapping: Mapping, nr: int, *, index: int = 0, name: str = "writer", memcg: str = "box"
    ) -> Call:
        """Start a task that makes one system call to write ``nr`` pages."""
        return self.call(self._vfs_write(mapping, nr, index), name=name, memcg=memcg)

    def _vfs_write(self, mapping: Mapping, nr: int, index: int) -> Steps:
        return (yield from self.fs.vfs_write(self.k, mapping, self.k.process, index, nr, 1_000))

    def populate(
        self,
        nr: int,
        *,
        state: str = "clean",
        memcg: str = "box",
        reclaim: bool = False,
        name: str = "file",
    ) -> Extent:
        """Put ``nr`` pages of a new file at the head of the inactive list, charged, in ``state``.

        ``clean``, ``dirty``, or ``writeback``: in flight, until :meth:`end_writeback`. ``reclaim``
        sets PageReclaim: reclaim has met them before.
        """
        group, fs = self.assembly.memcgs[memcg], self.fs
        mapping = fs.new_file(name)
        group.charge(nr)
        self.k.zone.free -= nr
        if state == "clean":
            extent = filemap.add_to_page_cache_clean(self.k, mapping, 0, nr, group)
        else:
            filemap.add_to_page_cache_dirty(self.k, mapping, 0, nr, group, 1)
            extent = mapping.pages.first()
            assert extent is not None
        mapping.size_pages = nr
        if state == "writeback":
            unit = fs.mark(self.k, mapping, [extent], "in flight", None)
            unit.submitted_ns = self.loop.now
        extent.reclaim = reclaim
        return extent

    def end_writeback(self, unit: WritebackUnit) -> None:
        """Let the device and the interrupt finish ``unit`` now."""
        unit.done_ns = self.loop.now
        page_writeback.end_page_writeback(self.k, unit)

    def exhaust_memory(self) -> None:
        """Leave the allocator nothing: no free page, no free slab object."""
        self.k.zone.free = 0
        for slab_cache in self.k.caches.values():
            slab_cache.free = 0

    def extents(self) -> Iterator[Extent]:
        """Yield every extent on an LRU list, from the tails on."""
        for group in self.k.memcgs:
            lruvec = group.lruvec
            for lru in (
                lruvec.inactive_anon,
                lruvec.active_anon,
                lruvec.inactive_file,
                lruvec.active_file,
            ):
                yield from lru

    def check(self) -> None:
        """Recount every invariant.

        Raises:
            InvariantError: a count is off.
        """
        invariants.check(self.k)


def small_machine(
    contender: str = "linux-3.10",
    *,
    policies: Sequence[Policy] = (),
    seed: int = 1,
    order: Order | None = None,
    **scenario: Any,
) -> SmallMachine:
    """Return a machine of :func:`small_scenario`, whose arguments it takes, with these policies.

    Raises:
        ScenarioError: the tables do not make a scenario.
        ContenderError: ``contender`` cannot be read.
    """
    tables = small_scenario(**scenario)
    return SmallMachine(tables, hooks_of(contender, policies), seed=seed, order=order)
