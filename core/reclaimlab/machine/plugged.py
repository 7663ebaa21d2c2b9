"""What plugins bring to a machine: devices, filesystems and programs, made and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from reclaimlab.block import BlockDevice
from reclaimlab.errors import ExtensionError
from reclaimlab.fs.base import Filesystem, FilesystemOptions
from reclaimlab.hosting.extensions import extensions, parameters_of
from reclaimlab.policy.contexts import FilesystemFeatures

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reclaimlab.engine.loop import Loop
    from reclaimlab.engine.rng import Stream
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.backing_dev import BackingDev
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.policy.extensions import Kind
    from reclaimlab.workloads.context import Context


class DevicePlace(NamedTuple):
    """Where a device is put: ``BlockDevice(place.loop, place.stream, place.name, **settings)``."""

    loop: Loop
    stream: Stream
    """Its dice: the only ones it may throw."""
    name: str
    settings: dict[str, Any]
    """What the scenario says of the device, as arguments of :class:`BlockDevice`."""


class MountPlace(NamedTuple):
    """Where a filesystem is mounted: ``Filesystem(*place)``."""

    k: Kernel
    name: str
    bdi: BackingDev
    features: FilesystemFeatures
    options: FilesystemOptions


def device(place: DevicePlace, model: str, options: Mapping[str, Any] | None) -> BlockDevice:
    """Return the device that a plugin's ``model`` makes.

    Raises:
        ExtensionError: it cannot be used, raised, or made something else.
    """
    plugin = _Plugin("device", model, options)
    made: BlockDevice = plugin.call("make", BlockDevice, place, plugin.parameters)
    return made


class FilesystemPlugin:
    """A plugin's type of filesystem, about to be mounted.

    Attributes:
        like: the built-in type whose facts it starts from.
    """

    def __init__(self, name: str, options: Mapping[str, Any] | None) -> None:
        self._plugin = _Plugin("filesystem", name, options)
        self.like: str = self._plugin.object.like

    def features(self, base: FilesystemFeatures) -> FilesystemFeatures:
        """Return the facts of this type in this kernel version."""
        if not hasattr(self._plugin.object, "features"):
            return base
        said: FilesystemFeatures = self._plugin.call("features", FilesystemFeatures, base)
        return said

    def mount(self, place: MountPlace) -> Filesystem:
        """Return the mounted filesystem."""
        made: Filesystem = self._plugin.call("mount", Filesystem, place, self._plugin.parameters)
        return made


def program(context: Context, name: str, options: Mapping[str, Any] | None) -> Steps:
    """Run a plugin's program to its end."""
    plugin = _Plugin("workload", name, options)
    yield from plugin.object.program(context, plugin.parameters)


class _Plugin:
    def __init__(self, kind: Kind, name: str, options: Mapping[str, Any] | None) -> None:
        self._kind = kind
        self._name = name
        found = extensions(kind).get(name)
        if found is None:
            raise ExtensionError(kind, name, "is not installed here, or not allowed")
        self.object: Any = found.load()
        try:
            self.parameters = parameters_of(found, options)
        except ValueError as error:
            raise ExtensionError(kind, name, str(error)) from error

    def call(self, method: str, expected: type[Any], *arguments: Any) -> Any:
        function: Callable[..., Any] = getattr(self.object, method)
        try:
            answer = function(*arguments)
        except (Exception, SystemExit) as error:
            problem = f"{method}() raised {type(error).__name__}: {error}"
            raise ExtensionError(self._kind, self._name, problem) from error
        if not isinstance(answer, expected):
            problem = f"{method}() gave {answer!r}; the rule is a {expected.__name__}"
            raise ExtensionError(self._kind, self._name, problem)
        return answer
