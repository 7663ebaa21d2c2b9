"""How an object of the model is read, written back and told apart: one :class:`Kind` for each type.

A *node* is an object that can change: one of ours, or a list, deque, dict or set. Everything else
is a value. Values are described by what they are, nodes by the order in which they are met, so two
states that differ in nothing but where their objects lie are described alike. A type that is not
known is refused: what cannot be read cannot be told apart.
"""

from __future__ import annotations

import functools
import sys
import types
from collections import deque
from enum import Enum
from hashlib import blake2b
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from reclaimlab.engine.wait import WaitQueue
from reclaimlab.explore.request import UnexplorableError
from reclaimlab.explore.resumable import Frame
from reclaimlab.kernel.extent_index import ExtentIndex
from reclaimlab.kernel.folio import Extent, LruList
from reclaimlab.kernel.scan_control import ScanControl
from reclaimlab.kernel.writeback_unit import WritebackUnit
from reclaimlab.measure.vmstat import VmStat
from reclaimlab.policy.table import HookTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

NODE: Final = "*"
"""Stands in a description where a node is referred to."""
CONTAINERS: Final = (list, deque, dict, set)
SPECIAL: Final = (*CONTAINERS, LruList, ExtentIndex, WaitQueue, WritebackUnit)
"""Types that are read as a whole."""
MOST_KNOWN: Final = 256
"""Contents of one kind whose descriptions are remembered."""
_UNIT_PARTS: Final = ("_loop", "_queue", "extents", "label")
"""What is not read of a writeback unit as it stands."""
_ATOMS: Final = (int, str, bytes, type(None))
_PLAINEST: Final = frozenset((int, str, type(None)))
_SEALED: Final = (
    type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType, HookTable, VmStat,
)  # fmt: skip
_ITERABLES: Final[tuple[Any, ...]] = ([], (), range(0), reversed([]), deque(), {}, set())
_ITERATORS: Final = tuple(type(iter(each)) for each in _ITERABLES)
UNREAD: Final[dict[str, frozenset[str]]] = {
    "Task": frozenset(
        ("name", "pid", "send", "since_ns", "started_ns", "longest_block_ns", "longest_block_on",
         "uninterruptible_ns")
    ),
    "Work": frozenset(("label",)),
    "Extent": frozenset(("older", "newer")),
    "ScanControl": frozenset(("rules",)),
}  # fmt: skip
"""Type -> attributes that nothing but a report reads, or that others imply."""


class Kind:
    """How nodes of one type are dealt with.

    Attributes:
        read: give the node's content as a tuple, which is not changed any more.
        write: bring a node back to such a content.
        ordered: False if the order within its content means nothing.
        names: the attributes that are read, if that is all there is to it.
        known: content -> its description, as far as remembered; None if contents are no keys.
    """

    __slots__ = ("known", "name", "names", "ordered", "read", "write")

    def __init__(
        self,
        name: str,
        read: Callable[[Any], tuple[Any, ...]],
        write: Callable[[Any, tuple[Any, ...]], None],
        *,
        ordered: bool = True,
        names: tuple[str, ...] | None = None,
    ) -> None:
        self.name = name
        self.read = read
        self.write = write
        self.ordered = ordered
        self.names = names
        self.known: dict[tuple[Any, ...], Description] | None = {}


Description = tuple[int, tuple[Any, ...]]
"""A number for all that a content says without the nodes it refers to; and those, in order."""
Record = tuple[Any, Kind, tuple[Any, ...], int, tuple[Any, ...]]
"""A node in one state: itself, its kind, its content, and its description."""


def attributes_of(value: Any) -> list[str]:
    """Return the names of all attributes that ``value`` has: slots and others."""
    names: list[str] = []
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        names += [slots] if isinstance(slots, str) else list(slots)
    names += getattr(value, "__dict__", {})
    return [name for name in dict.fromkeys(names) if hasattr(value, name)]


def is_node(value: Any) -> bool:
    """Return whether ``value`` can change."""
    kind = type(value)
    if kind in CONTAINERS:
        return True
    if isinstance(value, (*_ATOMS, *_SEALED, *_ITERATORS, tuple, frozenset, float, Enum)):
        return False
    return not (hasattr(kind, "model_fields") or kind.__module__.partition(".")[0] in _FOREIGN)


_FOREIGN: Final = frozenset(sys.stdlib_module_names)


def kind_of(node: Any, wants: Callable[[str, Any], bool] | None = None) -> Kind:
    """Return the kind of a node; of one of ours, only attributes count that ``wants`` accepts."""
    special = _special(node)
    if special is not None:
        return special
    unread = UNREAD.get(type(node).__name__, frozenset())
    names = [name for name in attributes_of(node) if name not in unread]
    if isinstance(node, Frame) and any(name.startswith("_t") for name in names):
        return _frame_with_loops(type(node), names)
    if hasattr(node, "__dict__") and wants is None:
        return Kind(type(node).__name__, _read_dict, _write_dict)
    if wants is not None:
        names = [name for name in names if wants(name, getattr(node, name))]
    return Kind(type(node).__name__, _reader(names), _writer(type(node), names), names=tuple(names))


