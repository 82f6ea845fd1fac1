"""Templates are filled in completely, or not at all."""

from __future__ import annotations

import pytest

from components.nginx import render


@pytest.fixture
def template(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "head @@one;\n    @@many\ntail\n"
    monkeypatch.setattr(render, "_template", lambda _: text)


@pytest.mark.usefixtures("template")
def test_a_placeholder_that_fills_its_line_takes_several_or_none() -> None:
    assert render.fill("any", {"one": 1, "many": "a\nb"}) == "head 1;\n    a\n    b\ntail\n"
    assert render.fill("any", {"one": 1, "many": ""}) == "head 1;\ntail\n"


@pytest.mark.usefixtures("template")
def test_a_placeholder_without_a_value_is_an_error_and_so_is_a_value_that_nobody_asks_for() -> None:
    with pytest.raises(KeyError, match="many"):
        render.fill("any", {"one": 1})
    with pytest.raises(ValueError, match="asks for none of: three"):
        render.fill("any", {"one": 1, "many": "", "three": 3})


def test_no_template_holds_a_name_of_ours_or_of_a_platform() -> None:
    for file in render.TEMPLATES.iterdir():
        assert "blocksight" not in file.read_text(encoding="utf-8").lower()
