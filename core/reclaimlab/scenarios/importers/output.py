"""Writing an imported scenario and the measured files beside it: all of it, or nothing."""

from __future__ import annotations

import shutil
import tempfile
import textwrap
from pathlib import Path

from pydantic import ValidationError

from reclaimlab.errors import RecordingError, ScenarioError
from reclaimlab.scenarios.canonical import scenario_toml
from reclaimlab.scenarios.faults import problems_of
from reclaimlab.scenarios.importers.draft import Draft
from reclaimlab.scenarios.reader import read_scenario
from reclaimlab.scenarios.schema import Scenario, ScenarioFile


def write_import(draft: Draft, output: Path) -> Scenario:
    """Write ``draft`` to ``output`` and its files to ``<stem>.recording/`` beside it.

    Raises:
        RecordingError: the recording makes no valid scenario, or the output cannot be written.
    """
    _refuse_folder(output)
    folder = f"{output.stem}.recording" if draft.files else ""
    try:
        text = import_text(draft, folder)
        scenario = read_scenario(text, str(output))
        _write(draft, text, output, folder)
    except ScenarioError as error:
        msg = f"the recording makes no valid scenario: {error}"
        raise RecordingError(msg) from None
    except OSError as error:
        msg = f"{output}: cannot be written: {error.strerror}"
        raise RecordingError(msg) from None
    return scenario


def write_text(text: str, output: Path) -> None:
    """Write the text of a scenario that has no files beside it to ``output``.

    Raises:
        RecordingError: the output cannot be written.
    """
    _refuse_folder(output)
    try:
        _write(Draft({}, []), text, output, "")
    except OSError as error:
        msg = f"{output}: cannot be written: {error.strerror}"
        raise RecordingError(msg) from None


def import_text(draft: Draft, folder: str) -> str:
    """Return the TOML text of ``draft``, whose measured files are in ``folder``.

    Raises:
        RecordingError: the recording makes no valid scenario.
    """
    recording = {"dir": folder, **draft.data["recording"]}
    try:
        file = ScenarioFile.model_validate({**draft.data, "recording": recording})
    except ValidationError as error:
        said = "; ".join(str(problem) for problem in problems_of(error, draft.data))
        msg = f"{recording.get('run', '')}: the recording makes no valid scenario: {said}"
        raise RecordingError(msg.removeprefix(": ")) from None
    comment = "\n".join(
        textwrap.fill(line, 100, initial_indent="# ", subsequent_indent="#   ")
        for line in draft.comment
    )
    return f"{comment}\n\n{scenario_toml(Scenario.of(file), defaults=False)}"


def _refuse_folder(output: Path) -> None:
    if output.is_dir():
        msg = f"{output}: is a folder; the scenario needs a file name, such as scenario.toml"
        raise RecordingError(msg)


def _write(draft: Draft, text: str, output: Path, folder: str) -> None:
    # First all into a folder of its own: an import that fails half-way leaves what was there.
    with tempfile.TemporaryDirectory(prefix=".import-", dir=output.parent) as staging:
        scenario, files = Path(staging, "scenario"), Path(staging, "files")
        files.mkdir()
        for path in draft.files:
            shutil.copyfile(path, files / path.name)
        scenario.write_text(text, encoding="utf-8")
        if folder:
            output.with_name(folder).mkdir(exist_ok=True)
        for path in draft.files:
            (files / path.name).replace(output.with_name(folder) / path.name)
        scenario.replace(output)