def _special(node: Any) -> Kind | None:
    kind = type(node)
    if kind is WaitQueue:
        return Kind("WaitQueue", _read_queue, _write_queue)
    if kind is WritebackUnit:
        return _unit_kind(node)
    if kind is LruList:
        return Kind("LruList", _read_lru, _write_lru)
    if kind is ExtentIndex:
        return Kind("ExtentIndex", ExtentIndex.content, ExtentIndex.fill)
    if kind is dict:
        return Kind("dict", _read_items, _write_items)
    if kind is set:
        return Kind("set", tuple, _refill_set, ordered=False)
    if kind in CONTAINERS:
        return Kind(kind.__name__, tuple, _refill)
    return None


def _reader(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    if not names:
        return lambda _node: ()
    if len(names) == 1:
        get = attrgetter(names[0])
        return lambda node: (get(node),)
    return attrgetter(*names)


def _writer(kind: type, names: list[str]) -> Callable[[Any, tuple[Any, ...]], None]:
    if not names:
        return lambda _node, _content: None
    made: dict[str, Any] = {}
    targets = ", ".join(f"node.{name}" for name in names)
    again = "\n    node.forget_answers()" if kind is ScanControl else ""
    exec(f"def write(node, content):\n    ({targets},) = content{again}", made)
    write: Callable[[Any, tuple[Any, ...]], None] = made["write"]
    return write


def read_together(nodes: Iterable[tuple[Any, Kind]]) -> Callable[[], tuple[tuple[Any, ...], ...]]:
    """Return what reads the contents of all these nodes, in one piece of code made for them."""
    scope: dict[str, Any] = {}
    reads: list[str] = []
    for place, (node, kind) in enumerate(nodes):
        scope[f"node{place}"], scope[f"read{place}"] = node, kind.read
        if kind.names is None:
            reads.append(f"read{place}(node{place}),")
        else:
            reads.append("(" + "".join(f"node{place}.{name}, " for name in kind.names) + "),")
    exec(f"def read():\n    return ({' '.join(reads)})", scope)
    read: Callable[[], tuple[tuple[Any, ...], ...]] = scope["read"]
    return read


def _frame_with_loops(kind: type, names: list[str]) -> Kind:
    """A frame in which iterators may lie: they go on by themselves, so a place is kept instead."""
    get, put = _reader(names), _writer(kind, names)

    def read(frame: Any) -> tuple[Any, ...]:
        content = get(frame)
        if any(type(each) in _ITERATORS for each in content):
            return tuple(Place.of(each) if type(each) in _ITERATORS else each for each in content)
        return content

    def write(frame: Any, content: tuple[Any, ...]) -> None:
        put(frame, tuple(each.again() if type(each) is Place else each for each in content))

    return Kind(kind.__name__, read, write)


class Place(NamedTuple):
    """Where an iterator stands."""

    make: Any
    of_what: tuple[Any, ...]
    state: Any

    @classmethod
    def of(cls, iterator: Any) -> Place:
        """Return the place of ``iterator``, which does not move."""
        reduced = iterator.__reduce__()
        return cls(reduced[0], reduced[1], reduced[2] if len(reduced) > 2 else None)

    def again(self) -> Iterator[Any]:
        """Return an iterator that stands there."""
        made = self.make(*self.of_what)
        if self.state is not None:
            made.__setstate__(self.state)
        iterator: Iterator[Any] = made
        return iterator


def _read_dict(node: Any) -> tuple[Any, ...]:
    return tuple(node.__dict__.items())


def _write_dict(node: Any, content: tuple[Any, ...]) -> None:
    node.__dict__.clear()
    node.__dict__.update(content)


def _read_items(node: dict[Any, Any]) -> tuple[Any, ...]:
    return tuple(node.items())


def _write_items(node: dict[Any, Any], content: tuple[Any, ...]) -> None:
    node.clear()
    node.update(content)


def _refill(node: Any, content: tuple[Any, ...]) -> None:
    node.clear()
    node.extend(content)


def _refill_set(node: set[Any], content: tuple[Any, ...]) -> None:
    node.clear()
    node.update(content)


def _read_queue(node: WaitQueue) -> tuple[Any, ...]:
    return (node.state, node.resource, tuple(node.waiters))


def _write_queue(node: WaitQueue, content: tuple[Any, ...]) -> None:
    node.state, node.resource, waiters = content
    node.waiters.clear()
    node.waiters.extend(waiters)


def _unit_kind(node: WritebackUnit) -> Kind:
    """A unit with its pages and its queue in it, which nobody else has."""
    names = [name for name in attributes_of(node) if name not in _UNIT_PARTS]
    get, put = _reader(names), _writer(WritebackUnit, names)

    def read(unit: WritebackUnit) -> tuple[Any, ...]:
        return (*get(unit), tuple(unit.extents), unit.waiters())

    def write(unit: WritebackUnit, content: tuple[Any, ...]) -> None:
        put(unit, content[:-2])
        unit.extents.clear()
        unit.extents.update(dict.fromkeys(content[-2]))
        if content[-1] or unit.waiters():
            unit.queue.waiters.clear()
            unit.queue.waiters.extend(content[-1])

    return Kind("WritebackUnit", read, write)


def _read_lru(node: LruList) -> tuple[Any, ...]:
    return (node.nr, *node) if node.nr else (0,)


def _write_lru(node: LruList, content: tuple[Any, ...]) -> None:
    ring = node.head_end
    before: Extent = ring
    for extent in content[1:]:
        before.newer = extent
        extent.older = before
        before = extent
    before.newer = ring
    ring.older = before
    node.nr = content[0]


class Shapes(dict[tuple[Any, ...], int]):
    """Numbers of shapes, the same in every process that was forked from one."""

    def __missing__(self, shape: tuple[Any, ...]) -> int:
        digest = blake2b(repr(shape).encode(), digest_size=7).digest()
        number = self[shape] = 1 << 56 | int.from_bytes(digest, "big")
        return number


class Describer:
    """Turns contents into records; equal shapes are one number."""

    def __init__(self) -> None:
        self._kinds: dict[type, Kind] = {}
        self._shapes = Shapes()
        self._constants: dict[int, tuple[tuple[int], Any]] = {}
        self._changing: set[type] = set()

    def fix(self, constants: Iterable[Any]) -> None:
        """Have these objects, which never change, described by their number."""
        for value in constants:
            self._constants[id(value)] = ((len(self._constants),), value)

    def is_fixed(self, value: Any) -> bool:
        """Return whether ``value`` has a number."""
        return id(value) in self._constants

    def kind(self, node: Any) -> Kind:
        """Return how a node is read that was not there at the start."""
        found = self._kinds.get(type(node))
        if found is None:
            found = self._kinds[type(node)] = kind_of(node)
        return found

    def describe(self, kind: Kind, content: tuple[Any, ...]) -> Description:
        """Describe a content.

        Raises:
            UnexplorableError: something in it is of a type that is not known here.
        """
        known = kind.known
        if known is None:
            return self._described(kind, content)
        try:
            return known[content]
        except KeyError:
            if len(known) >= MOST_KNOWN:
                known.clear()
            made = known[content] = self._described(kind, content)
            return made
        except TypeError:  # it holds a list, or another object that may change
            kind.known = None
            return self._described(kind, content)

    def _described(self, kind: Kind, content: tuple[Any, ...]) -> Description:
        plain: list[Any] = [kind.name]
        refers: list[Any] = []
        constants, changing = self._constants, self._changing
        for value in content if kind.ordered else sorted(content):
            what = type(value)
            if what in _PLAINEST:
                plain.append(value)
            elif what is bool:
                plain.append(int(value))  # it is equal to one, so it is described as one
            elif (constant := constants.get(id(value))) is not None:
                plain.append(constant[0])
            elif what in changing:
                plain.append(NODE)
                refers.append(value)
            else:
                self._describe(value, plain, refers)
        return self._shapes[tuple(plain)], tuple(refers)

    def _describe(self, value: Any, plain: list[Any], refers: list[Any]) -> None:
        kind = type(value)
        if kind is int or kind is str or value is None:
            plain.append(value)
        elif kind is bool:
            plain.append(int(value))  # it is equal to one, so it is described as one
        elif id(value) in self._constants:
            plain.append(self._constants[id(value)][0])
        elif isinstance(value, tuple):
            plain.append(f"{kind.__name__} {len(value)}")
            for each in value:
                self._describe(each, plain, refers)
        elif isinstance(value, (Enum, float, bytes, range)):
            plain.append(repr(value))
        elif kind is frozenset:
            plain.append((tuple(sorted(value)),))
        elif kind is types.MethodType:
            plain.append(f"method {value.__name__}")
            self._describe(value.__self__, plain, refers)
        elif kind is functools.partial:
            plain.append("partial")
            self._describe((value.func, value.args, *value.keywords.items()), plain, refers)
        elif isinstance(value, _SEALED) and not is_node(getattr(value, "__self__", None)):
            plain.append(getattr(value, "__qualname__", kind.__name__))
        elif is_node(value):
            self._changing.add(kind)
            plain.append(NODE)
            refers.append(value)
        else:
            msg = f"explore cannot tell two values of type {kind.__name__} apart: {value!r}"
            raise UnexplorableError(msg)
