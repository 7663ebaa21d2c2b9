"""All that the author of a workload, a filesystem, a device model or a report section imports.

Policies need none of this: they have :mod:`reclaimlab.policy`. What stands here keeps its meaning
within a version of the plugin API; what is imported from anywhere else in the core may change.
"""

from reclaimlab.block import BlockDevice
from reclaimlab.engine.locks import Mutex
from reclaimlab.engine.rng import Stream
from reclaimlab.engine.task import Steps
from reclaimlab.engine.wait import WaitQueue
from reclaimlab.fs.base import Filesystem, FilesystemOptions
from reclaimlab.fs.ext4 import Ext3, Ext4
from reclaimlab.fs.gfs2 import Gfs2
from reclaimlab.fs.tmpfs import Tmpfs
from reclaimlab.fs.xfs import Xfs
from reclaimlab.kernel.kernel import Kernel
from reclaimlab.machine.plugged import DevicePlace, MountPlace
from reclaimlab.policy import API_VERSION, MSEC, FilesystemFeatures, Scope, parameter
from reclaimlab.policy.extensions import ComparisonView, ResultView, Table, Verbatim
from reclaimlab.units import PAGE_SIZE, SEC, pages
from reclaimlab.workloads.context import Context, copy_ns, do_exit, fault_in, sleep, sys_write

__all__ = [
    "API_VERSION",
    "MSEC",
    "PAGE_SIZE",
    "SEC",
    "BlockDevice",
    "ComparisonView",
    "Context",
    "DevicePlace",
    "Ext3",
    "Ext4",
    "Filesystem",
    "FilesystemFeatures",
    "FilesystemOptions",
    "Gfs2",
    "Kernel",
    "MountPlace",
    "Mutex",
    "ResultView",
    "Scope",
    "Steps",
    "Stream",
    "Table",
    "Tmpfs",
    "Verbatim",
    "WaitQueue",
    "Xfs",
    "copy_ns",
    "do_exit",
    "fault_in",
    "pages",
    "parameter",
    "sleep",
    "sys_write",
]
