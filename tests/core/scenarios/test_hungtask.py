"""Hung-task reports: tasks and stacks, who waits for what, known patterns, and what is refused.

The two logs in data/ have the call chains of the reports of 2013 and 2015, as published; addresses,
offsets and the noise around them are made up.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reclaimlab.errors import RecordingError
from reclaimlab.scenarios.builtin import builtin_file, builtin_recordings, builtin_scenarios
from reclaimlab.scenarios.importers import Hang, hang_object, hang_text, import_hang
from reclaimlab.scenarios.importers.hang import cycle
from reclaimlab.scenarios.importers.hang_knowledge import Pattern, cures, kind_of, patterns, wait_of
from reclaimlab.scenarios.importers.hungtask import HungTask
from reclaimlab.scenarios.reader import load_scenario
from tests.tools.hung_cures import TABLE, cures_of_the_matrix

DATA = Path(__file__).parent / "data"
XFS = DATA / "hung-xfs-2013.txt"
EXT4 = DATA / "hung-ext4-2015.txt"
HEAD = "INFO: task dd:12 blocked for more than 120 seconds.\nCall Trace:\n"


def hang_of(tmp_path: Path, text: str | bytes) -> Hang:
    log = tmp_path / "dmesg.txt"
    log.write_bytes(text if isinstance(text, bytes) else text.encode())
    return import_hang([log])


def stack(*symbols: str) -> str:
    return HEAD + "".join(f" {symbol}+0x10/0x20\n" for symbol in symbols)


def fits(hang: Hang) -> list[str]:
    return [pattern.scenario for pattern, _ in hang.fits]


def test_ten_reports_and_a_sysrq_dump_are_the_seven_tasks_of_2013() -> None:
    report = import_hang([XFS]).report
    assert report.kernel == "3.9.0mmotmfix+"
    assert [str(task) for task in report.tasks] == [
        "xfs-data/sda9:930", "kworker/2:2:17823", "ld:14442", "ld:14962",
        "cc1:20757", "cc1:20758", "cc1:20761",
    ]  # fmt: skip
    # Reported at t=276962, 277442, 277922, and the last five again by sysrq-w.
    assert [task.reports for task in report.tasks] == [2, 2, 4, 4, 1, 1, 1]
    assert [task.blocked_s for task in report.tasks] == [480] * 4 + [0] * 3


def test_a_stack_is_innermost_first_and_without_doubtful_frames_and_noise() -> None:
    rescuer = import_hang([XFS]).report.tasks[0]
    assert rescuer.stack[:6] == [
        "schedule", "io_schedule", "sleep_on_page", "__wait_on_bit", "wait_on_page_bit",
        "shrink_page_list",
    ]  # fmt: skip
    assert rescuer.stack[-4:] == ["process_one_work", "rescuer_thread", "kthread", "ret_from_fork"]
    assert rescuer.doubtful == 2
    assert "zone_statistics" not in rescuer.stack


def test_the_tasks_of_2013_wait_for_writeback_and_log_space_that_workers_may_give_back() -> None:
    hang = import_hang([XFS])
    waits = [wait_of(task).resource for task in hang.report.tasks]
    assert waits == ["page writeback"] * 4 + ["log space"] * 3
    assert [kind_of(task) for task in hang.report.tasks] == ["worker"] * 2 + ["user"] * 5
    name = "xfs-data/sda9:930"
    assert cycle(hang.report) == [name, "page writeback", name]
    lines = hang_text(hang).splitlines()
    assert "  cc1:20757, cc1:20758, cc1:20761 -> log space" in lines


def test_the_stacks_of_2013_are_the_soft_limit_hang_with_its_recorded_cures(tmp_path: Path) -> None:
    hang = import_hang([XFS])
    assert fits(hang) == ["xfs-softlimit-hang"]
    assert [str(task) for task in hang.fits[0][1]] == ["xfs-data/sda9:930", "kworker/2:2:17823"]
    text = " ".join(hang_text(hang).split())
    assert (
        "linux-3.10+memalloc-noio"
        in text.partition("contenders that cure it")[2].partition("contenders that hang")[0]
    )
    hang.write(tmp_path / "mine.toml")
    assert load_scenario(str(tmp_path / "mine.toml")) == load_scenario("xfs-softlimit-hang")
    written = (tmp_path / "mine.toml").read_text()
    assert written.startswith("# From: a hung-task report of Linux 3.9.0mmotmfix+: ")
    assert written.endswith(builtin_file("xfs-softlimit-hang").read_text())


def test_the_stack_of_2015_waits_for_pages_that_its_own_task_has_not_submitted() -> None:
    hang = import_hang([EXT4])
    assert fits(hang) == ["ext4-unsubmitted-2015"]
    assert cycle(hang.report) == ["rsync:11482", "page writeback", "rsync:11482"]
    assert "shrink_zone" in hang.report.tasks[0].stack  # printed as shrink_zone.part.71


def test_without_soft_limit_reclaim_or_without_a_worker_it_is_not_the_soft_limit_hang(
    tmp_path: Path,
) -> None:
    text = XFS.read_text()
    assert fits(hang_of(tmp_path, text.replace("mem_cgroup_soft_limit_reclaim", "other"))) == []
    user = text.replace("process_one_work", "a").replace("worker_thread", "b")
    assert fits(hang_of(tmp_path, user.replace("rescuer_thread", "c"))) == []


def test_functions_in_another_order_are_no_pattern(tmp_path: Path) -> None:
    symbols = import_hang([EXT4]).report.tasks[0].stack
    assert fits(hang_of(tmp_path, stack(*symbols))) == ["ext4-unsubmitted-2015"]
    assert fits(hang_of(tmp_path, stack(*reversed(symbols)))) == []


@pytest.mark.parametrize("pattern", patterns(), ids=lambda pattern: pattern.scenario)
def test_a_stack_of_the_functions_of_a_pattern_fits_it(tmp_path: Path, pattern: Pattern) -> None:
    ((kinds, symbols),) = pattern.stacks
    outer = ["process_one_work"] if "user" not in kinds else []
    names = [each.split("|")[0] for each in symbols]
    assert fits(hang_of(tmp_path, stack(*names, *outer)))[0] == pattern.scenario


@pytest.mark.parametrize("pattern", patterns(), ids=lambda pattern: pattern.scenario)
def test_the_scenario_of_a_pattern_hangs_on_its_own_kernel_and_has_cures(pattern: Pattern) -> None:
    assert pattern.scenario in builtin_scenarios()
    known = cures(pattern.scenario)
    assert load_scenario(pattern.scenario).kernel in known.hangs
    assert known.ok
    assert not set(known.ok) & {*known.hangs, *known.others}


def test_the_table_of_cures_is_that_of_the_matrix() -> None:
    assert json.loads(TABLE.read_text()) == cures_of_the_matrix(), "run: make matrix"


@pytest.mark.parametrize(
    "header",
    [
        "dd              D ffff88007fc13780     0    12      1 0x00000000",
        "dd              D c1234567     0    12      1 0x00000000",
        "dd              D    0    12      1 0x00000080",
        "task:dd              state:D stack:    0 pid:   12 ppid:     1 flags:0x00004000",
        "task:dd              state:D stack:0     pid:12    tgid:12    ppid:1   flags:0x00004002",
    ],
)
@pytest.mark.parametrize(
    "prefix", ["", "[   12.000001] ", "<6>[   12.1] ", "[   12.1][  T77] ",
               "[Mon Jul  8 12:00:00 2013] ", "Jul  8 12:00:00 host kernel: ",
               "Jul  8 12:00:00 host kernel: [   12.1] "],
)  # fmt: skip
@pytest.mark.parametrize("frame", [" [<ffffffff8104a2b0>] {}+0x9d/0xa0", " {}+0x9d/0xa0 [xfs]"])
def test_every_form_of_header_prefix_and_frame_is_the_same_task(
    tmp_path: Path, header: str, prefix: str, frame: str
) -> None:
    rows = [header, "Call Trace:", " <TASK>", frame.format("schedule"), frame.format("xfs_ilock")]
    running = "bash            R  running task        0   400    399 0x00000000"
    text = "".join(f"{prefix}{row}\n" for row in [*rows, " </TASK>", running, "Call Trace:"])
    (task,) = hang_of(tmp_path, text).report.tasks
    assert (str(task), task.stack) == ("dd:12", ["schedule", "xfs_ilock"])


@pytest.mark.parametrize(
    ("symbols", "resource"),
    [
        (["schedule", "rwsem_down_write_failed", "down_write", "xfs_ilock"], "ILOCK"),
        (["schedule", "rwsem_down_write_failed", "down_write", "mystery", "xfs_ilock"], "rwsem"),
        (["io_schedule", "blk_mq_get_tag"], "request tag"),
        (["io_schedule", "folio_wait_bit_common", "__folio_lock"], "page lock"),
        (["io_schedule", "folio_wait_bit_common", "folio_wait_writeback"], "page writeback"),
        (["schedule", "jbd2_log_wait_commit", "ext4_sync_file"], "journal commit"),
        (["schedule_timeout", "wait_for_completion", "flush_work"], "work item"),
        (["schedule", "wait_for_completion", "mystery"], "completion"),
        (["schedule", "mystery", "xlog_grant_head_wait"], ""),
    ],
)
def test_the_innermost_known_function_says_what_is_waited_for(
    tmp_path: Path, symbols: list[str], resource: str
) -> None:
    (task,) = hang_of(tmp_path, stack(*symbols)).report.tasks
    assert wait_of(task).resource == resource


def test_two_tasks_that_may_hold_what_the_other_waits_for_are_a_circle(tmp_path: Path) -> None:
    first = stack("schedule", "xlog_grant_head_wait", "xfs_log_reserve", "xfs_setfilesize")
    second = stack("schedule", "down_write", "xfs_ilock", "xfs_trans_commit").replace(
        "dd:12", "ld:9"
    )
    one_way = hang_of(tmp_path, first).report
    assert cycle(one_way) == []
    both = hang_of(tmp_path, first + second).report
    assert cycle(both) in (
        ["dd:12", "log space", "ld:9", "ILOCK", "dd:12"],
        ["ld:9", "ILOCK", "dd:12", "log space", "ld:9"],
    )


def test_thousands_of_tasks_and_hostile_lines_take_seconds(tmp_path: Path) -> None:
    rows = ("page_fault", "process_one_work", "xfs_end_io", "xfs_trans_commit")
    tasks = "".join(
        stack("wait_on_page_bit", rows[n % 4]).replace("dd:12", f"dd:{n}") for n in range(2000)
    )
    hostile = ("task:" + " state:X " * 450 + "\n") * 50 + ("INFO: task " + ":1" * 2000 + "\n") * 50
    started = time.process_time()
    hang = hang_of(tmp_path, tasks + hostile)
    assert len(cycle(hang.report)) == 3
    assert len(hang.report.tasks) == 2000
    assert time.process_time() - started < 5


def test_what_sleeping_tasks_of_recorded_kernels_wait_for_is_known_but_for_a_twentieth() -> None:
    known = total = 0
    for folder in builtin_recordings():
        for row in (folder / "stacks.txt").read_text().splitlines():
            samples, _, rest = row.partition("\tD\t")
            if rest:
                task = HungTask("recorded", 1, stack=rest.split(" < "))
                total += int(samples)
                known += int(samples) if wait_of(task).resource else 0
    assert total > 500
    assert known / total > 0.95


def test_a_frame_without_symbol_stays_in_the_stack_and_the_wait_is_unknown(tmp_path: Path) -> None:
    hang = hang_of(tmp_path, f"{HEAD} [<ffffffffa01234>] 0xffffffffa01234\n x+0x1/0x2\n")
    assert hang.report.tasks[0].stack == ["?", "x"]
    assert "dd:12 -> something unknown, in ?" in hang_text(hang)


def test_frames_of_another_report_are_not_of_the_task_before_it(tmp_path: Path) -> None:
    text = stack("schedule") + "WARNING: CPU: 1 PID: 3 at x.c:1\nCall Trace:\n dump+0x1/0x2\n"
    assert hang_of(tmp_path, text).report.tasks[0].stack == ["schedule"]
    text = stack("schedule") + "Call Trace:\n dump+0x1/0x2\n"
    assert hang_of(tmp_path, text).report.tasks[0].stack == ["schedule"]


def test_line_ends_of_windows_and_very_long_lines_change_nothing(tmp_path: Path) -> None:
    text = XFS.read_bytes()
    plain = hang_object(import_hang([XFS]))
    assert hang_object(hang_of(tmp_path, text.replace(b"\n", b"\r\n"))) == plain
    noise = b"x" * 300_000 + b" [<ffffffff8104a2b0>] mystery+0x1/0x2\n"
    assert hang_object(hang_of(tmp_path, text.replace(b"usb 2-1", noise + b"usb 2-1"))) == plain


def test_a_name_cannot_steer_the_terminal_nor_break_the_comment(tmp_path: Path) -> None:
    hang = hang_of(tmp_path, EXT4.read_bytes().replace(b"task rsync", b"task a\x1b[31m\x07b"))
    assert "\x1b" not in hang_text(hang)
    hang.write(tmp_path / "mine.toml")
    assert load_scenario(str(tmp_path / "mine.toml")).name == "ext4-unsubmitted-2015"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\x7fELF\0\0", "is binary"),
        (b"\x1f\x8b\x08 packed", "is binary"),
        (b"usb 1-1: new device\n", "no hung task in it"),
        (HEAD.encode(), "is cut short in line 2, inside the report on dd:12"),
        ((HEAD + " schedule+0x1/0x2\n io_sch").encode(), "is cut short in line 4"),
        ((HEAD * 2 + "bash R 0 4 3 0x00\n").encode(), "no stack with symbols in it"),
    ],
)
def test_what_cannot_be_read_is_refused_with_one_clear_line(
    tmp_path: Path, content: bytes, said: str
) -> None:
    with pytest.raises(RecordingError) as caught:
        hang_of(tmp_path, content)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be read: Is a directory"):
        import_hang([tmp_path])
    with pytest.raises(RecordingError, match="no such file"):
        import_hang([tmp_path / "none"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(cut=st.integers(0, EXT4.stat().st_size))
def test_a_log_cut_anywhere_is_read_or_refused_and_never_a_crash(tmp_path: Path, cut: int) -> None:
    try:
        hang = hang_of(tmp_path, EXT4.read_bytes()[:cut])
    except RecordingError:
        return
    assert [str(task) for task in hang.report.tasks] == ["rsync:11482"]
