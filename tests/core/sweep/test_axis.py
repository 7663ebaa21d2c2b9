from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.scenarios.reader import read_scenario, scenario_text
from reclaimlab.sweep.axis import Axis, parse_axis
from reclaimlab.sweep.values import SweepError

TINY = scenario_text(str(Path(__file__).parents[1] / "tiny.toml"))


def axis(text: str, *contenders: str) -> Axis:
    return parse_axis(text, TINY, "tiny.toml", contenders or ("linux-3.10",))


def values(text: str, *contenders: str) -> list[str]:
    found = axis(text, *contenders)
    return [found.value(place) for place in range(found.count)]


def test_a_range_has_both_ends_and_equal_steps() -> None:
    assert values("memcg.box.limit=16M..64M:4") == ["16MiB", "32MiB", "48MiB", "64MiB"]


def test_a_logarithmic_range_has_equal_ratios() -> None:
    assert values("device.sda.write_bw=1MB..100MB:3:log") == ["1MB/s", "10MB/s", "100MB/s"]


def test_a_list_keeps_its_spelling_and_drops_repetitions() -> None:
    assert values("machine.cgroup=v1,v2,v1") == ["v1", "v2"]


def test_a_parameter_of_a_policy_is_an_axis() -> None:
    name = "linux-3.10+congestion-wait"
    assert values("congestion-wait.timeout=10ms..30ms:3", name) == ["10ms", "20ms", "30ms"]


def test_counts_stay_whole() -> None:
    assert values("device.sda.nr_requests=1..4:3") == ["1", "2", "4"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("memcg.box.limi=8M", "did you mean 'memcg.box.limit'?"),
        ("memcg.box.limit=", "the grid is empty"),
        ("memcg.box.limit=8M..16M:0", "the grid is empty"),
        ("memcg.box.limit", "is no axis"),
        ("memcg.box.limit=64M..16M:3", "which is not below its end"),
        ("memcg.box.limit=1x..16M:3", "unknown unit"),
        ("memcg.box.limit=0..16M:3:log", "cannot begin at 0"),
        ("machine.cgroup=v1..v2:2", "give a list"),
        ("memcg.box.limit=8M..16M:3:lin", "'3:lin'"),
    ],
)
def test_what_is_no_axis_is_refused_with_the_way_out(text: str, said: str) -> None:
    with pytest.raises(SweepError) as error:
        axis(text)
    assert said in str(error.value)


@given(
    low=st.integers(1, 1 << 34), width=st.integers(1, 1 << 34), count=st.integers(1, 9),
    is_log=st.booleans(),
)  # fmt: skip
def test_every_value_of_a_range_is_one_that_the_scenario_takes(
    low: int, width: int, count: int, is_log: bool
) -> None:
    found = axis(f"device.sda.write_bw={low}..{low + width}:{count}{':log' if is_log else ''}")
    for place in range(found.count):
        scenario = read_scenario(TINY, "tiny", [f"device.sda.write_bw={found.value(place)}"])
        assert 0.9 * low - 1 <= scenario.device["sda"].write_bw <= 1.1 * (low + width) + 1
