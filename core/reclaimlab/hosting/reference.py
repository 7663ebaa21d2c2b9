"""The reference for policy authors, made from the hookspecs and from the policies themselves.

``python -m reclaimlab.hosting.reference FILE`` brings the tables in a Markdown file up to date.
"""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reclaimlab import policy
from reclaimlab.hosting.catalog import OURS, Catalog
from reclaimlab.hosting.questions import QUESTIONS
from reclaimlab.policy import hookspecs
from reclaimlab.policy.policy import format_parameter, parameter_fields

if TYPE_CHECKING:
    import dataclasses
    from collections.abc import Iterable

    from reclaimlab.policy import Policy


def hook_table() -> str:
    """Return the decision hooks as a Markdown table, in the order of a page's life."""
    rows = []
    for name in QUESTIONS:
        question, when, absent = _told(name)
        rows.append((_signature(name), question, when, _answer(name), absent, _asked(name)))
    return _table(("hook", "answers", "when", "with", "if absent", "asked"), rows)


def notification_table() -> str:
    """Return the notifications as a Markdown table."""
    rows = [
        (_signature(name), _summary(name))
        for name in vars(hookspecs)
        if name in hookspecs.NOTIFICATIONS
    ]
    return _table(("notification", "told when"), rows)


def policy_table(catalog: Catalog) -> str:
    """Return the installed policies as a Markdown table: kernels by age, then fixes by row."""
    rows = []
    for each in sorted(catalog.policies.values(), key=_order):
        info = each.info
        parameters = "<br>".join(_parameter(spec) for spec in parameter_fields(each)) or "-"
        rows.append((f"`{info.name}`", info.row or "-", info.title, info.claim, parameters))
    return _table(("policy", "row", "what it changes", "what it claims", "parameters"), rows)


def hook_objects() -> list[dict[str, Any]]:
    """Return every hook as plain JSON data, decisions first."""
    names = [*QUESTIONS, *(name for name in vars(hookspecs) if name in hookspecs.NOTIFICATIONS)]
    return [_hook_object(name) for name in names]


def _hook_object(name: str) -> dict[str, Any]:
    decides = name in QUESTIONS
    _, when, absent = _told(name)
    kind = ("pure " if name in hookspecs.PURE else "") + "decision" if decides else "notification"
    return {
        "name": name,
        "kind": kind,
        "arguments": list(inspect.signature(getattr(hookspecs, name)).parameters),
        "answer": _answer(name).strip("`") if decides else None,
        "summary": _summary(name),
        "when": when,
        "absent": absent,
        "combined": name in hookspecs.COMBINED,
        "deprecated": str(gone) if (gone := hookspecs.DEPRECATED.get(name)) else None,
    }


def hook_text(name: str) -> str:
    """Return all about one hook: signature, rules, then each view and answer field by field."""
    signature = str(inspect.signature(getattr(hookspecs, name))).replace("'", "")
    parts = [f"{name}{signature}", inspect.getdoc(getattr(hookspecs, name)) or ""]
    kinds = re.findall(r"[A-Z][A-Za-z]+", signature)
    parts += [_fields_text(kind) for kind in dict.fromkeys(kinds) if hasattr(policy, kind)]
    return "\n\n".join(parts)


def _fields_text(kind: str) -> str:
    # The words for a field stand below it in the source, where an author reads them too.
    found = getattr(policy, kind)
    lines = inspect.getsource(found).splitlines()
    body = [line for line in lines if not line.startswith("@")]
    return "\n".join(body)


def refresh(text: str, catalog: Catalog) -> str:
    """Return ``text`` with the tables between its ``<!-- NAME -->`` marks made anew."""
    tables = {
        "hooks": hook_table(),
        "notifications": notification_table(),
        "policies": policy_table(catalog),
    }
    for name, table in tables.items():
        between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        # A table may hold backslashes, which a replacement text would read as escapes.
        text = between.sub(rf"\1{table.replace(chr(92), chr(92) * 2)}\2", text)
    return text


def _told(name: str) -> tuple[str, str, str]:
    doc = " ".join((inspect.getdoc(getattr(hookspecs, name)) or "").split()).replace("``", "`")
    when = re.search(r"When: (.*?)(?= Holds:| Final:)", doc)
    absent = re.search(r"Absent: (.*?[.])(?: |$)", doc)
    return (
        _summary(name).removeprefix("Return ").rstrip("."),
        when[1].rstrip(".") if when else "",
        absent[1].rstrip(".") if absent else "",
    )


def _summary(name: str) -> str:
    doc = inspect.getdoc(getattr(hookspecs, name)) or ""
    return " ".join(doc.split("\n\n")[0].split()).replace("``", "`")


def _signature(name: str) -> str:
    arguments = inspect.signature(getattr(hookspecs, name)).parameters
    return f"`{name}({', '.join(arguments)})`"


def _answer(name: str) -> str:
    # Annotations are text here: the hookspecs import types for checkers only.
    kind = str(inspect.signature(getattr(hookspecs, name)).return_annotation)
    return f"`{kind.removesuffix(' | None')}`"


def _asked(name: str) -> str:
    words = ["pure: once an argument and run" if name in hookspecs.PURE else "every time"]
    if name in hookspecs.COMBINED:
        words.append("answers combined")
    return "; ".join(words)


def _parameter(spec: dataclasses.Field[Any]) -> str:
    low, high = spec.metadata.get("low"), spec.metadata.get("high")
    if choices := spec.metadata.get("choices", ()):
        allowed = "|".join(choices)
    elif isinstance(spec.default, bool):
        allowed = "true|false"
    elif low is not None and high is not None:
        allowed = f"{format_parameter(spec, low)}..{format_parameter(spec, high)}"
    else:
        allowed = "any"
    default = format_parameter(spec, spec.default)
    return f"`{spec.name}={default}` ({allowed}): {spec.metadata['doc']}"


def _order(policy: type[Policy]) -> tuple[bool, list[int], str]:
    """Put kernels first, by version; then the others by row of the table of fixes."""
    info = policy.info
    source = info.name if info.kind == "kernel" else info.row.partition(",")[0]
    return info.kind != "kernel", [int(each) for each in re.findall(r"\d+", source)], info.name


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    cells = (" | ".join(_escape(cell) for cell in line) for line in lines)
    return "".join(f"| {line} |\n" for line in cells)


def _escape(cell: str) -> str:
    return cell.replace("|", "\\|")


def _main() -> None:
    path = Path(sys.argv[1])
    path.write_text(refresh(path.read_text(), Catalog.discover().of_distribution(OURS)))


if __name__ == "__main__":
    _main()
