"""The author's own tests, with the fixtures that come with reclaimlab."""

from typing import Any

from smr_disk import SmrDisk


def test_a_full_cache_costs_throughput(plug: Any, tiny_scenario: Any, run_tiny: Any) -> None:
    plug("device", SmrDisk)
    shingled = run_tiny(scenario=tiny_scenario(device={"model": "smr-disk"}))
    assert 0 < shingled.metrics["device_throughput"] < run_tiny().metrics["device_throughput"]
