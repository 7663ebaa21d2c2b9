"""The author's own tests, with the fixtures that come with reclaimlab."""

from types import SimpleNamespace
from typing import Any

from second_look import DirtySwing, SecondLook


def test_a_tiny_run_swings_by_some_pages(run_tiny: Any) -> None:
    swing = DirtySwing().measure(run_tiny())
    assert swing is not None
    assert swing > 0


def test_a_run_without_samples_has_no_swing() -> None:
    assert DirtySwing().measure(SimpleNamespace(series=())) is None


def test_the_steadiest_contender_is_named() -> None:
    contenders = [
        SimpleNamespace(
            contender=name, verdict="ok", metrics={"dirty_swing": SimpleNamespace(mean=swing)}
        )
        for name, swing in (("linux-3.10", 400.0), ("linux-4.2", 20.0))
    ]
    said, table = SecondLook().render(SimpleNamespace(contenders=contenders))
    assert said == "The steadiest is linux-4.2."
    assert table.rows[1] == ("linux-4.2", "ok", "20")
