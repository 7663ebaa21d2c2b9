"""The command line in this process."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reclaimlab.cli import cli


@pytest.fixture
def call() -> Callable[..., Result]:
    """Call the command line; the exit code is checked, since each code has a meaning."""

    def call(*arguments: str | Path, code: int = 0) -> Result:
        result = CliRunner().invoke(cli, list(map(str, arguments)))
        assert result.exit_code == code, (result.output, result.exception)
        return result

    return call
