"""One run through the whole program in a real window, on a screen of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
TINY = HERE.parent / "core" / "tiny.toml"


def test_a_newcomer_gets_from_the_first_start_to_the_explanation_in_a_real_window(
    tmp_path: Path,
) -> None:
    assert shutil.which("xvfb-run"), "there is no xvfb-run: `make test` installs it, or says how"
    environment = os.environ | {
        "QT_QPA_PLATFORM": "xcb",
        "RECLAIMLAB_DB": str(tmp_path / "runs.sqlite"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }
    command = ["xvfb-run", "-a", "-s", "-screen 0 1400x900x24", sys.executable]
    ran = subprocess.run(
        [*command, str(HERE / "end_to_end.py"), str(TINY)],
        env=environment, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "explained after 1 click" in ran.stdout
