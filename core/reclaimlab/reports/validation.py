"""Recordings against runs as text and as the contract's JSON object."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.reports.markdown import table
from reclaimlab.reports.validation_kinds import kinds_table
from reclaimlab.validate.compare import summarise
from reclaimlab.validate.fitted import FITTED
from reclaimlab.validate.hierarchy import signs
from reclaimlab.validate.quantities import QUANTITIES
from reclaimlab.validate.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reclaimlab.validate.compare import Compared, Result, Summary
    from reclaimlab.validate.targets import Target

SHOWN: Final = {
    "device_throughput": "device MB/s",
    "dirty_and_writeback_plateau": "dirty+wb MiB",
    "longest_stall": "stall s",
    "write_latency_p99": "p99 ms",
    "largest_completion": "batch MiB",
    "scans_per_reclaim": "scans",
    "oom_time": "OOM s",
}
"""Columns of the table of runs: number -> heading; each cell is measured/simulated."""
_SCALE: Final = {"device_throughput": 1e-6, "write_latency_p99": 1e3}


def validation_text(results: Sequence[Result]) -> str:
    """Return a table of the runs, a summary of the errors, and the targets."""
    summary = summarise(results)
    head = ("recording", *SHOWN.values(), "blocked in")
    lines = [
        "Each cell is measured/simulated.",
        "",
        *columns([head, *(recording_row(result) for result in results)]),
        "",
        *columns([_SUMMARY_HEAD, *_summary_rows(summary)]),
        "",
        *columns([TARGET_HEAD, *target_rows(results)]),
    ]
    wrong = [
        f"{sign.pair}: {sign.name} is {sign.measured} in the recordings, {sign.simulated} in runs"
        for sign in signs(results)
        if not sign.is_right
    ]
    return "\n".join(line.rstrip() for line in [*lines, *wrong]) + "\n"


_SUMMARY_HEAD: Final = ("number", "median error", "90th percentile", "recordings")


def columns(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return rows with their cells in columns two spaces apart."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def recording_row(result: Result) -> tuple[str, ...]:
    """Return the name of a recording, its numbers as measured/simulated, and where it blocked."""
    cells = [_cell(result, name) for name in SHOWN]
    if result.measured.killed or result.simulated.killed:
        cells[-1] = "/".join(
            seen.killed.span if seen.killed else "none"
            for seen in (result.measured, result.simulated)
        )
    real, ours = result.blocking
    blocked = real if real == ours else f"{real or 'nothing'}/{ours or 'nothing'}"
    return (result.run, *cells, blocked)


def _cell(result: Result, name: str) -> str:
    found = result.number(name)
    if found is None:
        return ""
    scale = _SCALE.get(name, 1.0)
    ours = "-" if found.simulated is None else f"{found.simulated * scale:.3g}"
    return f"{found.measured * scale:.3g}/{ours}"


def _summary_rows(summary: Summary) -> Iterable[tuple[str, ...]]:
    for name, spread in summary.spreads.items():
        style = "{:.2f}x" if _is_factor(name) else "{:.1%}"
        yield name, style.format(spread.median), style.format(spread.p90), str(spread.n)


def _is_factor(name: str) -> bool:
    return name in QUANTITIES and QUANTITIES[name].error == "factor"


TARGET_HEAD: Final = ("target", "is", "of recordings not fitted to", "bound", "")


def target_rows(results: Sequence[Result]) -> Iterable[tuple[str, str, str, str, str]]:
    """Yield each target with its figure, that of the checking recordings, its bound, if it is met.

    The checking recordings are those that no constant came from.
    """
    everything = summarise(results)
    checking = summarise([result for result in results if result.run not in FITTED])
    for target in TARGETS:
        said, checked = (_figure(target, summary) for summary in (everything, checking))
        limit = target.style.format(target.limit)
        bound = f"at least {limit}" if target.at_least else f"at most {limit}"
        met = {True: "met", False: "missed", None: ""}[target.is_met(everything)]
        yield target.what, said, checked, bound, met


def _figure(target: Target, summary: Summary) -> str:
    figure = target.figure(summary)
    return "no recording tells" if figure is None else target.style.format(figure)


def validation_object(results: Sequence[Result]) -> dict[str, Any]:
    """Return what ``validate --json`` prints."""
    summary = summarise(results)
    found: dict[str, Any] = {
        name: {"median_error": _plain(spread.median), "p90_error": _plain(spread.p90),
               "n": spread.n}
        for name, spread in summary.spreads.items()
    }  # fmt: skip
    for name, counted in (
        ("oom_verdict", summary.oom_verdict),
        ("blocking_function", summary.blocking_function),
        ("hierarchy_signs", summary.hierarchy_signs),
    ):
        found[name] = {"right": counted.right, "n": counted.n}
    checking = summarise([result for result in results if result.run not in FITTED])
    targets = [
        {"name": target.name, "what": target.what, "figure": target.figure(summary),
         "checking": target.figure(checking), "limit": target.limit,
         "at_least": target.at_least, "met": target.is_met(summary)}
        for target in TARGETS
    ]  # fmt: skip
    return {
        "schema": 1,
        "recordings": [_recording(result) for result in results],
        "summary": found,
        "targets": targets,
    }


def _recording(result: Result) -> dict[str, Any]:
    metrics: dict[str, Any] = {each.name: _number(each) for each in result.numbers}
    real, ours = result.measured, result.simulated
    if real.killed is not None and "oom_time" in metrics:
        metrics["oom_time"]["measured_after"] = real.killed.after_s
    metrics["oom_verdict"] = {
        "measured": real.killed is not None,
        "simulated": ours.killed is not None,
        "error": float(not result.kill_is_right),
    }
    right = result.blocking_is_right
    metrics["blocking_function"] = {
        "measured": result.blocking[0],
        "simulated": result.blocking[1],
        "error": None if right is None else float(not right),
    }
    return {
        "run": result.run,
        "kernel": result.kernel,
        "fs": result.filesystem,
        "cgroup": result.cgroup,
        "metrics": metrics,
    }


def _number(each: Compared) -> dict[str, float | str | None]:
    return {
        "measured": each.measured,
        "simulated": each.simulated,
        "error": _plain(each.error),
        "unit": each.unit,
    }


def _plain(value: float | None) -> float | None:
    """Return ``value`` as JSON can say it: it has no infinity."""
    return None if value is None or math.isinf(value) else value


def validation_block(plain: dict[str, Any]) -> str:
    """Return the README's tables from what ``validate --json`` printed: targets, then errors."""
    targets = [
        (
            each["what"],
            _said(each, each["figure"]),
            _said(each, each["checking"]),
            f"{'at least' if each['at_least'] else 'at most'} {_said(each, each['limit'])}",
            {True: "met", False: "**missed**", None: ""}[each["met"]],
        )
        for each in plain["targets"]
    ]
    errors = [
        (f"`{name}`", _error(name, spread["median_error"]), _error(name, spread["p90_error"]),
         str(spread["n"]))
        for name, spread in plain["summary"].items()
        if "median_error" in spread
    ]  # fmt: skip
    wrong = [
        f"`{each['run']}`"
        for each in plain["recordings"]
        if each["metrics"]["oom_verdict"]["error"]
    ]
    head = f"{len(plain['recordings'])} recordings, each simulated once with seed 1."
    verdicts = f"OOM verdict wrong: {', '.join(wrong) or 'none'}."
    blocks = [
        head,
        "\n".join(table(TARGET_HEAD, targets)),
        "\n".join(table(_SUMMARY_HEAD, errors)),
        kinds_table(plain),
        verdicts,
    ]
    return "\n\n".join(blocks) + "\n"


def _said(target: dict[str, Any], value: float | None) -> str:
    style = next(each.style for each in TARGETS if each.name == target["name"])
    return "no recording tells" if value is None else style.format(value)


def _error(name: str, value: float | None) -> str:
    if value is None:
        return "one is 0"
    return f"{value:.2f} times" if _is_factor(name) else f"{value:.1%}"
