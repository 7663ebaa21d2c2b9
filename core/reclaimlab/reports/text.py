"""The text report: a comparison in the layout of mmtests, fit for a mailing list.

One block a metric instead of mmtests' one column a kernel, so that fourteen contenders fit into 72
columns too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.reports.evidence import NOTHING, Evidence
from reclaimlab.reports.incident_text import incident_lines
from reclaimlab.reports.lines import WIDTH, label, wrapped
from reclaimlab.reports.numbers import Scale, effect_text, gain_text, scale_for
from reclaimlab.reports.section_text import section_lines
from reclaimlab.reports.shares import shares_text
from reclaimlab.runs.seeds_needed import seed_warnings
from reclaimlab.runs.verdict import describe_counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reclaimlab.runs.comparison import Comparison, ContenderSummary

_NAME = 40
_NAME_OF_METRIC = 34
_NUMBER = 14
_LEGEND = [
    "Means over seeds; percent against the first line, positive is better;",
    "* better or worse beyond noise (95 %), ~ cannot be told from noise;",
    "last: effect size, the mean difference in its standard deviations",
]


def text_report(comparison: Comparison, evidence: Evidence = NOTHING) -> str:
    """Return the report; pure ASCII, and no line is wider than 72 columns."""
    parts = [_header(comparison, evidence.tags), _told("Notes", evidence.notes)]
    parts += [_verdicts(comparison), _shares(comparison)]
    parts += [_told("Too few seeds", seed_warnings(comparison)), _LEGEND]
    parts += [_metric(comparison, name) for name in comparison.metric_names()]
    parts += [_evidence(contender) for contender in comparison.contenders]
    parts += [section_lines(each) for each in evidence.sections]
    parts += [_told("Plugins at fault", evidence.faults(comparison))]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _header(comparison: Comparison, tags: tuple[str, ...]) -> list[str]:
    head = comparison.head
    facts = {
        "decides": head.decides,
        "seeds": seeds_text(head.seeds),
        "comparison": comparison.id,
        "versions": versions_text(comparison),
    }
    if tags:
        facts["tags"] = ", ".join(tags)
    if comparison.stored_runs < head.planned_runs:
        facts["incomplete"] = f"{comparison.stored_runs} of {head.planned_runs} runs"
    lines = wrapped(f"{head.scenario}: {head.title}")
    lines.append("=" * min(WIDTH, max(map(len, lines))))
    for name, fact in facts.items():
        first, *rest = wrapped(fact, width=WIDTH - 12)
        lines += [f"{name + ':':<12}{first}", *(f"{'':12}{line}" for line in rest)]
    return lines


def seeds_text(seeds: tuple[int, ...]) -> str:
    """Return the seeds in few words: ``1-20 (20)``."""
    if not seeds:  # only in a store that somebody else has written to
        return "none"
    whole = seeds == tuple(range(seeds[0], seeds[0] + len(seeds))) and len(seeds) > 1
    listed = f"{seeds[0]}-{seeds[-1]}" if whole else ", ".join(map(str, seeds))
    return f"{listed} ({len(seeds)})"


def versions_text(comparison: Comparison) -> str:
    """Return the versions of all that took part: the package, then each policy."""
    versions: dict[str, str] = {}
    for contender in comparison.contenders:
        versions |= contender.policy_versions
    policies = [f"{name} {version}" for name, version in versions.items()]
    return ", ".join([f"reclaimlab {comparison.head.package_version}", *policies])


def _verdicts(comparison: Comparison) -> list[str]:
    lines = ["Verdict"]
    for contender in comparison.contenders:
        lines += _row(contender.contender, _beside(verdict_text(contender)))
    return lines


def _shares(comparison: Comparison) -> list[str]:
    lines = ["Share of the runs with a verdict (its 95 % interval)"]
    for contender in comparison.contenders:
        lines += _row(contender.contender, _beside(shares_text(contender) or "-"))
    return lines


def _beside(cell: str) -> list[str]:
    return wrapped(cell, width=WIDTH - _NAME - 3)


def _told(title: str, sentences: Iterable[str]) -> list[str]:
    lines = [line for each in sentences for line in wrapped(each, start="  ", indent="    ")]
    return [title, *lines] if lines else []


def verdict_text(contender: ContenderSummary) -> str:
    """Return a contender's verdict in words, with the runs that failed."""
    told = describe_counts(contender.verdicts) if contender.verdicts else ""
    failed = f"{len(contender.failures)} failed" if contender.failures else ""
    return ", ".join(filter(None, (told, failed))) or "no run yet"


def _row(name: str, cells: list[str], width: int = _NAME) -> Iterator[str]:
    names = label(name, width)
    # The value stands beside the last piece of a name that needs several lines.
    yield from (f"  {piece}" for piece in names[:-1])
    for place, cell in enumerate(cells):
        yield f"  {names[-1] if not place else '':<{width}} {cell}".rstrip()


def _metric(comparison: Comparison, name: str) -> list[str]:
    found = {
        each.contender: each.metrics[name] for each in comparison.contenders if name in each.metrics
    }
    info = next(iter(found.values())).info
    scale = scale_for(info, [summary.mean for summary in found.values()])
    unit = f"{scale.unit}, " if scale.unit else ""
    means = {contender: summary.mean for contender, summary in found.items()}
    title = wrapped(f"{name} ({unit}{info.better} is better)", indent="  ")
    return [*title, *_means(comparison, name, means, scale)]


def _means(
    comparison: Comparison, name: str, means: Mapping[str, float], scale: Scale
) -> Iterator[str]:
    baseline = comparison.head.contenders[0]
    for contender in comparison.contenders:
        if contender.contender not in means:
            yield from _row(contender.contender, [f"{'-':>{_NUMBER}}"], _NAME_OF_METRIC)
            continue
        number = scale.number(means[contender.contender])
        judged = comparison.pair(contender.contender, name)
        compared = contender.contender == baseline or judged is not None
        gain = gain_text(contender.metrics[name].info, judged) if compared else ""
        against = f"{gain} {effect_text(judged):>7}"
        yield from _row(contender.contender, [f"{number:>{_NUMBER}} {against}"], _NAME_OF_METRIC)


def _evidence(contender: ContenderSummary) -> list[str]:
    lines: list[str] = []
    if contender.incident is not None:
        seed = contender.incident_seed
        lines += ["-" * WIDTH, *incident_lines(contender.incident, contender.contender, seed)]
    for record in contender.failures:
        failed = f"{contender.contender} seed {record.seed} failed: {record.error}"
        lines += wrapped(failed, indent="  ")
    return lines
