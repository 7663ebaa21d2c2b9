"""How one value of a scenario is typed: names, sizes, rates and times.

In a file a size is ``"20MiB"``, a rate ``"5MB/s"`` and a time ``"10ms"``; in the models they are
ints of bytes, bytes a second and nanoseconds. A bare int is bytes, but seconds for a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from reclaimlab.units import (
    UnitError,
    format_bytes,
    format_time,
    parse_bytes,
    parse_rate,
    parse_time,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MOST: Final = 1 << 62
"""Far above any real quantity, and still a 64-bit int wherever the value is stored."""


class Model(BaseModel):
    """A table of a scenario: frozen, and without a key that nobody reads."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Quantity:
    """The unit of a field: how its text is read and how it is written back exactly."""

    parse: Callable[[str | int], int]
    format: Callable[[int], str]
    smallest: str
    """The unit in which every value is whole."""
    example: str

    def read(self, value: object) -> int:
        """Return the number that a value of a file means.

        Raises:
            UnitError: neither a quantity nor a whole number.
        """
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            msg = f"{value!r} is not a quantity; write a number and a unit, such as {self.example}"
            raise UnitError(msg)
        return self.parse(value)

    def write(self, number: int) -> str:
        """Return the shortest text that reads back as exactly ``number``."""
        text = self.format(number)
        return text if self.parse(text) == number else f"{number}{self.smallest}"


SIZE: Final = Quantity(parse_bytes, format_bytes, "B", "20MiB")
RATE: Final = Quantity(parse_rate, lambda value: format_bytes(value) + "/s", "B/s", "5MB/s")
TIME: Final = Quantity(parse_time, format_time, "ns", "10ms")

Size = Annotated[int, BeforeValidator(SIZE.read), Field(ge=0, le=MOST), SIZE]
SomeSize = Annotated[int, BeforeValidator(SIZE.read), Field(ge=1, le=MOST), SIZE]
Rate = Annotated[int, BeforeValidator(RATE.read), Field(ge=1, le=MOST), RATE]
Time = Annotated[int, BeforeValidator(TIME.read), Field(ge=0, le=MOST), TIME]
SomeTime = Annotated[int, BeforeValidator(TIME.read), Field(ge=1, le=MOST), TIME]
Percent = Annotated[int, Field(ge=0, le=100)]
Swappiness = Annotated[int, Field(ge=0, le=200)]

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
"""A name of ours: it stands in dotted paths, so it holds no dot."""
Scalar = str | int | float | bool
Options = dict[Name, Scalar]
"""What a plugin's filesystem, device or workload is told, by the names of its parameters."""
ScenarioName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
"""As :data:`Name`, with the capitals that the names of recordings have."""
