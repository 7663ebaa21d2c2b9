"""Every model of the window, held against Qt's own checker and against the core."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from reclaimlab.measure.records import METRICS, Series
from reclaimlab.runs.compare import make_plan
from reclaimlab.runs.comparison import summarise
from reclaimlab.scenarios.builtin import builtin_scenarios
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab.store.reader import StoreReader
from reclaimlab.store.records import PluginMetric
from reclaimlab.units import PAGE_SIZE, SEC
from reclaimlab_gui.models.contender_choice import ContenderChoice
from reclaimlab_gui.models.form_fields import faults_of, scenario_fields
from reclaimlab_gui.models.metric_rows import metric_header, metric_rows
from reclaimlab_gui.models.panels import Arrangement, Shown, panel_rows
from reclaimlab_gui.models.peaks import Peaks
from reclaimlab_gui.models.plugin_rows import PLUGIN_HEADER, installed_plugins
from reclaimlab_gui.models.quantities import Curve, first_stall_s, quantities
from reclaimlab_gui.models.run_rows import RUN_HEADER, RunProgress
from reclaimlab_gui.models.scenario_list import SCENARIO_HEADER, scenario_rows
from reclaimlab_gui.models.setting_rows import setting_rows
from reclaimlab_gui.models.side_by_side import SideBySide, load_comparison, load_runs, load_series
from reclaimlab_gui.models.table import SORT_ROLE, Cell, Order, Row, Table
from reclaimlab_gui.session import RunKey

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


@pytest.fixture
def shown(store: Path) -> SideBySide:
    with StoreReader(store) as reader:
        return load_comparison(reader, "latest")


def checked(header: tuple[str, ...], rows: list[Row]) -> Table:
    table = Table(header)
    order = Order(table)
    testers = [QAbstractItemModelTester(model, FATAL, table) for model in (table, order)]
    table.fill(rows)
    order.sort(0, Qt.SortOrder.DescendingOrder)
    order.set_words("nothing has these words")
    order.set_words("")
    assert len(testers) == 2
    return table


@pytest.mark.usefixtures("qapp")
def test_scenarios_plugins_metrics_and_settings_pass_qts_own_checker(shown: SideBySide) -> None:
    assert len(checked(SCENARIO_HEADER, scenario_rows()).rows) == len(builtin_scenarios())
    plugins = [each.row for each in installed_plugins().values()]
    assert checked(PLUGIN_HEADER, plugins).rows
    metrics = checked(tuple(metric_header(shown)), metric_rows(shown))
    assert [row.key for row in metrics.rows] == list(shown.comparison.metric_names())
    assert checked(("setting", *shown.short_labels), setting_rows(shown, shown.seed)).rows


@pytest.mark.usefixtures("qapp")
def test_a_table_that_grows_and_changes_passes_qts_own_checker() -> None:
    table = checked(("name", "size"), [Row((Cell("a"), Cell("1", 1)))])
    table.append([Row((Cell("b"), Cell("10", 10))), Row((Cell("c"), Cell("9", 9)))])
    table.replace(0, Row((Cell("d"), Cell("2", 2))))
    assert [row.cells[0].text for row in table.rows] == ["d", "b", "c"]


@pytest.mark.usefixtures("qapp")
def test_numbers_sort_as_numbers_and_words_find_rows() -> None:
    order = Order(checked(("n",), [Row((Cell(str(n), n),)) for n in (9, 10, 2)]))
    order.sort(0)
    assert [order.index(row, 0).data() for row in range(3)] == ["2", "9", "10"]
    order.set_words("10")
    assert order.rowCount() == 1


def test_the_gains_sort_by_their_size_whatever_their_sign(shown: SideBySide) -> None:
    by_name = {row.key: row for row in metric_rows(shown)}
    throughput = by_name["writer_throughput"]
    judged = shown.comparison.pair(shown.columns[1].label, "writer_throughput")
    assert judged is not None
    assert judged.ratio is not None
    gain = throughput.cells[1 + len(shown.columns)]
    assert gain.sort == pytest.approx(abs(100 * (judged.ratio - 1)))
    assert str(judged.judgement) in gain.text


def test_every_metric_says_its_unit_and_which_way_is_better(shown: SideBySide) -> None:
    for row in metric_rows(shown):
        assert "(" in row.cells[0].text
        assert METRICS[str(row.key)].better in row.cells[0].tip


def test_a_metric_of_a_plugin_stands_below_ours_with_its_unit(shown: SideBySide) -> None:
    records = [
        dataclasses.replace(
            run, contender=column.label,
            plugin_metrics=(PluginMetric("swing", "pages", "lower", "x 1", value=float(seed)),),
        )
        for column in shown.columns
        for seed, run in column.runs.items()
    ]  # fmt: skip
    comparison = summarise("c0ffee00", shown.comparison.head, records)
    last = metric_rows(dataclasses.replace(shown, comparison=comparison))[-1]
    assert last.key == "swing"
    assert last.cells[0].text == "swing (pages)"
    assert last.cells[0].tip == "brought by x 1; lower is better"


def test_the_settings_that_differ_come_first(shown: SideBySide) -> None:
    differs = [row.differs for row in setting_rows(shown, shown.seed)]
    assert differs == sorted(differs, reverse=True)
    named = {row.cells[0].text: row for row in setting_rows(shown, shown.seed)}
    assert named["fix may-enter-fs"].differs
    assert not named["machine.memory"].differs


def test_the_seed_shown_first_is_one_that_deadlocks(shown: SideBySide) -> None:
    result = shown.columns[0].runs[shown.seed].result
    assert result is not None
    assert str(result.verdict) == "deadlock"


def test_runs_of_one_contender_twice_keep_their_own_columns(store: Path, shown: SideBySide) -> None:
    comparison = shown.columns[0].comparison
    keys = [RunKey(comparison, "linux-3.10", seed) for seed in (1, 4)]
    with StoreReader(store) as reader:
        found = load_runs(reader, keys)
    assert len({column.label for column in found.columns}) == 2


def test_every_quantity_of_the_issue_can_be_plotted(store: Path, shown: SideBySide) -> None:
    with StoreReader(store) as reader:
        series = load_series(reader, shown, shown.seed)
    names = {quantity.name for quantity in quantities(series)}
    assert {"dirty", "writeback", "free", "throughput", "scan", "stall"} <= names
    assert any(name.endswith(".usage") for name in names)


def test_aligned_at_the_incident_the_incident_stands_at_zero(
    store: Path, shown: SideBySide
) -> None:
    with StoreReader(store) as reader:
        series = load_series(reader, shown, shown.seed)
    columns = [
        Shown(column.label, found, column.runs[shown.seed])
        for column, found in zip(shown.columns, series, strict=True)
    ]
    rows = panel_rows(quantities(series)[:1], columns, Arrangement(alignment="incident"))
    panel = rows[0][0]
    result = shown.columns[0].runs[shown.seed].result
    assert panel is not None
    assert result is not None
    assert result.incident is not None
    assert panel.lines[0].shift_s == result.incident.time_ns / SEC
    assert panel.limits


def test_the_difference_is_taken_at_the_same_moment() -> None:
    one = Curve(np.array([0.0, 1.0, 2.0]), np.array([5.0, 6.0, 7.0]))
    other = Curve(np.array([0.5, 1.5]), np.array([1.0, 3.0]))
    difference = one.minus(other)
    assert difference.times_s.tolist() == [1.0]
    assert difference.values.tolist() == [4.0]


def test_a_rate_is_the_growth_per_second_and_pages_become_mebibytes() -> None:
    times = (0, SEC, 2 * SEC)
    grown = Series("scanned", "pages", times, (0, 256, 768))
    (scan,) = quantities([[grown]])
    curve = scan.make(grown)
    assert curve.values.tolist() == [256 * PAGE_SIZE / 2**20, 512 * PAGE_SIZE / 2**20]


def test_the_first_stall_is_where_time_in_reclaim_first_grows() -> None:
    series = Series("reclaim_time", "ns", (0, SEC, 2 * SEC), (0, 0, 7))
    assert first_stall_s([series]) == 2.0


def test_a_field_has_its_value_as_people_write_it() -> None:
    fields = {field.name: field for field in scenario_fields(load_scenario("dd-usb-xfs"))}
    assert fields["memcg.box.limit"].value.endswith("MiB")
    assert fields["machine.cgroup"].choices == ("v1", "v2")


@pytest.mark.parametrize(
    ("setting", "field"),
    [
        ("machine.memory=plenty", "machine.memory"),
        ("machine.dirty_ratio=120", "machine.dirty_ratio"),
        ("duration=-1s", "duration"),
    ],
)
def test_a_fault_stands_at_its_field(setting: str, field: str) -> None:
    assert list(faults_of("dd-usb-xfs", [setting])) == [field]


def test_every_fault_is_told_at_once() -> None:
    settings = ["machine.memory=plenty", "machine.dirty_ratio=120"]
    assert set(faults_of("dd-usb-xfs", settings)) == {"machine.memory", "machine.dirty_ratio"}


@pytest.mark.parametrize(
    "text", ["linux-3.10", "linux-3.10+may-enter-fs", "linux-3.10+congestion-wait(timeout=50ms)"]
)
def test_a_contender_that_is_read_and_written_is_the_same(text: str) -> None:
    assert ContenderChoice.of(text).text() == text


def test_a_parameter_out_of_its_range_is_a_fault_at_its_field() -> None:
    choice = ContenderChoice(
        "linux-3.10", ("congestion-wait",), {"congestion-wait: timeout": "soon"}
    )
    assert "soon" in choice.faults()["congestion-wait: timeout"]


@pytest.mark.usefixtures("qapp")
def test_progress_of_a_run_is_its_simulated_time_and_a_cancel_marks_the_rest(qtbot: QtBot) -> None:
    del qtbot
    table = checked(RUN_HEADER, [])
    plan = make_plan(load_scenario("dd-usb-xfs"), ["linux-3.10"], [1, 2])
    progress = RunProgress(table, plan, duration_ns=10 * SEC)
    progress.reached({0: 0})
    progress.reached({0: 5 * SEC})
    assert table.index(0, 3).data(SORT_ROLE) == 0.5
    assert progress.remaining_s(jobs=1) is not None
    progress.stopped()
    assert [row.cells[2].text for row in table.rows] == ["cancelled", "cancelled"]


def noise(samples: int) -> Curve:
    values = np.random.default_rng(1).normal(size=samples).cumsum()
    return Curve(np.arange(samples) / 1000, values)


@pytest.mark.parametrize("samples", [1, 2, 5000, 123_457])
@pytest.mark.parametrize("part", [(0.0, 1.0), (0.25, 0.5), (0.4, 0.4001), (-1.0, -0.5)])
def test_no_peak_is_lost_and_no_more_points_are_drawn_than_can_be_seen(
    samples: int, part: tuple[float, float]
) -> None:
    curve = noise(samples)
    low, high = (share * curve.times_s[-1] for share in part)
    times, values = Peaks(curve).between(low, high, 300)
    assert len(times) == len(values) <= 2 * 8 * 300
    seen = curve.values[(curve.times_s >= low) & (curve.times_s <= high)]
    if len(seen):
        assert values.min() <= seen.min()
        assert values.max() >= seen.max()
    assert set(values) <= set(curve.values)


def test_the_difference_of_runs_sampled_alike_and_otherwise_is_the_same() -> None:
    base, other = noise(1000), noise(1000)
    shifted = Curve(other.times_s + 1e-9, other.values)
    assert other.minus(base).values == pytest.approx(np.zeros(1000))
    assert shifted.minus(base).values == pytest.approx(np.zeros(999), abs=1e-3)
