"""JSON, CSV, Markdown and the matrix."""

import csv
import io
import json
from collections.abc import Callable

import jsonschema
import pytest

from reclaimlab.errors import ReclaimlabError
from reclaimlab.measure.records import Incident, TaskReport, Verdict
from reclaimlab.reports.evidence import Evidence
from reclaimlab.reports.formats import FORMATS, render, report_file
from reclaimlab.reports.json_object import comparison_schema
from reclaimlab.reports.matrix import verdict_matrix
from reclaimlab.runs.comparison import Comparison

Make = Callable[..., Comparison]
PAIR = ("linux-3.10", "linux-3.10+km-noio(sites=unwritten)")


def test_the_json_object_is_the_contracts(make: Make) -> None:
    found = json.loads(render(make(*PAIR), "json"))
    assert list(found) == [
        "schema",
        "comparison",
        "scenario",
        "seeds",
        "contenders",
        "pairs",
        "warnings",
    ]
    base, other = found["contenders"]
    assert list(base) == [
        "contender",
        "verdict",
        "verdicts",
        "shares",
        "ended",
        "metrics",
        "incident",
    ]
    assert (base["verdict"], base["verdicts"]) == ("deadlock", {"deadlock": 12})
    assert set(base["metrics"]["writer_throughput"]) == {
        "unit", "mean", "median", "ci95", "n", "sd", "better",
    }  # fmt: skip
    assert base["incident"]["tasks"][0]["stack"][0] == "wait_on_page_bit"
    assert base["incident"]["seed"] == 1
    assert other["incident"] is None
    assert [set(pair) for pair in found["pairs"]] == [
        {"metric", "a", "b", "ratio", "ci95", "p", "effect", "judgement"}
    ] * 5
    assert {pair["judgement"] for pair in found["pairs"]} == {"worse", "cannot tell"}


def test_the_json_object_is_as_its_schema_says(make: Make, with_a_failure: Comparison) -> None:
    validator = jsonschema.Draft202012Validator(comparison_schema())
    validator.check_schema(comparison_schema())
    for comparison in (make(*PAIR), make(*PAIR, runs=0), make("a", runs=1), with_a_failure):
        validator.validate(json.loads(render(comparison, "json")))


def test_the_schema_refuses_what_is_not_the_object(make: Make) -> None:
    found = json.loads(render(make(*PAIR), "json"))
    validator = jsonschema.Draft202012Validator(comparison_schema())
    assert validator.is_valid(found)
    assert not validator.is_valid(found | {"schema": 2})
    found["pairs"][0]["judgement"] = "perhaps"
    assert not validator.is_valid(found)


def test_failed_runs_stand_in_the_json_object(with_a_failure: Comparison) -> None:
    (contender,) = json.loads(render(with_a_failure, "json"))["contenders"]
    assert contender["failed"] == [{"seed": 2, "failure": "policy", "error": "policy x raised"}]


def test_the_csv_has_a_row_for_each_contender_and_metric(make: Make) -> None:
    rows = list(csv.DictReader(io.StringIO(render(make(*PAIR), "csv"))))
    assert len(rows) == 10
    assert rows[0]["judgement"] == ""
    throughput = next(row for row in rows[5:] if row["metric"] == "writer_throughput")
    assert (throughput["contender"], throughput["judgement"]) == (PAIR[1], "worse")
    assert float(throughput["ratio_to_baseline"]) == pytest.approx(0.9)


def test_markdown_tables_have_as_many_cells_in_every_row(make: Make) -> None:
    report = render(make("a|b", "*c*"), "markdown")
    tables = [line for line in report.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in tables} == {4, 6}
    assert "a\\|b" in report


def test_an_unknown_format_names_those_there_are() -> None:
    with pytest.raises(ReclaimlabError, match="unknown format 'htm'; did you mean 'html'"):
        render(None, "htm")  # type: ignore[arg-type] # never looked at


@pytest.mark.parametrize("name", FORMATS)
def test_a_comparison_without_any_run_can_be_reported(make: Make, name: str) -> None:
    assert render(make(*PAIR, runs=0), name)


def test_the_matrix_has_a_row_a_contender_and_a_column_a_scenario(
    make: Make, with_a_failure: Comparison
) -> None:
    assert verdict_matrix([make(*PAIR)]) == (
        "| contender | tiny |\n"
        "| --- | --- |\n"
        "| linux-3.10 | **deadlock** |\n"
        "| linux-3.10+km-noio(sites=unwritten) | ok |\n"
    )
    assert "| linux-3.10 | ok, 1 failed |" in verdict_matrix([with_a_failure])


def test_the_pdf_has_the_same_bytes_twice_and_every_hostile_name_is_inert(make: Make) -> None:
    hostile = make("linux-3.10", "<b>javascript:\u202e\n\x1b[31m(x) Tj")
    first = report_file(hostile, "pdf")
    assert first == report_file(hostile, "pdf")
    assert first.startswith(b"%PDF-")
    assert b"/JavaScript" not in first


NOTED = Evidence(tags=("july",), notes=("seed 2 at 3.7 s: the cycle closes", "| \u202e <b>"))


@pytest.mark.parametrize("name", ["text", "markdown", "html", "json"])
def test_what_people_wrote_of_a_comparison_stands_in_its_report(make: Make, name: str) -> None:
    told = render(make(*PAIR), name, NOTED)
    assert "july" in told
    assert "seed 2 at 3.7 s: the cycle closes" in told
    assert "\u202e" not in told


def test_notes_and_tags_are_of_the_json_schema(make: Make) -> None:
    found = json.loads(render(make(*PAIR), "json", NOTED))
    assert (found["tags"], found["notes"]) == (list(NOTED.tags), list(NOTED.notes))
    jsonschema.Draft202012Validator(comparison_schema()).validate(found)


def test_notes_make_a_pdf_longer(make: Make) -> None:
    bare = report_file(make(*PAIR), "pdf")
    assert len(report_file(make(*PAIR), "pdf", NOTED)) > len(bare)


def test_a_pdf_of_fourteen_contenders_runs_over_pages(make: Make) -> None:
    assert (
        report_file(make(*(f"linux-3.10+fix{n}" for n in range(14))), "pdf").count(b"/Page\n") > 2
    )


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\uff1d1"])
def test_no_cell_of_the_csv_is_a_formula(make: Make, formula: str) -> None:
    rows = list(csv.DictReader(io.StringIO(render(make("linux-3.10", formula), "csv"))))
    assert all(row["contender"].startswith(("linux", "'")) for row in rows)


def test_no_name_in_an_incident_ends_its_block_in_markdown(make: Make) -> None:
    task = TaskReport("``` <b>", "D", 1.0, "````", ("a", "```"))
    incident = Incident(Verdict.STALL, 1, (task,), ("```",), {"free": 1}, note="``` # title")
    lines = render(make("linux-3.10", incident=incident), "markdown").splitlines()
    assert lines.count("`````") == 2
    assert not [line for line in lines if line.startswith("#")][1:]
