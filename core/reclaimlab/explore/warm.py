"""Imported by the server that processes which explore are forked from: the model is there already.

To import the model copyable takes most of a second, a small search less than a tenth of that.
"""

from __future__ import annotations

import sys

from reclaimlab.explore import universe

# Nowhere else: whoever imports the model after this gets frames instead of generators.
if any("multiprocessing.forkserver" in word for word in sys.orig_argv):
    universe.enter()
    import reclaimlab.explore.repeating
    import reclaimlab.explore.walks
    import reclaimlab.hosting.host
    import reclaimlab.scenarios.reader  # noqa: F401 - for them to be there
