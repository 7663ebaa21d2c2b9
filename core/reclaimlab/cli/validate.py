"""``reclaimlab validate``: the simulator against recordings of real kernels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from reclaimlab.cli import options
from reclaimlab.cli.example import example
from reclaimlab.cli.group import EXIT_FAILED_ON
from reclaimlab.errors import ReclaimlabError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reclaimlab.errors import RecordingError
    from reclaimlab.validate.compare import Result

_EXIT_INPUT: Final = 2


@click.command("validate", epilog=example("reclaimlab validate my-recordings --html report.html"))
@click.argument(
    "folder", required=False, metavar="[DIR]", type=click.Path(path_type=Path, file_okay=False)
)
@click.option("--only", multiple=True, metavar="TEXT", help="Only runs whose name has this in it.")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write a page with the measured and simulated series of each recording.",
)
@click.option(
    "--readme",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also make the tables between the marks of this file anew.",
)
@click.option(
    "--sensitivity",
    is_flag=True,
    help="Instead: how the errors change with each calibrated constant a fifth smaller and larger.",
)
@options.jobs
@options.quiet
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    folder: Path | None,
    only: tuple[str, ...],
    html: Path | None,
    readme: Path | None,
    sensitivity: bool,
    jobs: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Simulate recordings of real machines and say how far the simulator is off.

    DIR holds recordings, each a folder with meta.toml and samples.csv, as `reclaimlab record`
    makes them; or it is one. Those that come with reclaimlab are taken without it. A folder of
    page-cache phases (exp1_times.csv) is compared phase by phase.

    Exits with 1 when a target is missed, with 2 when a recording was left out,
    since it is damaged or makes no scenario.
    """
    from reclaimlab.validate.page_cache import is_page_cache_data

    if folder is not None and is_page_cache_data(folder):
        ctx.exit(_page_cache(folder, quiet=quiet, as_json=as_json))
    folders = _chosen(folder, only)
    if sensitivity:
        ctx.exit(_sensitivity(folders, jobs, readme, quiet=quiet, as_json=as_json))
    refused: list[RecordingError] = []
    results = list(_told(folders, jobs, refused, quiet=quiet))
    if not results:
        raise refused[0]
    code = _report(results, html, readme, as_json=as_json)
    for error in refused:
        click.echo(f"left out: {error}", err=True)
    ctx.exit(_EXIT_INPUT if refused else code)


def _chosen(folder: Path | None, only: Sequence[str]) -> list[Path]:
    from reclaimlab.validate.batch import recordings_in, shipped_recordings

    folders = shipped_recordings() if folder is None else recordings_in(folder)
    chosen = [each for each in folders if not only or any(text in each.name for text in only)]
    if not chosen:
        names = ", ".join(each.name for each in folders[:5])
        raise ReclaimlabError(
            f"validate: no recording has {' or '.join(only)} in its name; there are {names}, ..."
        )
    return chosen


def _told(
    folders: Sequence[Path], jobs: int, refused: list[RecordingError], *, quiet: bool
) -> Iterator[Result]:
    from reclaimlab.validate.batch import validate_all

    results = validate_all(folders, jobs=jobs, refused=refused.append)
    for number, result in enumerate(results, 1):
        if not quiet:
            click.echo(f"{number}/{len(folders)} {result.run}", err=True)
        yield result


def _report(
    results: Sequence[Result], html: Path | None, readme: Path | None, *, as_json: bool
) -> int:
    from reclaimlab.reports.json_object import dump
    from reclaimlab.reports.readme import fill_block
    from reclaimlab.reports.validation import (
        validation_block,
        validation_object,
        validation_text,
    )
    from reclaimlab.reports.validation_html import validation_html
    from reclaimlab.validate.compare import summarise
    from reclaimlab.validate.targets import missed

    if html is not None:
        try:
            html.write_text(validation_html(results), encoding="utf-8")
        except OSError as error:
            raise ReclaimlabError(f"validate: {html}: {error.strerror}") from None
    if readme is not None:
        fill_block(readme, "validation", validation_block(validation_object(results)))
    said = dump(validation_object(results)) if as_json else validation_text(results)
    click.echo(said, nl=False)
    return EXIT_FAILED_ON if missed(summarise(results)) else 0


def _sensitivity(
    folders: Sequence[Path], jobs: int, readme: Path | None, *, quiet: bool, as_json: bool
) -> int:
    from reclaimlab.cli.progress import counted
    from reclaimlab.reports.json_object import dump
    from reclaimlab.reports.readme import fill_block
    from reclaimlab.reports.sensitivity import (
        sensitivity_block,
        sensitivity_object,
        sensitivity_text,
    )
    from reclaimlab.validate.sensitivity import planned, sensitivity

    with counted(planned(), quiet=quiet) as told:
        plain = sensitivity_object(list(sensitivity(folders, jobs=jobs, told=told)))
    if readme is not None:
        fill_block(readme, "sensitivity", sensitivity_block(plain))
    click.echo(dump(plain) if as_json else sensitivity_text(plain), nl=False)
    return 0


def _page_cache(folder: Path, *, quiet: bool, as_json: bool) -> int:
    from reclaimlab.reports.json_object import dump
    from reclaimlab.reports.page_cache import page_cache_object, page_cache_text
    from reclaimlab.validate.page_cache import validate_page_cache

    def tell(what: str) -> None:
        if not quiet:
            click.echo(what, err=True)

    found = validate_page_cache(folder, tell)
    said = dump(page_cache_object(found)) if as_json else page_cache_text(found)
    click.echo(said, nl=False)
    return EXIT_FAILED_ON if found.missed else 0
