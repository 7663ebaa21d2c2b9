"""The HTML report: self-contained, accessible, and inert whatever the names are."""

from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from reclaimlab.measure.records import Series
from reclaimlab.reports.evidence import Evidence
from reclaimlab.reports.formats import FORMATS, render
from reclaimlab.reports.html.plot import thinned
from reclaimlab.runs.comparison import Comparison

Make = Callable[..., Comparison]
HOSTILE = (
    "<script>alert(1)</script>",
    '" onload="alert(2)',
    "javascript:alert(3)",
    "=HYPERLINK(\"http://evil\",\"x\")",
    "two\nlines\u2028three",
    "right\u202eto\u2066left\u200f",
    "</style><img src=//evil>",
)  # fmt: skip
VOID = {"meta", "br", "rect", "line", "path", "polyline", "polygon"}


class Page(HTMLParser):
    """Elements with their attributes, and whether every one is closed in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def named(self, name: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.elements if tag == name]


def a_series(name: str = "dirty") -> Series:
    return Series(name, "pages", (0, 10**9, 2 * 10**9), (0, 500, 300))


@pytest.fixture
def page(make: Make) -> Page:
    comparison = make("linux-3.10", *HOSTILE, title=" ".join(HOSTILE))
    evidence = Evidence(
        scenario_text='[scenario]\nname = "<b>"\n',
        series={name: (a_series(HOSTILE[0]),) for name in comparison.head.contenders},
        tags=HOSTILE,
        notes=HOSTILE,
    )
    return Page(render(comparison, "html", evidence))


def test_nothing_of_a_hostile_name_becomes_an_element_or_an_attribute(page: Page) -> None:
    assert not page.open
    assert len(page.named("script")) == len(page.named("style")) == 1
    assert not page.named("img")
    assert not [a for _, attributes in page.elements for a in attributes if a.startswith("on")]


def test_the_page_asks_no_network_for_anything(page: Page) -> None:
    links = [a[n] for _, a in page.elements for n in ("href", "src", "action", "data") if n in a]
    assert links
    assert all(link.startswith("#") for link in links)
    (policy,) = [a["content"] for a in page.named("meta") if "http-equiv" in a]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not any(
        "url(" in text or "@import" in text for tag, text in page.texts if tag == "style"
    )
    assert not [a for _, a in page.elements if "style" in a]


def test_the_page_is_told_to_screen_readers(page: Page) -> None:
    assert page.named("html") == [{"lang": "en"}]
    assert next(text for tag, text in page.texts if tag == "title").startswith("tiny: ")
    tables = page.named("table")
    assert tables
    assert len(page.named("caption")) == len(tables)
    assert {a.get("scope") for a in page.named("th")} == {"col", "row"}
    plots = [a for a in page.named("svg") if "aria-hidden" not in a]
    assert plots
    assert all(a["role"] == "img" for a in plots)
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for a in page.named("a")} <= set(ids)


def test_every_table_and_plot_names_its_units(page: Page) -> None:
    captions = [text for tag, text in page.texts if tag == "caption"]
    assert "writer_throughput (MB/s, higher is better)" in captions
    assert any("(pages)" in text for tag, text in page.texts if tag == "figcaption")
    assert ("text", "simulated time (s)") in page.texts


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize("bad", HOSTILE)
def test_no_mark_or_line_of_a_name_survives_in_any_format(make: Make, name: str, bad: str) -> None:
    report = render(make("linux-3.10", bad, title=bad), name)
    assert not set(report) & set("\u2028\u202e\u2066\u200f")
    assert not any(line.startswith("lines") for line in report.splitlines())


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_the_same_comparison_gives_the_same_bytes(make: Make, name: str) -> None:
    assert render(make("a", "b"), name) == render(make("a", "b"), name)


def test_fourteen_contenders_fit_into_three_megabytes(make: Make) -> None:
    comparison = make(*(f"linux-{number}" for number in range(14)))
    times = tuple(range(0, 10**10, 10**7))
    lines = tuple(
        Series(f"s{n}", "pages", times, tuple(t // 10**5 % (997 + n) for t in times))
        for n in range(17)
    )
    series = dict.fromkeys(comparison.head.contenders, lines)
    assert len(render(comparison, "html", Evidence(series=series))) <= 3_000_000


def test_a_thinned_line_keeps_its_ends_its_greatest_and_its_least() -> None:
    values = [0] * 5000
    values[1234], values[4321] = 99, -7
    points = thinned(range(5000), values)
    assert len(points) < 400
    assert {(1234, 99), (4321, -7)} <= set(points)
    assert (points[0][0], points[-1][0]) == (0, 4999)
    assert points == sorted(points, key=lambda point: point[0])


def test_a_changed_setting_stands_beside_the_usual_one() -> None:
    from reclaimlab.scenarios.reader import load_scenario, scenario_toml

    text = scenario_toml(load_scenario("xfs-softlimit-hang", ("memcg.one.limit=200MiB",)))
    changed = [each for each in Evidence(text).settings("xfs-softlimit-hang") if each.usual]
    assert [(each.path, each.value, each.usual) for each in changed] == [
        ("memcg.one.limit", "200MiB", "300MiB")
    ]
