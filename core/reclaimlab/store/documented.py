"""What each table, view and column of the store means, as Datasette shows it too."""

from __future__ import annotations

from typing import Any, Final

Columns = dict[str, str]

_COMPARISON: Final[Columns] = {
    "created_at": "when it was begun: ISO 8601, UTC",
    "scenario": "name of the scenario",
    "title": "what the scenario is, in words",
    "planned_runs": "how many runs it has when it is whole",
    "package_version": "version of reclaimlab",
}
_DECIDES: Final[Columns] = {"decides": "the metric that decides, or verdict"}
_LISTS: Final[Columns] = {
    "contenders": "JSON list; the first is the baseline",
    "seeds": "JSON list",
}
_OF_A_RUN: Final[Columns] = {
    "scenario": "name of the scenario",
    "contender": "KERNEL[+FIX[(param=value,...)]]...",
    "seed": "everything random grows from it",
}
_OUTCOME: Final[Columns] = {
    "verdict": "deadlock, livelock, stall, premature-oom, oom, ok; null if it failed",
    "ended": "why the simulation ended",
    "ended_ns": "simulated time at its end (ns)",
    "events": "events that the engine handled",
    "failure": "policy, bug or lost; null if it has a result",
    "error": "why it failed",
    "result_hash": "SHA-256 of the whole result, series included",
}
_COUNTS: Final[Columns] = dict.fromkeys(
    ("deadlock", "livelock", "stall", "premature_oom", "oom", "ok"), "runs with this verdict"
)
_SWEEP_RUN: Final[Columns] = {
    "sweep_id": "the sweep",
    "number": "its place in the sweep",
    "point": "its point in the sweep",
    "retries": "how often it was handed out again",
    "key": "what determines it; one result may belong to several sweeps",
}

