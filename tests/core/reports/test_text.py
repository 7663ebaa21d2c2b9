"""The report for mailing lists."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.measure.records import METRICS, Incident, TaskReport, Verdict
from reclaimlab.reports.incident_text import incident_lines
from reclaimlab.reports.lines import joined, label, plain, wrapped
from reclaimlab.reports.numbers import gain_text
from reclaimlab.reports.text import seeds_text, text_report
from reclaimlab.runs.comparison import Comparison
from reclaimlab.stats.judgement import Judged, Judgement

Make = Callable[..., Comparison]

HOSTILE = "linux-3.10+" + "x" * 90 + "(a=1,b=\u0416\n\x1b[31m\t|)" + "+y" * 40
REPORT = """\
tiny: A writer
==============
decides:    verdict
seeds:      1-12 (12)
comparison: c0ffee00
versions:   reclaimlab 0.1.0, linux-3.10 1, linux-3.10+may-enter-fs 1

Verdict
  linux-3.10                               deadlock in 12 of 12
  linux-3.10+may-enter-fs                  ok in 12 of 12

Share of the runs with a verdict (its 95 % interval)
  linux-3.10                               deadlock 100 % (76-100 %)
  linux-3.10+may-enter-fs                  ok 100 % (76-100 %)

Means over seeds; percent against the first line, positive is better;
* better or worse beyond noise (95 %), ~ cannot be told from noise;
last: effect size, the mean difference in its standard deviations

writer_throughput (MB/s, higher is better)
  linux-3.10                                   5.00 (    0.00%)
  linux-3.10+may-enter-fs                      4.50 *  -10.00%*  -1e+06

write_latency_p99 (ms, lower is better)
  linux-3.10                                  12.00 (    0.00%)
  linux-3.10+may-enter-fs                     13.33 *  -11.11%*

pages_scanned (pages, lower is better)
  linux-3.10                                 123456 (    0.00%)
  linux-3.10+may-enter-fs                    123456 (    0.00%)

scan_efficiency (higher is better)
  linux-3.10                                 0.5000 (    0.00%)
  linux-3.10+may-enter-fs                    0.5000 (    0.00%)

oom_kills (tasks, lower is better)
  linux-3.10                                   0.00 (    0.00%)
  linux-3.10+may-enter-fs                      0.00 (    0.00%)

------------------------------------------------------------------------
linux-3.10: deadlock at 12.346 s (seed 1)

INFO: task kworker/2:1:57 blocked for 131 seconds in state D.
      waits for writeback of page 77
Call Trace:
 wait_on_page_bit
 shrink_page_list
 shrink_inactive_list

INFO: task dd in state R for 0.250 seconds.

wait-for cycle: kworker/2:1:57 -> page 77 -> ioend 12 -> kworker/2:1:57

memory in pages: free 1000, box.usage 2048
"""


def assert_fit_for_mail(text: str) -> None:
    assert text.isascii()
    assert all(line.isprintable() for line in text.splitlines())
    assert max(map(len, text.splitlines())) <= 72
    assert not any(line.endswith(" ") for line in text.splitlines())


def test_the_report_reads_so(make: Make) -> None:
    assert text_report(make("linux-3.10", "linux-3.10+may-enter-fs")) == REPORT


def test_fourteen_contenders_fit_into_72_columns(make: Make) -> None:
    names = [f"linux-3.10+congestion-wait(timeout={n}ms,skip=kthread)" for n in range(14)]
    report = text_report(make(*names))
    assert_fit_for_mail(report)
    assert report.count("timeout=13ms") == 8


def test_hostile_names_stay_ascii_and_within_72_columns(make: Make) -> None:
    task = TaskReport(HOSTILE, "D", 1e9, HOSTILE * 3, (HOSTILE, "f" * 200, ""))
    incident = Incident(
        Verdict.STALL, 10**15, (task,), (HOSTILE, "b" * 100, "c"), {HOSTILE: 1 << 60}, HOSTILE
    )
    assert_fit_for_mail(text_report(make(HOSTILE, "", title=HOSTILE, incident=incident)))


@given(st.text(max_size=200), st.text(max_size=80), st.lists(st.text(max_size=40), max_size=5))
def test_any_text_is_fit_for_mail(note: str, name: str, cycle: list[str]) -> None:
    task = TaskReport(name, "D", 130.0, name, (name, name))
    incident = Incident(Verdict.STALL, 1, (task,), tuple(cycle), {name: 1}, note)
    assert_fit_for_mail("\n".join(incident_lines(incident, name, 1)))


def test_a_difference_within_noise_has_a_tilde(make: Make) -> None:
    assert "4.50 ~  -10.00%" in text_report(make("a", "b", runs=4))


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (0.9, "* -10.00%*"), (1.5, "*  50.00%*"), (250.0, "*24900.00%*"), (1e6, "*99999900%*"),
        (1e12, "* 1.0e+14%*"), (None, "*     n/a *"),
    ],
)  # fmt: skip
def test_a_gain_is_never_cut_short(ratio: float | None, text: str) -> None:
    judged = Judged("writer_throughput", ratio, None, 0.0, Judgement.BETTER)
    printed = gain_text(METRICS["writer_throughput"], judged)
    assert printed.replace(" ", "") == text.replace(" ", "")
    assert len(printed) == 11


def test_a_failed_run_and_a_missing_one_are_told(with_a_failure: Comparison) -> None:
    report = text_report(with_a_failure)
    assert "incomplete: 2 of 3 runs" in report
    assert "ok, 1 failed" in report
    assert "linux-3.10 seed 2 failed: policy x raised" in report
    assert_fit_for_mail(report)


def test_a_long_cycle_breaks_after_an_arrow() -> None:
    lines = joined([f"task-{number}" for number in range(20)], " -> ", indent="  ")
    assert len(lines) > 1
    assert all(line.endswith("->") for line in lines[:-1])
    assert "".join(f" {line.strip()}" for line in lines).split(" -> ")[-1] == "task-19"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a\nb", "a\\x0ab"), ("\u00e9", "\\xe9"), ("\x7f", "\\x7f"), ("ok", "ok")],
)
def test_what_is_not_ascii_is_written_as_its_escape(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_a_name_breaks_before_a_fix() -> None:
    assert label("linux-3.10+" + "a" * 20 + "+b", 24) == ["linux-3.10", " +" + "a" * 20 + "+b"]


def test_words_break_at_spaces() -> None:
    assert wrapped("one two three", indent="  ", width=8) == ["one two", "  three"]


def test_a_comparison_of_no_seeds_which_only_a_stranger_makes_says_so() -> None:
    assert seeds_text(()) == "none"
    assert seeds_text((3,)) == "3 (1)"
    assert seeds_text((1, 2, 3)) == "1-3 (3)"
    assert seeds_text((1, 3)) == "1, 3 (2)"
