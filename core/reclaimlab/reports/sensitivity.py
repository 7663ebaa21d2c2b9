"""How much each calibrated constant matters, as text, JSON and the README's tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.reports.markdown import table
from reclaimlab.reports.validation import SHOWN, columns
from reclaimlab.validate.constants import unit_of
from reclaimlab.validate.quantities import QUANTITIES
from reclaimlab.validate.sensitivity import FACTORS, leave_one_kind_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reclaimlab.validate.sensitivity import Effect

_CONSTANTS_HEAD: Final = ("constant", "value", *(f"times {factor:g}" for factor in FACTORS))
_KINDS_HEAD: Final = (
    "left out", "recordings", "the others would change", "their mean error", "of those left out",
)  # fmt: skip


def sensitivity_object(effects: Sequence[Effect]) -> dict[str, Any]:
    """Return what ``validate --sensitivity --json`` prints."""
    plain = effects[0]
    return {
        "schema": 1,
        "recordings": list(plain.scores),
        "constants": [
            {
                "constant": effect.constant,
                "value": effect.value,
                "unit": unit_of(effect.constant),
                "factor": effect.factor,
                "median_errors": {
                    name: {
                        "before": effect.before.spreads[name].median,
                        "after": spread.median,
                    }
                    for name, spread in effect.after.spreads.items()
                    if name in effect.before.spreads and name in SHOWN
                    if math.isfinite(spread.median + effect.before.spreads[name].median)
                },
                "oom_verdicts_right": effect.after.oom_verdict.right,
                "oom_verdicts_right_before": effect.before.oom_verdict.right,
            }
            for effect in effects[1:]
        ],
        "left_out": [
            {
                "kind": each.kind, "n": each.n, "constant": each.constant, "factor": each.factor,
                "others": list(each.others), "own": list(each.own),
            }
            for each in leave_one_kind_out(effects)
        ],
    }  # fmt: skip


def sensitivity_text(plain: dict[str, Any]) -> str:
    """Return both tables for a terminal."""
    blocks = [
        _words(plain),
        "\n".join(columns([_CONSTANTS_HEAD, *_constants(plain)])),
        *(["\n".join(columns([_KINDS_HEAD, *_kinds(plain)]))] if plain["left_out"] else []),
    ]
    return "\n\n".join(blocks) + "\n"


def sensitivity_block(plain: dict[str, Any]) -> str:
    """Return both tables for the README."""
    blocks = [
        _words(plain),
        "\n".join(table(_CONSTANTS_HEAD, _constants(plain))),
        "\n".join(table(_KINDS_HEAD, _kinds(plain))),
    ]
    return "\n\n".join(blocks) + "\n"


def _words(plain: dict[str, Any]) -> str:
    return f"Median errors over {len(plain['recordings'])} recordings, before and after."


def _constants(plain: dict[str, Any]) -> Iterable[tuple[str, ...]]:
    by_name: dict[str, dict[float, dict[str, Any]]] = {}
    for each in plain["constants"]:
        by_name.setdefault(each["constant"], {})[each["factor"]] = each
    rows = sorted(by_name.items(), key=lambda item: -sum(map(_size, item[1].values())))
    for name, found in rows:
        first = found[FACTORS[0]]
        cells = [_moved(found[factor]) or "nothing moves" for factor in FACTORS]
        yield (name, f"{first['value']:,} {first['unit']}", *cells)


def _size(effect: dict[str, Any]) -> float:
    moved = [abs(each["after"] - each["before"]) for each in effect["median_errors"].values()]
    flipped = abs(effect["oom_verdicts_right"] - effect["oom_verdicts_right_before"])
    return float(sum(min(each, 1.0) for each in moved) + 10 * flipped)


def _moved(effect: dict[str, Any]) -> str:
    said = [
        f"{SHOWN[name].rsplit(' ', 1)[0]} {before} to {after}"
        for name, each in effect["median_errors"].items()
        if (before := _plain(name, each["before"])) != (after := _plain(name, each["after"]))
    ]
    if effect["oom_verdicts_right"] != effect["oom_verdicts_right_before"]:
        said.append(f"OOM right {effect['oom_verdicts_right']}")
    return ", ".join(said)


def _plain(name: str, value: float) -> str:
    return f"{value:.2f}x" if QUANTITIES[name].error == "factor" else f"{value:.1%}"


def _kinds(plain: dict[str, Any]) -> Iterable[tuple[str, ...]]:
    for each in plain["left_out"]:
        changed = f"{each['constant']} times {each['factor']:g}" if each["constant"] else "nothing"
        pairs = [f"{one:.1%} to {two:.1%}" for one, two in (each["others"], each["own"])]
        yield (each["kind"], str(each["n"]), changed, *pairs)