DOCUMENTED: Final[dict[str, tuple[str, Columns]]] = {
    "comparisons": (
        "One scenario, several contenders, the same seeds for all.",
        {
            "id": "what commands take", **_COMPARISON, **_LISTS, **_DECIDES,
            "scenario_hash": "of all its values",
        },
    ),
    "runs": (
        "One scenario, contender and seed: the row holds all that determines it.",
        {
            "id": "comparison and place in it", "comparison_id": "the comparison", **_OF_A_RUN,
            "schedule": "the order among equals", **_OUTCOME,
            "policy_versions": "JSON object", "package_version": "version of reclaimlab",
            "scenario_hash": "of all values", "scenario_text": "the scenario as TOML",
            "traceback": "where in its plugin it failed; null: it did not",
        },
    ),
    "metrics": (
        "The numbers of a run, of its tasks and of its memcgs.",
        {
            "id": "order", "run_id": "the run", "scope": "run, task or memcg",
            "subject": "name of the task or memcg; empty for the run",
            "name": "name of the metric", "value": "in the unit beside it",
            "unit": "B/s, s, 1, ...",
        },
    ),
    "plugin_metrics": (
        "What metrics of plugins said of a run, or why they said nothing.",
        {
            "id": "order", "run_id": "the run", "name": "name of the metric",
            "origin": "the plugin's distribution and version", "value": "in the unit beside it",
            "unit": "B/s, s, 1, ...", "better": "higher or lower",
            "error": "empty if there is a value",
        },
    ),
    "incidents": (
        "The evidence of a bad verdict.",
        {
            "id": "order", "run_id": "the run", "verdict": "what it is evidence of",
            "t_ns": "simulated time (ns)", "tasks": "JSON: name, state, since_s, waits_for, stack",
            "cycle": "JSON list: each waits for the next, the last for the first",
            "memory_pages": "JSON object, in pages", "note": "in words",
        },
    ),
    "series": (
        "What was sampled over a run; times and values are packed, their summary is not.",
        {
            "id": "order", "run_id": "the run", "name": "what was sampled", "unit": "of the values",
            "n": "number of samples", "min": "least value", "max": "greatest value",
            "mean": "mean value", "last": "last value", "t_first_ns": "first time (ns)",
            "t_last_ns": "last time (ns)", "codec": "how times and values are packed",
            "t_ns": "times (ns), packed", "v": "values, packed",
        },
    ),
    "tags": (
        "Words by which comparisons are found again.",
        {"id": "order", "comparison_id": "the comparison", "tag": "the word"},
    ),
    "notes": (
        "Remarks on a comparison, a run of it, or a moment of that run.",
        {
            "id": "order", "comparison_id": "the comparison", "created_at": "ISO 8601, UTC",
            "text": "the remark", "run_id": "the run it is about; null: the comparison",
            "t_ns": "the moment of that run, simulated, in ns; null: all of it",
        },
    ),
    "sweeps": (
        "One scenario over many values.",
        {
            "id": "from all that determines it", "kind": "grid or sample", **_COMPARISON,
            **_DECIDES, "spec": "JSON: axes, contenders, seeds",
        },
    ),
    "sweep_points": (
        "One value of each axis of a sweep.",
        {
            "sweep_id": "the sweep", "point": "its number", "settings": "JSON object",
            "scenario_hash": "of all values",
        },
    ),
    "sweep_runs": (
        "The runs of a sweep, and where their results are.",
        {**_SWEEP_RUN, "contender": _OF_A_RUN["contender"], "seed": _OF_A_RUN["seed"]},
    ),
    "results": (
        "Results of sweeps' runs by what determines them.",
        {
            "key": _SWEEP_RUN["key"], **_OF_A_RUN, **_OUTCOME, "scenario_hash": "of all values",
            "package_version": "version of reclaimlab",
            "metrics": "JSON object, units as in metrics",
            "detail": "incident and the rest, packed",
        },
    ),
    "comparison_summary": (
        "A line on each comparison.",
        {
            "comparison_id": "the comparison", **_COMPARISON, **_LISTS,
            "stored_runs": "runs that are over", "failed_runs": "of those, without a result",
            "worst_verdict": "of all runs; null while there is none",
        },
    ),
    "verdict_matrix": (
        "What the runs of each contender came to.",
        {
            "comparison_id": "the comparison", "scenario": "name of the scenario",
            "contender": _OF_A_RUN["contender"], "verdict": "the worst", **_COUNTS,
            "failed": "runs without a result", "runs": "all of them",
        },
    ),
    "incidents_view": (
        "Every incident with its run.",
        {
            "incident_id": "the incident", "comparison_id": "the comparison", "run_id": "the run",
            **_OF_A_RUN, "verdict": "what it is evidence of", "time_s": "simulated time (s)",
            "tasks": "number of tasks", "first_task": "the first of them",
            "first_waits_for": "what that one waits for",
            "first_blocked_in": "and in which function",
            "cycle": "each waits for the next", "note": "in words",
        },
    ),
    "sweep_results": (
        "The runs of sweeps with their results.",
        {**_SWEEP_RUN, "settings": "JSON object", "contender": _OF_A_RUN["contender"],
         "seed": _OF_A_RUN["seed"], **_OUTCOME, "metrics": "JSON object, units as in metrics"},
    ),
    "explorations": (
        "Every schedule of a small scenario, or as many as were looked at.",
        {
            "id": "what runs show takes", "created_at": _COMPARISON["created_at"],
            "scenario": _OF_A_RUN["scenario"], "contender": _OF_A_RUN["contender"],
            "granularity": "coarse or fine steps", "exhausted": "1 if every schedule was seen",
            "states": "how many were seen", "violated": "JSON list of properties",
            "found": "all that explore --json printed, counterexamples step by step",
        },
    ),
}  # fmt: skip
"""Table or view -> what it is, and its columns."""

_LABELS: Final = {"comparisons": "title", "runs": "contender", "results": "contender"}
"""What a foreign key shows beside the id."""


def datasette_metadata(database: str) -> dict[str, Any]:
    """Return the metadata file that shows a store in Datasette with words, labels and facets."""
    tables: dict[str, Any] = {
        name: {"description": about, "columns": columns}
        for name, (about, columns) in DOCUMENTED.items()
    }
    for name, column in _LABELS.items():
        tables[name]["label_column"] = column
    tables["runs"]["facets"] = ["scenario", "contender", "verdict"]
    tables["metrics"]["facets"] = ["scope", "name"]
    tables["comparisons"]["sort_desc"] = "created_at"
    tables["_sqlite_migrations"] = {"hidden": True}
    return {
        "title": "reclaimlab",
        "description": "Comparisons of fixes for Linux memory reclaim and writeback",
        "databases": {database: {"tables": tables}},
    }
