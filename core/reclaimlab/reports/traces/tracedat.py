"""A run as a trace.dat file, version 6, which trace-cmd and KernelShark open.

Source: trace-cmd's trace.dat(5), and the ring buffer's layout in the kernel's
include/linux/ring_buffer.h. Little endian, 64 bit, pages of 4096 bytes.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Final

from reclaimlab.reports.traces.stream import comm_of, cpus, events
from reclaimlab.reports.traces.tracepoints import STATES, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reclaimlab.measure.timeline import Timeline
    from reclaimlab.reports.traces.stream import Event
    from reclaimlab.reports.traces.tracepoints import Tracepoint

_PAGE: Final = 4096
_PAGE_HEADER: Final = struct.Struct("<QQ")
_ROOM: Final = _PAGE - _PAGE_HEADER.size
_DELTA_BITS: Final = 27
_TIME_EXTEND: Final = 30
_LONGEST_INLINE: Final = 28 * 4  # longer data has its length in a word of its own
_FIRST_ID: Final = 300
_COMMON: Final = struct.Struct("<HBBi")
_HEADER_PAGE: Final = (
    "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
    "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
    "\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
    f"\tfield: char data;\toffset:16;\tsize:{_ROOM};\tsigned:1;\n"
)
_HEADER_EVENT: Final = (
    "# compressed entry header\n\ttype_len    :    5 bits\n\ttime_delta  :   27 bits\n"
    "\tarray       :   32 bits\n\n\tpadding     : type == 29\n\ttime_extend : type == 30\n"
    "\ttime_stamp : type == 31\n\tdata max type_len  == 28\n"
)
_FORMAT: Final = (
    "name: {name}\nID: {id}\nformat:\n"
    "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
    "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
    "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
    "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n{fields}\nprint fmt: {print}\n"
)
_DECLARED: Final = {  # type, length in bytes, signed
    Kind.NUMBER: ("long {}", 8, 1),
    Kind.STATE: ("long {}", 8, 1),
    Kind.COMM: ("char {}[16]", 16, 1),
    Kind.TEXT: ("__data_loc char[] {}", 4, 0),
}


def tracedat_file(timeline: Timeline) -> bytes:
    """Return the run as the bytes of a trace.dat file."""
    every = events(timeline)
    ids: dict[Tracepoint, int] = {}
    for event in every:
        ids.setdefault(event.tracepoint, _FIRST_ID + len(ids))
    buffers = [_buffer([each for each in every if each.cpu == cpu], ids)
               for cpu in range(cpus(timeline))]  # fmt: skip
    names = "".join(f"{task.pid} {comm_of(task.name)}\n" for task in timeline.tasks)
    head = b"".join((
        b"\x17\x08\x44tracing6\0", struct.pack("<BBI", 0, 8, _PAGE),
        b"header_page\0", _sized(_HEADER_PAGE), b"header_event\0", _sized(_HEADER_EVENT),
        struct.pack("<I", 0), _systems(ids), struct.pack("<II", 0, 0), _sized(names),
        struct.pack("<I", len(buffers)), b"options  \0", struct.pack("<H", 0), b"flyrecord\0",
    ))  # fmt: skip
    return _with_buffers(head, buffers)


def _sized(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _with_buffers(head: bytes, buffers: Sequence[bytes]) -> bytes:
    place = _aligned(len(head) + 16 * len(buffers))
    table, start = b"", place
    for buffer in buffers:
        table += struct.pack("<QQ", place, len(buffer))
        place += len(buffer)
    return (head + table).ljust(start, b"\0") + b"".join(buffers)


def _aligned(length: int) -> int:
    return -(-length // _PAGE) * _PAGE


def _systems(ids: dict[Tracepoint, int]) -> bytes:
    systems: dict[str, list[str]] = {}
    for tracepoint, number in ids.items():
        systems.setdefault(tracepoint.system, []).append(_format(tracepoint, number))
    parts = [struct.pack("<I", len(systems))]
    for name, formats in systems.items():
        parts += [name.encode() + b"\0", struct.pack("<I", len(formats)), *map(_sized, formats)]
    return b"".join(parts)


def _format(tracepoint: Tracepoint, number: int) -> str:
    lines, offset, arguments = [], _COMMON.size, []
    for name, kind in tracepoint.fields:
        declared, size, signed = _DECLARED[kind]
        lines.append(
            f"\tfield:{declared.format(name)};\toffset:{offset};\tsize:{size};\tsigned:{signed};\n"
        )
        arguments.append(_argument(name, kind))
        offset += size
    kinds = dict(tracepoint.fields)
    printed = re.sub(r"\{(\w+)(:03d)?\}", lambda found: _printf(kinds[found[1]], found[2]),
                     tracepoint.line)  # fmt: skip
    return _FORMAT.format(
        name=tracepoint.name,
        id=number,
        fields="".join(lines),
        print=", ".join([f'"{printed}"', *arguments]),
    )


def _printf(kind: Kind, width: str | None) -> str:
    return "%03ld" if width else kind.value.strip()


def _argument(name: str, kind: Kind) -> str:
    if kind is Kind.TEXT:
        return f"__get_str({name})"
    if kind is Kind.STATE:
        letters = ", ".join(f'{{ {bits}, "{letter}" }}' for letter, bits in STATES.items())
        return f"__print_symbolic(REC->{name}, {letters})"
    return f"REC->{name}"


def _buffer(every: Iterable[Event], ids: dict[Tracepoint, int]) -> bytes:
    """The ring buffer of one CPU: whole pages, each with the time of its first event."""
    pages: list[bytes] = []
    data, began_ns, last_ns = bytearray(), 0, 0
    for event in every:
        payload = _payload(event, ids[event.tracepoint])
        record = _record(payload, event.time_ns - last_ns)
        if data and len(data) + len(record) > _ROOM:
            pages.append(_page(began_ns, data))
            data = bytearray()
        if not data:
            began_ns, record = event.time_ns, _record(payload, 0)
        data += record
        last_ns = event.time_ns
    if data:
        pages.append(_page(began_ns, data))
    return b"".join(pages)


def _page(began_ns: int, data: bytearray) -> bytes:
    return (_PAGE_HEADER.pack(began_ns, len(data)) + data).ljust(_PAGE, b"\0")


def _record(payload: bytes, delta_ns: int) -> bytes:
    extend = b""
    low = (1 << _DELTA_BITS) - 1
    if delta_ns > low:
        extend = struct.pack("<II", _TIME_EXTEND | (delta_ns & low) << 5, delta_ns >> _DELTA_BITS)
        delta_ns = 0
    if len(payload) <= _LONGEST_INLINE:
        return extend + struct.pack("<I", len(payload) // 4 | delta_ns << 5) + payload
    return extend + struct.pack("<II", delta_ns << 5, len(payload) + 4) + payload


def _payload(event: Event, number: int) -> bytes:
    fixed, texts = bytearray(_COMMON.pack(number, 0, 0, event.pid)), bytearray()
    start = len(fixed) + sum(_DECLARED[kind][1] for _, kind in event.tracepoint.fields)
    for name, kind in event.tracepoint.fields:
        value = event.values[name]
        if kind is Kind.NUMBER:
            fixed += struct.pack("<q", value)
        elif kind is Kind.STATE:
            fixed += struct.pack("<q", STATES[str(value)])
        elif kind is Kind.COMM:
            fixed += str(value).encode()[:15].ljust(16, b"\0")
        else:
            text = str(value).encode() + b"\0"
            fixed += struct.pack("<I", len(text) << 16 | start + len(texts))
            texts += text
    return bytes(fixed + texts).ljust(-(-(len(fixed) + len(texts)) // 4) * 4, b"\0")
