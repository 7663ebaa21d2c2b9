"""The errors of each kind of recordings by itself, and how many of them constants came from."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.reports.markdown import table
from reclaimlab.validate.fitted import FITTED
from reclaimlab.validate.sensitivity import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_HEAD: Final = (
    "kind", "recordings", "fitted to", "OOM verdict right", "device rate", "plateau",
    "longest stall", "p99 within 1.5 times", "blocking function right",
)  # fmt: skip


def kinds_table(plain: dict[str, Any]) -> str:
    """Return a table from what ``validate --json`` printed: a kind a row, median errors."""
    kinds: dict[str, list[dict[str, Any]]] = {}
    for each in plain["recordings"]:
        kinds.setdefault(kind_of(each["run"]), []).append(each)
    return "\n".join(table(_HEAD, (_row(kind, found) for kind, found in sorted(kinds.items()))))


def _row(kind: str, found: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    fitted = sum(each["run"] in FITTED for each in found)
    close = [float(error <= 1.5) for error in _errors(found, "write_latency_p99")]
    return (
        f"`{kind}_`", str(len(found)), str(fitted) if fitted else "none",
        _right(found, "oom_verdict"),
        *(_median(_errors(found, name)) for name in (
            "device_throughput", "dirty_and_writeback_plateau", "longest_stall",
        )),
        f"{sum(close):g} of {len(close)}" if close else "",
        _right(found, "blocking_function"),
    )  # fmt: skip


def _errors(found: Iterable[dict[str, Any]], name: str) -> list[float]:
    numbers = (each["metrics"].get(name) for each in found)
    return [abs(each["error"]) for each in numbers if each and each["error"] is not None]


def _median(errors: Sequence[float]) -> str:
    return f"{median(errors):.1%}" if errors else ""


def _right(found: Iterable[dict[str, Any]], name: str) -> str:
    errors = _errors(found, name)
    return f"{errors.count(0)} of {len(errors)}" if errors else ""
