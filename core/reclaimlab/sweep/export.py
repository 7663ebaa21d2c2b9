"""A sweep's runs as files for other programs: CSV, and Parquet with the extra ``tables``."""

from __future__ import annotations

import csv
import io
from importlib.util import find_spec
from typing import TYPE_CHECKING

from reclaimlab.sweep.values import SweepError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def csv_text(rows: Sequence[dict[str, object]]) -> str:
    """Return the rows as CSV with a header; a value that does not apply is empty."""
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return text.getvalue()


def write_parquet(rows: Sequence[dict[str, object]], path: Path) -> None:
    """Write the rows to a Parquet file.

    Raises:
        SweepError: pyarrow is not installed, or the file cannot be written.
    """
    need("pyarrow", "--format parquet", "tables")
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        pq.write_table(pa.Table.from_pylist(list(rows)), path)
    except OSError as error:
        raise SweepError(f"{path} cannot be written: {error}") from error


def need(package: str, what: str, extra: str) -> None:
    """Say how to get a package of an extra if it is not there.

    Raises:
        SweepError: it is not installed.
    """
    if find_spec(package) is None:
        msg = f"{what} needs {package}, which is not installed; pip install 'reclaimlab[{extra}]'"
        raise SweepError(msg)
