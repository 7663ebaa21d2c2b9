"""Importers: a recording of a real machine becomes a scenario, to compare runs with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from reclaimlab.errors import RecordingError
from reclaimlab.scenarios.importers.fio import read_fio
from reclaimlab.scenarios.importers.ftrace import read_ftrace
from reclaimlab.scenarios.importers.hang import Hang, hang_object, hang_text
from reclaimlab.scenarios.importers.output import write_import
from reclaimlab.scenarios.importers.vmstat import read_vmstat

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reclaimlab.scenarios.schema import Scenario

__all__ = ["Hang", "hang_object", "hang_text", "import_hang", "import_recording"]


def import_recording(
    kind: Literal["vmstat", "ftrace", "fio"], paths: Sequence[Path], output: Path
) -> Scenario:
    """Write the scenario of one recorded run to ``output``, its measured files beside it.

    ``paths`` is the run's folder or files of it. Nothing is written unless everything was read.

    Raises:
        RecordingError: the files are not a recording, or the output cannot be written.
    """
    _refuse_absent(paths)
    read = {"ftrace": read_ftrace, "vmstat": read_vmstat, "fio": read_fio}[kind]
    return write_import(read(paths), output)


def import_hang(paths: Sequence[Path]) -> Hang:
    """Return the hang that kernel logs tell of; its ``write`` makes the scenario.

    Raises:
        RecordingError: they are no kernel logs, or no hung task is in them.
    """
    _refuse_absent(paths)
    return Hang.read(paths)


def _refuse_absent(paths: Sequence[Path]) -> None:
    if not paths:
        msg = "there is nothing to import; give the folder of a recorded run, or a file of it"
        raise RecordingError(msg)
    for path in paths:
        if not path.exists():
            msg = f"{path}: no such file or folder"
            raise RecordingError(msg)
