"""Imported by the server that processes which explore are forked from: the model is there already.

To import the model copyable takes most of a second, a small search less than a tenth of that.
"""

from __future__ import annotations

import importlib
import sys

from reclaimlab.explore import universe

# Nowhere else: whoever imports the model after this gets frames instead of generators.
if any("multiprocessing.forkserver" in word for word in sys.orig_argv):
    universe.enter()
    for name in ("explore.repeating", "explore.walks", "hosting.host", "scenarios.reader"):
        importlib.import_module(f"reclaimlab.{name}")
