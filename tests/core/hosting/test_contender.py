"""The grammar of contenders: read, written, and refused with the place of the fault."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.errors import ContenderError
from reclaimlab.hosting.catalog import Catalog
from reclaimlab.hosting.contender import Contender, PolicyChoice, parse_contender
from reclaimlab.policy import MSEC, Policy
from reclaimlab.policy.policy import parameter_fields

CATALOG = Catalog.discover()


def of_kind(kind: str) -> list[type[Policy]]:
    return [each for each in CATALOG.policies.values() if each.info.kind == kind]


def values(spec: Any) -> st.SearchStrategy[Any]:
    if choices := spec.metadata["choices"]:
        return st.sampled_from(choices)
    if isinstance(spec.default, bool):
        return st.booleans()
    return st.integers(spec.metadata["low"], spec.metadata["high"])


@st.composite
def choices(draw: st.DrawFn, policy: type[Policy]) -> PolicyChoice:
    given_values = {spec.name: draw(values(spec)) for spec in parameter_fields(policy)}
    return PolicyChoice(policy.info.name, policy.Parameters(**given_values), policy.info.version)


@st.composite
def contenders(draw: st.DrawFn) -> Contender:
    kernel = draw(choices(draw(st.sampled_from(of_kind("kernel")))))
    fixes = draw(st.lists(st.sampled_from(of_kind("fix")), unique=True, max_size=4))
    return Contender(kernel, tuple(draw(choices(fix)) for fix in fixes))


@given(contenders())
def test_a_contender_is_read_back_as_it_was_written(contender: Contender) -> None:
    again = parse_contender(str(contender), CATALOG)
    assert again == contender
    assert str(again) == str(contender)


@given(contenders())
def test_a_contender_crosses_to_another_process_unchanged(contender: Contender) -> None:
    assert pickle.loads(pickle.dumps(contender)) == contender


@given(st.text(alphabet="linux-3.10+congestion_wait(timeout=100ms,skip) \n", max_size=60))
def test_any_text_is_a_contender_or_a_contender_error(text: str) -> None:
    try:
        contender = parse_contender(text, CATALOG)
    except ContenderError:
        return
    assert parse_contender(str(contender), CATALOG) == contender


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("linux-3.10", "linux-3.10"),
        (" linux-3.10 + may-enter-fs ", "linux-3.10+may-enter-fs"),
        ("linux-3.10(test=io)", "linux-3.10"),
        ("linux-3.10(mark=dirty,test=fs)", "linux-3.10(test=fs,mark=dirty)"),
        ("linux-3.10+may-enter-fs()", "linux-3.10+may-enter-fs"),
        (
            "linux-3.10+congestion-wait( skip = kthread , timeout = 0.5s )",
            "linux-3.10+congestion-wait(timeout=500ms,skip=kthread)",
        ),
    ],
)
def test_the_canonical_text_has_only_what_differs_from_the_default(
    text: str, canonical: str
) -> None:
    assert str(parse_contender(text, CATALOG)) == canonical


def test_parameters_arrive_typed() -> None:
    contender = parse_contender("linux-3.10+congestion-wait(timeout=1s)", CATALOG)
    assert contender.fixes[0].parameters.timeout == 1000 * MSEC
    assert contender.versions() == {"linux-3.10": "1", "congestion-wait": "1"}


FAULTS = [
    ("", 0, "the name of a kernel is missing"),
    ("linux-3.10+", 11, "the name of a fix is missing"),
    ("linux-3.10 may-enter-fs", 11, "'m' stands where '+' or the end is expected"),
    ("linux-3.10+may-enter-fs)", 23, "')' stands where '+' or the end is expected"),
    ("linux-3.10(test=fs", 18, "')' or ',' is missing"),
    ("linux-3.10(test)", 15, "'=' and a value are missing after 'test'"),
    ("linux-3.10(test=)", 16, "a value for 'test' is missing"),
    ("linux-3.10(test=fs,)", 19, "a parameter is missing"),
    ("linux-3.10(test=fs,test=io)", 19, "test is given twice"),
    ("linuks-3.10", 0, "did you mean 'linux-3.10'? installed policies: "),
    ("linux-3.10+may-entr-fs", 11, "did you mean 'may-enter-fs'? installed policies: "),
    ("linux-3.10+linux-3.5", 11, "linux-3.5 is a kernel and stands first"),
    ("linux-3.10+linux-3.5", 11, "after '+' stand fixes: congestion-wait, "),
    ("may-enter-fs", 0, "may-enter-fs is a fix and needs a kernel, as in KERNEL+may-enter-fs"),
    ("may-enter-fs", 0, "kernels: linux-3.10, linux-3.11, linux-3.5, "),
    ("linux-3.10+may-enter-fs+may-enter-fs", 24, "may-enter-fs is named twice"),
    (
        "linux-3.10+congestion-wait(tmeout=1s)",
        27,
        "congestion-wait has no parameter 'tmeout'; did you mean 'timeout'? its parameters: ",
    ),
    (
        "linux-3.10+congestion-wait(skip=kthred)",
        32,
        "skip is 'kthred'; did you mean 'kthread'? it is one of: kthread, nofs, none",
    ),
    (
        "linux-3.10+congestion-wait(timeout=1h)",
        35,
        "timeout is 1h, over its greatest value 10s",
    ),
    ("linux-3.10+may-enter-fs(x=1)", 24, "its parameters: none"),
]


@pytest.mark.parametrize(("text", "place", "problem"), FAULTS)
def test_a_fault_shows_its_place_and_the_way_out(text: str, place: int, problem: str) -> None:
    with pytest.raises(ContenderError) as caught:
        parse_contender(text, CATALOG)
    message = str(caught.value)
    assert message.startswith(f"contender {text!r}: ")
    assert problem in message
    assert message.endswith(f"\n  {text}\n  {' ' * place}^")
