"""Random streams: named, independent, the same everywhere."""

from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.engine.rng import Stream, Streams

seeds = st.integers(0, 1 << 40)


@given(seeds, st.lists(st.sampled_from(["disk", "writer", "order"]), max_size=40))
def test_a_streams_numbers_do_not_depend_on_what_others_draw(seed: int, draws: list[str]) -> None:
    shared = Streams(seed)
    mixed: dict[str, list[int]] = {"disk": [], "writer": [], "order": []}
    for name in draws:
        mixed[name].append(shared[name].below(1000))
    for name, numbers in mixed.items():
        alone = Streams(seed)[name]
        assert numbers == [alone.below(1000) for _ in numbers]


def test_a_name_has_one_stream_in_a_run() -> None:
    streams = Streams(1)
    assert streams["disk"] is streams["disk"]
    assert streams["disk"] is not streams["writer"]


def test_other_seeds_and_other_names_give_other_numbers() -> None:
    firsts = {
        tuple(Stream(seed, name).below(1 << 30) for _ in range(3))
        for seed in range(5)
        for name in ("disk", "writer")
    }
    assert len(firsts) == 10


def test_the_numbers_are_the_same_on_every_machine_and_version() -> None:
    stream = Stream(1, "disk")
    assert [stream.below(1000) for _ in range(5)] == PINNED


@given(seeds, st.integers(1, 1 << 40))
def test_below_stays_below(seed: int, bound: int) -> None:
    stream = Stream(seed, "any")
    assert all(0 <= stream.below(bound) < bound for _ in range(20))


@given(seeds, st.integers(-1000, 1000), st.integers(0, 1000))
def test_between_stays_between(seed: int, low: int, width: int) -> None:
    stream = Stream(seed, "any")
    assert all(low <= stream.between(low, low + width) <= low + width for _ in range(20))


@given(seeds, st.integers(1, 1 << 40), st.integers(0, 1000))
def test_spread_changes_a_value_by_its_permille_at_most(
    seed: int, value: int, permille: int
) -> None:
    stream = Stream(seed, "any")
    for _ in range(20):
        assert abs(stream.spread(value, permille) - value) <= value * permille // 1000 + 1


def test_spread_without_jitter_draws_nothing() -> None:
    one, other = Stream(3, "disk"), Stream(3, "disk")
    assert one.spread(500, 0) == 500
    assert one.spread(0, 100) == 0
    assert one.below(1 << 30) == other.below(1 << 30)


PINNED = [316, 160, 815, 856, 259]
