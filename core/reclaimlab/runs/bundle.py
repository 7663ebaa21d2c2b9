"""A comparison as one zip file: all that determined it, and what came of it.

It holds text and JSON only. Nothing is unpacked to disk, nothing in it is imported or executed: the
policy sources are there to be read and compared with those that are installed.
"""

from __future__ import annotations

import hashlib
import inspect
import io
import json
import zipfile
import zlib
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from reclaimlab import __version__
from reclaimlab.errors import ContenderError, ReclaimlabError, StoreError
from reclaimlab.files import write_whole
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.measure.records import RunResult
from reclaimlab.runs.run import installed_policies
from reclaimlab.runs.sources import model_hash
from reclaimlab.scenarios.reader import read_scenario, scenario_hash
from reclaimlab.store.records import ComparisonHead, Failure, PluginMetric, RunRecord

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCHEMA: Final = 1
MANIFEST: Final = "bundle.json"
SCENARIO: Final = "scenario.toml"
MAX_FILES: Final = 500
MAX_BYTES: Final = 128 * 2**20
"""Of all files together, unpacked: a zip of a few kilobytes can claim to hold a petabyte."""

_RESULT: Final = TypeAdapter(RunResult)
_FIXED_DATE: Final = (1980, 1, 1, 0, 0, 0)
_Text = Annotated[str, Field(max_length=100_000)]


class _Run(BaseModel):
    model_config = ConfigDict(extra="forbid")
    contender: _Text
    seed: int
    package_version: _Text
    policy_versions: dict[str, str]
    result: RunResult | None
    result_hash: _Text
    failure: Failure | None
    error: _Text
    plugin_metrics: tuple[PluginMetric, ...] = ()


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid")
    format: Annotated[str, Field(pattern="^reclaimlab bundle$")]
    version: Annotated[int, Field(ge=SCHEMA, le=SCHEMA)]
    comparison: Annotated[str, Field(pattern="^[0-9a-f]{1,64}$")]
    scenario: _Text
    title: _Text
    decides: _Text
    scenario_hash: _Text
    contenders: Annotated[list[str], Field(min_length=1)]
    seeds: Annotated[list[int], Field(min_length=1)]
    package_version: _Text
    model_hash: _Text
    policy_hashes: dict[str, str]
    runs: list[_Run]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A comparison to give away."""

    id: str
    head: ComparisonHead
    records: tuple[RunRecord, ...]
    scenario_text: str
    model_hash: str
    policies: Mapping[str, str] = field(default_factory=dict)
    """Source text by the policy's name; shown, never executed."""

    def differences(self) -> tuple[str, ...]:
        """Say in sentences which version or source here is not the one of the bundle."""
        ours = policy_sources(self.head.contenders)
        found = []
        if self.records and not self._scenario_agrees():
            found.append("the scenario text is not the one whose hash the bundle names")
        if self.head.package_version != __version__:
            found.append(f"made with reclaimlab {self.head.package_version}, this is {__version__}")
        elif self.model_hash != model_hash():
            found.append("the sources of the simulator differ")
        for name, source in self.policies.items():
            if name not in ours:
                found.append(f"policy {name} is not installed")
            elif ours[name] != source:
                found.append(f"the source of policy {name} differs")
        return tuple(found)

    def strangers(self) -> dict[str, str]:
        """Return the sources of the policies that are not installed here."""
        here = installed_policies().names
        return {name: source for name, source in self.policies.items() if name not in here}

    def _scenario_agrees(self) -> bool:
        try:
            scenario = read_scenario(self.scenario_text, self.head.scenario)
        except ReclaimlabError:
            return False
        return scenario_hash(scenario) == self.head.scenario_hash


def policy_sources(contenders: Sequence[str]) -> dict[str, str]:
    """Return the source of every installed policy that ``contenders`` name."""
    catalog = installed_policies()
    found = {}
    for text in contenders:
        try:
            policies = parse_contender(text, catalog).policies
        except ContenderError:
            continue  # not installed any more: then there is no source to give
        for each in policies:
            file = inspect.getsourcefile(catalog.policies[each.name])
            if file is not None:
                found[each.name] = Path(file).read_text("utf-8")
    return dict(sorted(found.items()))


def make_bundle(
    comparison_id: str, head: ComparisonHead, records: Sequence[RunRecord]
) -> Bundle:  # fmt: skip
    """Return the bundle of a stored comparison, with the sources that are installed now."""
    text = records[0].scenario_text if records else ""
    sources = policy_sources(head.contenders)
    return Bundle(comparison_id, head, tuple(records), text, model_hash(), sources)


