"""Extensions other than policies: scenarios, workloads, filesystems, devices, metrics, ..."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reclaimlab.errors import ExtensionError, did_you_mean
from reclaimlab.hosting import probe
from reclaimlab.hosting.loading import LoadError, check_api, load
from reclaimlab.hosting.settings import PluginSettings
from reclaimlab.hosting.sources import Source, find_sources, loadable
from reclaimlab.hosting.trace import plugin_trace
from reclaimlab.policy.extensions import MEMBERS, Kind
from reclaimlab.policy.policy import NoParameters, parameter_fields, parse_parameter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Extension:
    """One extension, imported only when it is needed.

    Attributes:
        name, kind: as announced. distribution, version: of what it came in, empty for a file.
        origin: both, or the file.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.name = source.name
        self.kind = source.kind
        self.distribution = source.distribution
        self.version = source.version
        self.origin = source.origin
        self._object: Any = None
        self._failure: LoadError | None = None

    def __repr__(self) -> str:
        return f"<Extension {self.kind} {self.name} of {self.origin}>"

    @property
    def error(self) -> str | None:
        """Why it cannot be used; None if it can. Imports it."""
        self._try()
        return str(self._failure) if self._failure else None

    @property
    def state(self) -> str:
        """``loaded``, ``disabled``, ``incompatible`` or ``failed``. Imports it."""
        self._try()
        return self._failure.state if self._failure else "loaded"

    @property
    def traceback(self) -> str:
        """Of what its code raised when it was imported or made; empty if nothing. Imports it."""
        self._try()
        return self._failure.trace if self._failure else ""

    def load(self) -> Any:
        """Return the object: see :mod:`reclaimlab.policy.extensions` for what it has.

        Raises:
            ExtensionError: it cannot be used.
        """
        self._try()
        if self._failure:
            raise ExtensionError(self.kind, self.name, str(self._failure)) from self._failure
        return self._object

    def _try(self) -> None:
        if self._object is not None or self._failure is not None:
            return
        try:
            self._object = _made(self.source)
        except LoadError as error:
            self._failure = error


def _made(source: Source) -> Any:
    found = load(source)
    check_api(getattr(found, "api", (1, 0)))
    try:
        made = found() if isinstance(found, type) else found
    except (Exception, SystemExit) as error:
        problem = f"its making raised {type(error).__name__}: {error}"
        raise LoadError(problem, trace=plugin_trace(error)) from error
    if getattr(made, "name", None) != source.name:
        said = getattr(made, "name", None)
        raise LoadError(f"its name is {said!r}, the announced one is {source.name!r}")
    missing = [member for member in MEMBERS[source.kind] if not hasattr(made, member)]
    if missing:
        raise LoadError(f"a {source.kind} has {', '.join(missing)}, and this one has not")
    return made


def parameters_of(extension: Extension, options: Mapping[str, Any] | None) -> Any:
    """Return the parameters of ``extension`` with what a scenario sets.

    Raises:
        ExtensionError: it cannot be used.
        ValueError: an option that it does not have, or a value that is not allowed.
    """
    made = extension.load()
    if not hasattr(made, "Parameters"):
        made = _Plain
    specs = {spec.name: spec for spec in parameter_fields(made)}
    values: dict[str, Any] = {}
    for name, value in (options or {}).items():
        if name not in specs:
            way_out = did_you_mean(name, specs, what="its options")
            msg = f"{extension.kind} {extension.name} has no option {name!r}; {way_out}"
            raise ValueError(msg)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        values[name] = parse_parameter(specs[name], text)
    return made.Parameters(**values)


class _Plain:
    Parameters = NoParameters


def extensions(kind: Kind) -> Mapping[str, Extension]:
    """Return what is announced of ``kind``, by name; a broken one says so in its ``error``."""
    return {each.name: each for each in every_extension(kind) if not each.source.taken_by}


def usable_extensions(kind: Kind) -> Mapping[str, Extension]:
    """Return those of ``kind`` that nothing speaks against importing; nothing is imported."""
    return {
        name: each for name, each in extensions(kind).items() if loadable([each.source])
    }  # fmt: skip


def every_extension(kind: Kind) -> tuple[Extension, ...]:
    """Return all that is announced of ``kind``, with those whose name is taken."""
    found = _found(kind, PluginSettings.from_environment(), tuple(sys.path))
    return (*found, *(each for each in _plugged if each.kind == kind))


_plugged: list[Extension] = []


@contextmanager
def plugged(kind: Kind, extension: type[Any]) -> Iterator[None]:
    """Have ``extension`` in place as if it were installed, in this process: for tests."""
    module = f"{extension.__module__}:{extension.__qualname__}"
    added = Extension(Source(extension.name, module, kind=kind, policy=extension))
    _plugged.append(added)
    try:
        yield
    finally:
        _plugged.remove(added)


@lru_cache(maxsize=64)
def _found(kind: Kind, settings: PluginSettings, _path: tuple[str, ...]) -> tuple[Extension, ...]:
    # Kept, because looking costs tens of milliseconds and an import happens once anyway.
    sources = find_sources(kind, settings)
    return tuple(Extension(each) for each in sorted(sources, key=lambda each: each.name))


def forget() -> None:
    """Look again at the next question: for tests, and for a window after an installation."""
    _found.cache_clear()
    probe.forget()
