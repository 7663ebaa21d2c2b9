"""Running stored runs again: every byte of the result must come out the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reclaimlab.runs.pool import run_all
from reclaimlab.runs.run import RunRequest, Stop, never

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reclaimlab.store.records import RunRecord


@dataclass(frozen=True, slots=True)
class Verification:
    """A stored run and the same run of today."""

    stored: RunRecord
    again: RunRecord

    @property
    def same(self) -> bool:
        """Whether both have the same result, byte for byte, or failed in the same words."""
        return (self.stored.result_hash, self.stored.error) == (
            self.again.result_hash,
            self.again.error,
        )

    @property
    def difference(self) -> str:
        """What differs, in one line; empty if nothing does."""
        if self.same:
            return ""
        return f"{_told(self.stored)}, now {_told(self.again)}{self._versions()}"

    def _versions(self) -> str:
        stored, again = self.stored, self.again
        changed = [
            f"{name} {version} -> {again.policy_versions.get(name, 'gone')}"
            for name, version in stored.policy_versions.items()
            if again.result and again.policy_versions.get(name) != version
        ]
        if stored.package_version != again.package_version:
            changed.insert(0, f"reclaimlab {stored.package_version} -> {again.package_version}")
        return f" (changed: {', '.join(changed)})" if changed else ""


def _told(record: RunRecord) -> str:
    if record.result is None:
        return f"failed ({record.error})"
    return f"{record.result.verdict} {record.result_hash[:12]}"


def verify(
    records: Iterable[RunRecord], *, jobs: int = 1, stop: Stop = never
) -> Iterator[Verification]:
    """Run each of ``records`` again from its own scenario text; yield them as they end."""
    stored = tuple(records)
    requests = tuple(_request(number, record) for number, record in enumerate(stored))
    for request, again in run_all(requests, jobs=jobs, stop=stop):
        yield Verification(stored[request.number], again)


def _request(number: int, record: RunRecord) -> RunRequest:
    return RunRequest(
        number=number,
        scenario=record.scenario,
        scenario_text=record.scenario_text,
        scenario_hash=record.scenario_hash,
        contender=record.contender,
        seed=record.seed,
    )