def write_bundle(path: Path, bundle: Bundle, reports: Mapping[str, str]) -> None:
    """Write ``bundle`` with finished ``reports`` by file name; the same gives the same bytes.

    Raises:
        StoreError: the file cannot be written.
    """
    contents = {
        MANIFEST: json.dumps(_plain(bundle), indent=1, sort_keys=True) + "\n",
        SCENARIO: bundle.scenario_text,
        **{_policy_file(name): source for name, source in bundle.policies.items()},
        **{f"reports/{name}": text for name, text in reports.items()},
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in sorted(contents.items()):
            info = zipfile.ZipInfo(name, _FIXED_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            file.writestr(info, text)
    try:
        write_whole(path, packed.getvalue())
    except OSError as error:
        raise StoreError(f"bundle {path} cannot be written: {error.strerror}") from error


def read_bundle(path: Path) -> Bundle:
    """Return what a file that :func:`write_bundle` made holds.

    Raises:
        StoreError: it is no bundle, too large, damaged, or of a newer version.
    """
    try:
        with zipfile.ZipFile(path) as file:
            _check_contents(path, file)
            manifest = _Manifest.model_validate_json(file.read(MANIFEST))
            scenario = file.read(SCENARIO).decode("utf-8")
            sources = {name: file.read(_policy_file(name)) for name in manifest.policy_hashes}
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
        raise StoreError(f"bundle {path}: {MANIFEST} is not as it should be: {told}") from error
    except KeyError as error:
        raise StoreError(f"bundle {path} lacks a file: {error.args[0]}") from error
    # zipfile raises NotImplementedError for a way of packing that it does not know.
    except (OSError, zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
        raise StoreError(f"bundle {path} cannot be read: {error}") from error
    except (RuntimeError, zlib.error) as error:
        raise StoreError(f"bundle {path} is damaged or encrypted: {error}") from error
    for name, source in sources.items():
        if hashlib.sha256(source).hexdigest() != manifest.policy_hashes[name]:
            raise StoreError(f"bundle {path}: the source of {name} is not the one it was made of")
    return _bundle(manifest, scenario, sources)


def _check_contents(path: Path, file: zipfile.ZipFile) -> None:
    names = [info.filename for info in file.infolist()]
    if len(names) > MAX_FILES or sum(info.file_size for info in file.infolist()) > MAX_BYTES:
        raise StoreError(
            f"bundle {path} would unpack to more than {MAX_BYTES >> 20} MiB or {MAX_FILES} files"
        )
    for name in names:
        if (
            name.startswith(("/", "\\"))
            or ":" in name
            or ".." in name.replace("\\", "/").split("/")
        ):
            raise StoreError(f"bundle {path} names a file outside of itself: {name!r}")
    if len(set(names)) < len(names):
        raise StoreError(f"bundle {path} holds two files of one name")


def _policy_file(name: str) -> str:
    return f"policies/{name}.py"


def _plain(bundle: Bundle) -> dict[str, Any]:
    head = bundle.head
    hashes = {
        name: hashlib.sha256(source.encode()).hexdigest()
        for name, source in bundle.policies.items()
    }
    return {
        "format": "reclaimlab bundle",
        "version": SCHEMA,
        "comparison": bundle.id,
        "scenario": head.scenario,
        "title": head.title,
        "decides": head.decides,
        "scenario_hash": head.scenario_hash,
        "contenders": list(head.contenders),
        "seeds": list(head.seeds),
        "package_version": head.package_version,
        "model_hash": bundle.model_hash,
        "policy_hashes": hashes,
        "runs": [_plain_run(record) for record in bundle.records],
    }


def _plain_run(record: RunRecord) -> dict[str, Any]:
    result = record.result and replace(record.result, series=())
    return {
        "contender": record.contender,
        "seed": record.seed,
        "package_version": record.package_version,
        "policy_versions": dict(record.policy_versions),
        "result": result and _RESULT.dump_python(result, mode="json"),
        "result_hash": record.result_hash,
        "failure": record.failure and str(record.failure),
        "error": record.error,
        "plugin_metrics": [asdict(each) for each in record.plugin_metrics],
    }


def _bundle(manifest: _Manifest, scenario: str, sources: Mapping[str, bytes]) -> Bundle:
    head = ComparisonHead(
        manifest.scenario,
        manifest.title,
        manifest.decides,
        manifest.scenario_hash,
        tuple(manifest.contenders),
        tuple(manifest.seeds),
        manifest.package_version,
    )
    unknown = {run.contender for run in manifest.runs} - set(head.contenders)
    if unknown:
        raise StoreError(f"bundle: a run is of {sorted(unknown)[0]!r}, which is no contender of it")
    records = tuple(
        RunRecord(
            scenario=head.scenario,
            scenario_text=scenario,
            scenario_hash=head.scenario_hash,
            contender=run.contender,
            seed=run.seed,
            package_version=run.package_version,
            policy_versions=run.policy_versions,
            result=run.result,
            result_hash=run.result_hash,
            failure=run.failure,
            error=run.error,
            plugin_metrics=run.plugin_metrics,
        )
        for run in manifest.runs
    )
    policies = {name: source.decode("utf-8") for name, source in sources.items()}
    return Bundle(manifest.comparison, head, records, scenario, manifest.model_hash, policies)
