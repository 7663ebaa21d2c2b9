"""Which fixes suffice, as tables of the README: from what ``ablate --json`` printed."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from reclaimlab.reports.text import seeds_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def ablation_block(plain: Mapping[str, Any]) -> str:
    """Return the command, the minimal sets with what each fix adds, and where more does harm."""
    names = ", ".join(f"`{name}`" for name in plain["scenarios"])
    head = (
        f"The {len(plain['fixes'])} fixes over `{plain['kernel']}`, on {names}; seeds: "
        f"{seeds_text(plain['seeds'])}. Without a fix: {_bad(plain['none'])}. "
        f"{plain['tried']} of {plain['subsets']} sets were tried."
    )
    minimal = [
        (_set(each["fixes"]), "; ".join(_without(fix, bad) for fix, bad in each["without"].items()))
        for each in plain["minimal"]
    ]
    parts = [head, f"```text\n{command_of(plain)}\n```", _table(("sufficient", "because"), minimal)]
    harmful = [(_set(each["fixes"]), _bad(each["verdicts"])) for each in plain["harmful"]]
    if harmful:
        told = "More fixes are not always better. These sets hold a sufficient one:"
        parts += [told, _table(("set", "is not ok"), harmful)]
    return "\n\n".join(parts) + "\n"


def command_of(plain: Mapping[str, Any]) -> str:
    """Return the command that finds it again."""
    seeds = plain["seeds"]
    words = [
        "reclaimlab", "ablate", *plain["scenarios"], "-k", plain["kernel"],
        *(word for fix in plain["fixes"] for word in ("-f", fix)),
        "--seed", str(seeds[0]), "--seeds", str(len(seeds)),
    ]  # fmt: skip
    return shlex.join(words)


def _set(fixes: Iterable[str]) -> str:
    return " + ".join(f"`{fix}`" for fix in fixes) or "no fix"


def _without(fix: str, bad: Mapping[str, str]) -> str:
    return f"without `{fix}` {_bad(bad)}"


def _bad(verdicts: Mapping[str, str]) -> str:
    bad = [f"{verdict} on `{name}`" for name, verdict in verdicts.items() if verdict != "ok"]
    return ", ".join(bad) or "ok"


def _table(header: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    lines = [header, ("---", "---"), *rows]
    return "\n".join(f"| {left} | {right} |" for left, right in lines)
