"""A block device: one request queue, served first in, first out, one request at a time.

Service takes a fixed latency plus the transfer at the device's rate, with jitter, and now and then
an erase stall, as cheap flash does. Because service is in order, the end of every queued request is
known when it is queued: a bio of a hundred requests costs one event, not a hundred.

Follows block/blk-core.c of v3.10 (get_request, batching, congestion thresholds) for ``legacy``
queues and lib/sbitmap.c (wake-up in batches of 8) for ``mq``.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reclaimlab.engine.wait import WaitQueue
from reclaimlab.units import SEC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reclaimlab.engine.loop import Loop
    from reclaimlab.engine.rng import Stream
    from reclaimlab.engine.task import Steps, Task
    from reclaimlab.engine.trace import Trace
    from reclaimlab.engine.wait import Resource

BLK_BATCH_REQ: Final = 32
"""A woken submitter may queue so many requests beyond the limit (legacy)."""
SBQ_WAKE_BATCH: Final = 8
"""Free tags before a submitter is woken (mq)."""
DEVICE_HOLDS: Final = 5
"""Requests that a device has taken from the queue: a flush does not pass those. The first flush of
a commit takes 0.13 to 0.18 s at 20 MB/s and 0.5 s at 5 MB/s, of 32 MiB queued, in the traces of
a_seq_ext4_20MBps_100M_r1 and a_seq_ext4_5MBps_100M_r1 (6.18)."""
SUBMIT_REQUEST_NS: Final = 5_000
"""CPU time to build and queue one request; kernel/costs.py says how such constants are chosen."""


@dataclass(slots=True)
class OpenRequest:
    """A queued write that its neighbours may still join; sizes in bytes, times in ns."""

    size: int
    started_ns: int
    done_ns: int
    on_done: list[Callable[[], None]]


class BlockDevice:
    """A device and its queue; sizes in bytes, rates in bytes a second.

    A request is *queued* (it holds a tag until its finish time) and then *done*; ``on_done`` of a
    bio is called in interrupt context when its last request is done.
    """

    autonomous = True
    """It goes on by itself: its requests need nobody's help to be done."""

    __slots__ = (
        "_armed",
        "_erase_every",
        "_erase_left",
        "_erase_stall_ns",
        "_finishes",
        "_jitter",
        "_loop",
        "_open_request",
        "_queued_bytes",
        "_stream",
        "burst_ns",
        "busy_until_ns",
        "flush_ns",
        "flushed",
        "irq_cpu",
        "label",
        "latency_ns",
        "legacy",
        "listening",
        "max_request",
        "name",
        "nr_requests",
        "on_uncongested",
        "peak_in_flight",
        "read_bw",
        "read_bytes",
        "reads_apart",
        "requests",
        "tags",
        "write_bw",
        "written_bytes",
    )  # fmt: skip

    def __init__(
        self,
        loop: Loop,
        stream: Stream,
        name: str,
        *,
        write_bw: int,
        read_bw: int,
        latency_ns: int = 0,
        jitter_permille: int = 0,
        nr_requests: int = 128,
        max_request: int = 512 * 1024,
        legacy: bool = True,
        irq_cpu: int = 0,
        erase_every: int = 0,
        erase_stall_ns: int = 0,
        flush_ns: int = 0,
        burst_ns: int = 0,
        reads_apart: bool = False,
    ) -> None:
        self._loop = loop
        self._stream = stream
        self.name = name
        self.label = f"device {name}"
        self.write_bw = write_bw
        self.read_bw = read_bw
        self.latency_ns = latency_ns
        self._jitter = jitter_permille
        self.nr_requests = nr_requests
        self.max_request = max_request
        self.legacy = legacy
        self.irq_cpu = irq_cpu
        self._erase_every = erase_every
        self._erase_left = erase_every
        self._erase_stall_ns = erase_stall_ns
        self.flush_ns = flush_ns
        self.burst_ns = burst_ns
        self.reads_apart = reads_apart
        self.busy_until_ns = 0
        self._finishes: deque[tuple[int, int, bool]] = deque()
        self._queued_bytes = 0
        self.written_bytes = 0
        self.read_bytes = 0
        self.requests = 0
        self.peak_in_flight = 0
        self.tags = WaitQueue(
            loop, "blk_mq_get_tag" if not legacy else "get_request_wait", resource=self
        )
        self.flushed = WaitQueue(loop, "blkdev_issue_flush", resource=self)
        self.listening: Callable[[], bool] = lambda: False
        self.on_uncongested: Callable[[], None] = lambda: None
        self._armed = False
        self._open_request: OpenRequest | None = None

    def __repr__(self) -> str:
        return f"<BlockDevice {self.name}, {self.in_flight()} in flight>"

    @property
    def now(self) -> int:
        """Simulated time (ns)."""
        return self._loop.now

    def releasers(self) -> Iterable[Task | Resource]:
        """A device goes on by itself."""
        return (self,)

    def in_flight(self) -> int:
        """Return the requests queued or in service."""
        self._reap()
        return len(self._finishes)

    def _reap(self) -> None:
        now, finishes = self._loop.now, self._finishes
        while finishes and finishes[0][0] <= now:
            _, size, write = finishes.popleft()
            if write:
                self.written_bytes += size
            else:
                self.read_bytes += size

    @property
    def congested_on(self) -> int:
        """Requests at which the queue counts as congested (legacy): 113 of 128."""
        return self.nr_requests - self.nr_requests // 8 + 1

    @property
    def congested_off(self) -> int:
        """Requests below which it no longer does: 103 of 128."""
        return self.nr_requests - self.nr_requests // 8 - self.nr_requests // 16 - 1

    def write_congested(self) -> bool:
        """Return whether the queue is congested; a blk-mq queue never says so."""
        queued = len(self._finishes)  # those that have ended since included: at least as many
        if not self.legacy or queued < self.nr_requests - self.nr_requests // 8:
            return False
        return self.in_flight() >= self.congested_on

    def queue_request(self, size: int, *, write: bool) -> int:
        """Queue one request, limit or not; return when it will be done (ns)."""
        bandwidth = self.write_bw if write else self.read_bw
        service = self._stream.spread(self.latency_ns + size * SEC // bandwidth, self._jitter)
        if write and self._erase_every:
            self._erase_left -= size
            if self._erase_left <= 0:
                self._erase_left += self._erase_every
                service += self._erase_stall_ns
        self._serve(service)
        loop = self._loop
        finish = self.busy_until_ns
        if finish < loop.now:
            finish = loop.now
        self._finishes.append((finish, size, write))
        self.requests += 1
        if loop.trace is not None:
            self._trace_request(loop.trace, finish, size, write=write)
        return finish

    def _trace_request(self, trace: Trace, done_ns: int, size: int, *, write: bool) -> None:
        """Emit both ends of a request; the later is known by now, so events come out of order."""
        what = {"dev": self.name, "rwbs": "W" if write else "R", "bytes": size, "nr": self.requests}
        trace.emit(self._loop.now, self._loop.current, "block_rq_issue", **what)
        trace.emit(done_ns, None, "block_rq_complete", **what)

    def _serve(self, service_ns: int) -> None:
        """Take service time; idle time up to the burst is made up for (a leaky bucket)."""
        idle_since = self._loop.now - self.burst_ns
        if self.busy_until_ns > idle_since:
            idle_since = self.busy_until_ns
        self.busy_until_ns = idle_since + service_ns

    def submit_now(
        self,
        size: int,
        on_done: Callable[[], None],
        *,
        write: bool,
        flush: bool = False,
        sync: bool = False,
    ) -> None:
        """Queue a bio without waiting for room: small ones, and those that may not sleep.

        ``flush`` empties the device's write cache first (REQ_FLUSH), doing nothing else.
        A single request that is ``sync`` (and any read is) goes before the asynchronous writes on a
        legacy queue, as its elevator would have it; a read also where reads have their own queue.
        """
        self._reap()
        if flush:
            self.busy_until_ns = max(self.busy_until_ns, self._loop.now) + self.flush_ns
        urgent = sync or not write if self.legacy else self.reads_apart and not write
        if urgent and size <= self.max_request:
            finish = self._overtake(size, write=write, flush=flush)
        else:
            finish = self._queue_bio(size, size, write=write)[0]
        self._loop.call_at(finish, on_done)
        self._after_submit()

    def _overtake(self, size: int, *, write: bool, flush: bool) -> int:
        """Queue a bio that goes next; return when it will be done.

        It waits for the request in service only. What it overtakes keeps its time, what is queued
        later is put off: a small request, so a small error, and none in the long run.
        """
        bandwidth = self.write_bw if write else self.read_bw
        service = self._stream.spread(self.latency_ns + size * SEC // bandwidth, self._jitter)
        start = self._finishes[0][0] if self._finishes else self._loop.now
        finish = start + service + (self.flush_ns if flush else 0)
        self._serve(service)
        self.requests += 1
        if self._loop.trace is not None:
            self._trace_request(self._loop.trace, finish, size, write=write)
        if write:
            self.written_bytes += size
        else:
            self.read_bytes += size
        return finish

    def _queue_bio(self, size: int, room: int, *, write: bool) -> tuple[int, int]:
        """Queue up to ``room`` requests of a bio; return the last one's end and the bytes left."""
        finish, most = self._loop.now, self.max_request
        while size > 0 and room > 0:
            part = size if size < most else most
            finish = self.queue_request(part, write=write)
            size -= part
            room -= 1
        return finish, size

    def _merge(self, size: int, on_done: Callable[[], None]) -> bool:
        """Make a write the end of the last request, if that waits and has room; say whether so.

        As neighbours merge in a task's plug. The whole request is done at once.
        """
        last, finishes = self._open_request, self._finishes
        if last is None or not finishes or finishes[-1][0] != last.done_ns:
            return False
        service = size * SEC // self.write_bw
        if last.size + size > self.max_request or last.started_ns <= self._loop.now:
            return False
        self.busy_until_ns += service
        last.size += size
        last.done_ns += service
        last.on_done.append(on_done)
        finishes[-1] = (last.done_ns, last.size, True)
        return True

    def _open(self, size: int, on_done: Callable[[], None], done_ns: int) -> None:
        """Begin a request that its neighbours may be merged into."""
        started_ns = done_ns - size * SEC // self.write_bw
        request = self._open_request = OpenRequest(size, started_ns, done_ns, [on_done])

        def end() -> None:
            if self._loop.now < request.done_ns:
                self._loop.call_at(request.done_ns, end)
                return
            for each in request.on_done:
                each()

        self._loop.call_at(done_ns, end)

    def submit_bio(
        self,
        size: int,
        on_done: Callable[[], None],
        *,
        write: bool,
        flush: bool = False,
        merges: bool = False,
    ) -> Steps:
        """Queue a bio, sleeping while the queue is full.

        ``merges``: a write beside the one submitted before it.

        Who is woken in a blk-mq queue leaves a tag to each of those that were woken with him.
        """
        if merges and self._merge(size, on_done):
            if not self._loop.elapse(SUBMIT_REQUEST_NS):
                yield SUBMIT_REQUEST_NS
            return
        batching = others = 0
        while True:
            self._reap()
            room = self.nr_requests + batching - len(self._finishes)
            leaves = min(others, room - 1) if others and room > 1 else 0
            room -= leaves
            if room > 0:
                before = self.requests
                if flush:
                    self.busy_until_ns = max(self.busy_until_ns, self._loop.now) + self.flush_ns
                finish, size = self._queue_bio(size, room, write=write)
                if len(self._finishes) > self.peak_in_flight:
                    self.peak_in_flight = len(self._finishes)
                self._after_submit()
                if not size:
                    if merges:
                        self._open(self._finishes[-1][1], on_done, finish)
                    else:
                        self._loop.call_at(finish, on_done)
                    spent_ns = (self.requests - before) * SUBMIT_REQUEST_NS
                    if not self._loop.elapse(spent_ns):
                        yield spent_ns
                    return
            self.blk_finish_plug()
            yield from self.get_request(leaves)
            batching = BLK_BATCH_REQ if self.legacy else 0
            others = 0 if self.legacy else min(len(self.tags.waiters), SBQ_WAKE_BATCH - 1)

    def blk_finish_plug(self) -> None:
        """Let the last request go: who submits next has a plug of his own and joins none before."""
        self._open_request = None

    def blkdev_issue_flush(self) -> Steps:
        """Sleep until the device has emptied its cache: after the requests that it holds itself."""
        self._reap()
        held = min(len(self._finishes), DEVICE_HOLDS)
        done_ns = self._finishes[held - 1][0] if held else self._loop.now
        yield self.flushed.for_at_most(done_ns + self.flush_ns - self._loop.now)

    def get_request(self, leaves: int = 0) -> Steps:
        """Sleep until there is room in the queue, not counting what this task ``leaves`` to others.

        A legacy queue wakes a submitter at the first free request and then lets it batch; blk-mq
        wakes it when a batch of tags is free.
        """
        self._reap()
        over = len(self._finishes) + leaves - self.nr_requests
        if over < 0:
            return
        batch = 1 if self.legacy else min(SBQ_WAKE_BATCH, max(1, self.nr_requests // 4))
        due = self._finishes[min(over + batch - 1, len(self._finishes) - 1)][0]
        yield self.tags.for_at_most(due - self._loop.now)

    def _after_submit(self) -> None:
        if self.legacy and self.listening():
            self.expect_uncongested()

    def expect_uncongested(self) -> None:
        """Have :attr:`on_uncongested` called when a request ends on an uncongested queue.

        blk-core.c:freed_request() wakes congestion waiters for every freed request while the count
        is below the threshold.
        """
        if self._armed or not self.legacy:
            return
        count = self.in_flight()
        if not count:
            return
        due = self._finishes[max(0, count - self.congested_off)][0]
        self._armed = True
        self._loop.call_at(due, self._uncongested)

    def _uncongested(self) -> None:
        self._armed = False
        self.on_uncongested()
