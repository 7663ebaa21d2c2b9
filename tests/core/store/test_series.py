"""Blobs of series."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.store.series import pack, unpack

small_enough = st.integers(-(2**62), 2**62)


@given(st.lists(small_enough))
def test_values_come_back_as_they_were(values: list[int]) -> None:
    assert unpack(pack(values)) == tuple(values)


def test_the_bytes_are_the_same_on_every_machine() -> None:
    assert zlib.decompress(pack([1, 3, 2])) == bytes.fromhex(
        "01000000000000000200000000000000ffffffffffffffff"
    )


def test_even_times_cost_almost_nothing() -> None:
    assert len(pack(range(0, 10**12, 10**8))) < 1000


def test_what_fits_no_64_bits_is_refused() -> None:
    with pytest.raises(OverflowError):
        pack([1 << 63])
