"""The store: one SQLite file of comparisons and runs; the only SQL of the project is in here."""

import importlib
import sys

# sqlite-utils imports pandas where it is installed, for methods that we do not use: with pyarrow
# behind it, that is half of the time the window needs to start.
if sys.modules.get("pandas") is None:
    sys.modules["pandas"] = None  # type: ignore[assignment]  # Python's own sign for: not there
    try:
        importlib.import_module("sqlite_utils")
    finally:
        del sys.modules["pandas"]
