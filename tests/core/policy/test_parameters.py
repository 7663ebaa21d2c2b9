"""Parameters are written and read in the unit they declare."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.policy import MSEC, parameter
from reclaimlab.policy.policy import format_parameter, parse_parameter


@dataclass(frozen=True, slots=True)
class Zoo:
    """One parameter of each kind."""

    timeout: int = parameter(100 * MSEC, "A time.", unit="time", low=MSEC, high=10_000 * MSEC)
    size: int = parameter(4096, "A size.", unit="bytes", low=0)
    tries: int = parameter(5, "A number.", low=1, high=16)
    share: float = parameter(0.5, "A share.", unit="ratio", low=0, high=1)
    test: str = parameter("io", "A word.", choices=("io", "fs"))
    keep: bool = parameter(False, "A switch.")


SPECS: dict[str, dataclasses.Field[Any]] = {spec.name: spec for spec in dataclasses.fields(Zoo)}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("timeout", "250ms", 250 * MSEC),
        ("timeout", "1.5s", 1500 * MSEC),
        ("size", "20M", 20 << 20),
        ("size", "5MB", 5_000_000),
        ("tries", "16", 16),
        ("share", "0.25", 0.25),
        ("test", "fs", "fs"),
        ("keep", "true", True),
    ],
)
def test_a_value_is_read_in_its_unit(name: str, text: str, value: object) -> None:
    assert parse_parameter(SPECS[name], text) == value


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("timeout", "soon", "timeout: 'soon' is not a quantity"),
        ("timeout", "0.5ms", "timeout is 0.5ms, below its least value 1ms"),
        ("timeout", "11s", "timeout is 11s, over its greatest value 10s"),
        ("tries", "many", "tries is 'many'; it is a whole number"),
        ("tries", "17", "tries is 17, over its greatest value 16"),
        ("share", "nan", "share is 'nan'; it is a number"),
        ("share", "half", "share is 'half'; it is a number"),
        ("test", "oi", "test is 'oi'; did you mean 'io'? it is one of: fs, io"),
        ("keep", "yes", "keep is 'yes'; it is true or false"),
    ],
)
def test_a_bad_value_is_refused_with_the_rule(name: str, text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        parse_parameter(SPECS[name], text)


@given(st.integers(MSEC, 10_000 * MSEC))
def test_every_time_is_read_back_as_it_was_written(value: int) -> None:
    spec = SPECS["timeout"]
    assert parse_parameter(spec, format_parameter(spec, value)) == value


@given(st.integers(0, 1 << 50))
def test_every_size_is_read_back_as_it_was_written(value: int) -> None:
    spec = SPECS["size"]
    assert parse_parameter(spec, format_parameter(spec, value)) == value
