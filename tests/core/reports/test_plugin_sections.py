"""Report sections of plugins: in every format that people read, inert, and contained."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import jsonschema
import pytest

from reclaimlab.errors import ExtensionError
from reclaimlab.hosting.extensions import forget
from reclaimlab.policy.extensions import Table, Verbatim
from reclaimlab.reports.evidence import Evidence
from reclaimlab.reports.formats import render, report_file
from reclaimlab.reports.json_object import comparison_schema
from reclaimlab.runs import sections
from reclaimlab.runs.sections import Section, read_sections, render_with
from reclaimlab.store.records import PluginMetric

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from reclaimlab.runs.comparison import Comparison

    Make = Callable[..., Comparison]

HEADER = '# /// reclaimlab\n# name = "{name}"\n# kind = "report"\n# class = "Section"\n# ///\n'
SECTION = '''
{imports}
from reclaimlab.extending import Table, Verbatim

class Section:
    """Of a test."""
    name = "{name}"
    title = "What {name} says"

    def render(self, comparison):
        {body}
'''
SOUND = 'return [each.contender + " is " + each.verdict for each in comparison.contenders]'
HOSTILE = '<b onclick="x">=1+1 javascript:alert(1)\n# title\u202e\x1b[31m| ``` </script>'
BLOCKS = (HOSTILE, Table(("name", HOSTILE), ((HOSTILE, "2"),)), Verbatim(f"{HOSTILE}\nnext"))


def test_each_format_shows_the_sections_of_plugins(make: Make) -> None:
    blocks = ("All is well.", Table(("who", "swing (pages)"), (("linux-3.10", "12"),)))
    evidence = Evidence(sections=(Section("x", "A second look", "x 1", blocks),))
    for name in ("text", "markdown", "html"):
        report = render(make("linux-3.10"), name, evidence)
        for words in ("A second look", "All is well.", "swing (pages)", "12"):
            assert words in report, (name, words)
    (section,) = json.loads(render(make("linux-3.10"), "json", evidence))["sections"]
    assert section["blocks"] == [
        {"paragraph": "All is well."},
        {"table": {"header": ["who", "swing (pages)"], "rows": [["linux-3.10", "12"]]}},
    ]
    plain = report_file(make("linux-3.10"), "pdf")
    assert len(report_file(make("linux-3.10"), "pdf", evidence)) > len(plain)


def test_no_text_of_a_section_acts_in_any_format(make: Make) -> None:
    evidence = Evidence(sections=(Section("x", HOSTILE, "x 1", BLOCKS, HOSTILE),))
    comparison = make("linux-3.10")
    text = render(comparison, "text", evidence)
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 72
    assert "\x1b" not in text
    markdown = render(comparison, "markdown", evidence)
    assert "\u202e" not in markdown
    assert "\n# title" not in markdown
    fenced = [line for line in markdown.splitlines() if line.startswith("```")]
    assert len(fenced) == 2  # of the incident
    html = render(comparison, "html", evidence)
    assert "<b onclick" not in html
    assert html.count("</script>") == 1
    assert "\u202e" not in html
    assert b"/JavaScript" not in report_file(comparison, "pdf", evidence)


@pytest.mark.parametrize("name", ["text", "markdown", "html", "json", "pdf"])
def test_the_widest_table_and_the_longest_word_fit_into_every_format(make: Make, name: str) -> None:
    widest = Table(("w" * 30,) * sections.MOST_COLUMNS, (("x" * 500,) * sections.MOST_COLUMNS,))
    evidence = Evidence(sections=(Section("x", "y" * 300, "x 1", (widest, "z" * 500)),))
    report = report_file(make("linux-3.10"), name, evidence)
    if name == "text":
        assert max(map(len, report.decode().splitlines())) <= 72


@pytest.mark.parametrize("name", ["text", "markdown", "html", "json", "csv"])
def test_the_same_sections_give_the_same_bytes_twice(make: Make, name: str) -> None:
    evidence = Evidence(sections=(Section("x", "A second look", "x 1", BLOCKS),))
    first, second = (render(make("linux-3.10"), name, evidence) for _ in range(2))
    assert first == second


def test_the_json_object_with_sections_is_as_its_schema_says(make: Make) -> None:
    evidence = Evidence(sections=(Section("x", "A second look", "x 1", BLOCKS, "no"),))
    found = json.loads(render(make("linux-3.10"), "json", evidence))
    jsonschema.Draft202012Validator(comparison_schema()).validate(found)
    found["sections"][0]["blocks"] = ["text"]
    assert not jsonschema.Draft202012Validator(comparison_schema()).is_valid(found)


@pytest.mark.parametrize(
    ("title", "said", "rule"),
    [
        ("", [], "title is ''; the rule is some words"),
        ("x", [3], "render() gave 3; the rule is a str, a Table or a Verbatim"),
        ("x", [Table(("a",), (("1", "2"),))], "a row of its table has 2 cells, and the header 1"),
        ("x", [Table((), ())], "its table has 0 columns; the rule is 1 to 12"),
        ("x", [Table(("a",) * 13, ())], "its table has 13 columns; the rule is 1 to 12"),
        ("x", None, "render() raised TypeError"),
        ("x", ["y" * sections.MOST_LETTERS], "the rule is 262144 at most"),
    ],
)
def test_a_section_that_breaks_a_rule_is_refused_in_its_words(
    title: str, said: Any, rule: str
) -> None:
    class Faulty:
        name = "faulty"

        def render(self, _comparison: Any) -> Any:
            return said

    Faulty.title = title  # type: ignore[attr-defined]  # as a plugin has it
    with pytest.raises(ExtensionError) as caught:
        render_with(Faulty(), None)
    assert rule in str(caught.value)


FAULTY = {
    "raises": ("raise ValueError('no')", "", "report raises: render() raised ValueError: no"),
    "leaves": ("os._exit(5)", "import os", "plugin leaves (in render, leaves.py:"),
    "loops": ("while True: pass", "", "took over 2 s"),
    "clock": ("return [str(time.time())]", "import time", "render calls time.time()"),
}


@pytest.mark.slow
def test_faulty_sections_are_named_and_the_others_are_shown(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECLAIMLAB_PLUGINS_DIR", str(tmp_path))
    monkeypatch.setenv("RECLAIMLAB_LIMITS", "stuck=2s")
    for name, (body, imports, _) in {**FAULTY, "sound": (SOUND, "", "")}.items():
        text = SECTION.format(name=name, body=body, imports=imports)
        (tmp_path / f"{name}.py").write_text(HEADER.format(name=name) + text)
    forget()
    found = {each.name: each for each in read_sections(make("linux-3.10", "linux-6.1"))}
    assert found.pop("sound").blocks == ("linux-3.10 is deadlock", "linux-6.1 is ok")
    assert {
        name: said in found[name].error for name, (_, _, said) in FAULTY.items()
    } == dict.fromkeys(found, True)
    evidence = Evidence(sections=tuple(found.values()))
    assert "Plugins at fault" in render(make("linux-3.10"), "text", evidence)


@pytest.mark.parametrize("bad", [HOSTILE, "=1+1", "-1", "x" * 200])
def test_no_name_or_unit_of_a_plugins_metric_acts_in_any_format(make: Make, bad: str) -> None:
    comparison = make("linux-3.10", "linux-6.1", metric=PluginMetric(bad, bad, origin=bad, value=3))
    text = render(comparison, "text")
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 72
    assert "\x1b" not in text
    markdown = render(comparison, "markdown")
    assert "\u202e" not in markdown
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    assert {row.replace("\\|", "").count("|") for row in rows} == {4, 6}
    html = render(comparison, "html")
    assert "<b onclick" not in html
    assert "\u202e" not in html
    assert html.count("</script>") == 1
    rows_read = list(csv.DictReader(io.StringIO(render(comparison, "csv"))))
    for row in rows_read:
        assert not row["metric"].startswith(("=", "-"))
        assert not row["unit"].startswith(("=", "-"))
    assert b"/JavaScript" not in report_file(comparison, "pdf")
