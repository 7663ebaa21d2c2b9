"""The sections that plugins bring to a report, rendered in a process of their own.

What crosses back is plain blocks; each format writes them its own way, and takes no markup of them.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import ExtensionError
from reclaimlab.hosting.extensions import extensions, usable_extensions
from reclaimlab.hosting.gate import behind_gate
from reclaimlab.policy.extensions import Table, Verbatim
from reclaimlab.runs.apart_process import ApartProcess, PluginFailedError
from reclaimlab.runs.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.hosting.extensions import Extension
    from reclaimlab.policy.extensions import Block
    from reclaimlab.runs.comparison import Comparison

MOST_LETTERS: Final = 256 << 10
"""Of all blocks of one section together."""
MOST_COLUMNS: Final = 12
"""Of a table: what a sheet of paper holds."""


@dataclass(frozen=True, slots=True)
class Section:
    """What a plugin's section says of a comparison."""

    name: str
    title: str
    origin: str
    """Distribution and version, or the file, of the plugin."""
    blocks: tuple[Block, ...] = ()
    error: str = ""
    """Why there are no blocks: the plugin is at fault."""


def read_sections(comparison: Comparison) -> tuple[Section, ...]:
    """Return the sections of all installed plugins that have something to say, by name."""
    installed = usable_extensions("report")
    if not installed:
        return ()
    limits = Limits.from_environment()
    packed = pickle.dumps(_without_failures(comparison))
    with ApartProcess(limits) as process:
        made = [_section(process, each, packed, limits) for each in installed.values()]
    return tuple(each for each in made if each.blocks or each.error)


def _without_failures(comparison: Comparison) -> Comparison:
    # Records of failed runs hold whole scenarios, which no section needs.
    contenders = tuple(replace(each, failures=()) for each in comparison.contenders)
    return replace(comparison, contenders=contenders)


def _section(process: ApartProcess, each: Extension, packed: bytes, limits: Limits) -> Section:
    try:
        title, blocks = process.call(
            render_section, each.name, packed, foreign=[each.source], seconds=limits.stuck / 1e9
        )
    except PluginFailedError as error:
        return Section(each.name, each.name, each.origin, error=str(error))
    return Section(each.name, title, each.origin, blocks)


# ---- the child's side ---------------------------------------------------------------------------


def render_section(name: str, packed: bytes) -> tuple[str, tuple[Block, ...]]:
    """Return title and blocks of the section called ``name``, of a pickled comparison.

    Raises:
        ExtensionError: it raised, or broke a rule.
    """
    found = extensions("report").get(name)
    if found is None:
        raise _fault(name, "is not installed here, or not allowed")
    return render_with(found.load(), pickle.loads(packed))


def render_with(section: Any, comparison: Any) -> tuple[str, tuple[Block, ...]]:
    """Return what ``section`` says of ``comparison``, held to the rules.

    Raises:
        ExtensionError: it raised, or broke a rule.
    """
    name, title = str(section.name), section.title
    if not isinstance(title, str) or not title.strip():
        raise _fault(name, f"title is {title!r}; the rule is some words")
    try:
        said = list(behind_gate("render", section.render)(comparison))
        blocks = tuple(_plain(name, block) for block in said)
    except ExtensionError:
        raise
    except BaseException as error:  # a plugin's code may raise anything
        raise _fault(name, f"render() raised {type(error).__name__}: {error}") from error
    letters = len(title) + sum(map(_letters, blocks))
    if letters > MOST_LETTERS:
        raise _fault(name, f"its blocks have {letters} letters; the rule is {MOST_LETTERS} at most")
    return title, blocks


def _plain(name: str, block: object) -> Block:
    """Return a copy of ``block`` that is made of nothing but our classes and text."""
    match block:
        case str():
            return str.__str__(block)  # of a class of theirs: the letters alone cross back
        case Verbatim(str() as text):
            return Verbatim(str.__str__(text))
        case Table(header, rows):
            return _plain_table(name, header, rows)
    raise _fault(name, f"render() gave {block!r}; the rule is a str, a Table or a Verbatim")


def _plain_table(name: str, header: Sequence[str], rows: Sequence[Sequence[str | float]]) -> Table:
    titles = tuple(map(str, header))
    lines = tuple(tuple(map(str, row)) for row in rows)
    if not 0 < len(titles) <= MOST_COLUMNS:
        problem = f"its table has {len(titles)} columns; the rule is 1 to {MOST_COLUMNS}"
        raise _fault(name, problem)
    for line in lines:
        if len(line) != len(titles):
            problem = f"a row of its table has {len(line)} cells, and the header {len(titles)}"
            raise _fault(name, problem)
    return Table(titles, lines)


def _letters(block: Block) -> int:
    match block:
        case Table(header, rows):
            return sum(len(str(cell)) for line in (header, *rows) for cell in line)
        case Verbatim(text):
            return len(text)
        case _:
            return len(block)


def _fault(name: str, problem: str) -> ExtensionError:
    return ExtensionError("report", name, problem)
