"""``reclaimlab ablate``: which of these fixes are needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reclaimlab.cli import plugin_options
from reclaimlab.cli.asking import Asked, ask, asks, came_from
from reclaimlab.cli.example import example
from reclaimlab.cli.sweep.run import canonical
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.reports.ablation import ablation_block
from reclaimlab.reports.json_object import dump
from reclaimlab.reports.readme import fill_block
from reclaimlab.runs.run import installed_policies
from reclaimlab.sweep.ablate import Ablation, FixSet, ablate, check_size
from reclaimlab.sweep.plan import Source
from reclaimlab.sweep.values import SweepError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reclaimlab.measure.records import Verdict
    from reclaimlab.sweep.execute import Tally


@click.command(
    "ablate",
    epilog=example(
        "reclaimlab ablate xfs-softlimit-hang xfs-hardlimit-dd -k linux-3.10 "
        "-f may-enter-fs -f memalloc-noio -f wait-after-batch"
    ),
)
@plugin_options.scenarios
@click.option("-k", "--kernel", help="What the fixes go over  [default: the first scenario's].")
@click.option(
    "-f", "--fix", "fixes", multiple=True, required=True,
    help="FIX or FIX(param=value,...); repeat it.",
)  # fmt: skip
@click.option(
    "--readme",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Put the tables between the marks <!-- ablation --> of this file.",
)
@asks
def command(
    scenarios: tuple[str, ...],
    kernel: str | None,
    fixes: tuple[str, ...],
    readme: Path | None,
    asked: Asked,
) -> None:
    """Find the minimal sets of fixes that make every scenario ok.

    Goes through the sets from the smallest up and leaves out those that hold a sufficient one, then
    tests that more fixes do no harm. Says what each fix adds to its set: what breaks without it.
    A scenario may bring settings of its own: "dd-usb-ext4 writer_gfp=nofs".
    """
    sources = {text: _source(text, asked.settings) for text in scenarios}
    base = kernel or next(iter(sources.values())).scenario({}).kernel
    names = _fixes(base, fixes)
    check_size(names, sources, asked.seeds)
    found, tally = ask(
        lambda evaluator: ablate(base, names, sources, asked.seeds, evaluator), asked
    )
    plain = ablation_object(base, names, sources, asked.seeds, found)
    if asked.as_json:
        click.echo(dump(plain), nl=False)
    else:
        click.echo(describe(base, found, tally))
    if readme is not None:
        fill_block(readme, "ablation", ablation_block(plain))


def _source(text: str, settings: tuple[str, ...]) -> Source:
    """Return the scenario that ``NAME [PATH=VALUE]...`` is, with ``settings`` before its own."""
    name, *own = text.split(" ") if "=" in text else (text,)
    return Source.read(name, (*settings, *own))


def _fixes(kernel: str, fixes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the canonical spelling of each fix.

    Raises:
        ContenderError: the kernel or a fix cannot be read.
        SweepError: a fix is named twice.
    """
    (base,) = canonical((kernel,))
    spelt = tuple(name.removeprefix(f"{base}+") for name in canonical(
        tuple(f"{kernel}+{fix}" for fix in fixes)
    ))  # fmt: skip
    if len(spelt) < len(fixes):
        raise SweepError("a fix is given twice; name each once with --fix")
    parse_contender("+".join((base, *spelt)), installed_policies())
    return spelt


def describe(kernel: str, found: Ablation, tally: Tally) -> str:
    """Return the minimal sets, what each fix adds, and what the search assumed."""
    lines = [f"{kernel} alone: {_bad(found.none.bad())}", ""]
    for each in found.minimal:
        lines.append(f"{_set(each.fixes)}: sufficient")
        lines += [f"  without {fix}: {_bad(bad)}" for fix, bad in each.adds.items()]
    if not found.minimal:
        lines.append("no set of these fixes makes every scenario ok; each alone leaves")
        lines += [f"  {_set(each.fixes)}: {_bad(each.bad())}" for each in found.best]
    lines += [
        f"not monotone: {_set(each.fixes)} holds a sufficient set, but {_bad(each.bad())}"
        for each in found.harmful
    ]
    lines += ["", f"{found.tried} of {found.subsets} sets tried ({came_from(tally)})"]
    if found.minimal:
        lines.append(
            "a set that holds a sufficient one is taken to be so; this was tested on each with one "
            "fix more, and on all fixes together"
        )
    return "\n".join(lines)


def _set(fixes: FixSet) -> str:
    return " + ".join(fixes) or "no fix"


def _bad(bad: Mapping[str, Verdict]) -> str:
    return ", ".join(f"{verdict} on {name}" for name, verdict in bad.items()) or "ok"


def ablation_object(
    kernel: str,
    fixes: Iterable[str],
    scenarios: Iterable[str],
    seeds: Iterable[int],
    found: Ablation,
) -> dict[str, Any]:
    """Return the answer as plain JSON data."""

    def plain(verdicts: Mapping[str, Verdict]) -> dict[str, str]:
        return {name: str(verdict) for name, verdict in verdicts.items()}

    return {
        "schema": 1,
        "kernel": kernel,
        "fixes": list(fixes),
        "scenarios": list(scenarios),
        "seeds": list(seeds),
        "none": plain(found.none.verdicts),
        "minimal": [
            {"fixes": list(e.fixes), "without": {fix: plain(bad) for fix, bad in e.adds.items()}}
            for e in found.minimal
        ],
        "harmful": [
            {"fixes": list(each.fixes), "verdicts": plain(each.verdicts)} for each in found.harmful
        ],
        "tried": found.tried,
        "subsets": found.subsets,
    }
