"""The page of an inspection needs no network; in a real browser its boxes open, and its search finds."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

import scriptkit
from scriptkit.inspecting import layout
from scriptkit.inspecting.flow import Flow
from tests.inspecting.models import Net

if TYPE_CHECKING:
    from collections.abc import Iterator

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("igraph", reason="the picture needs igraph")
    path = tmp_path_factory.mktemp("pages") / "net.html"
    scriptkit.inspect(Net().eval(), (torch.rand(3, 4),)).to_html(path)
    return path


def told(path: Path) -> Any:
    """What the page was given to show."""
    text = path.read_text(encoding="utf-8")
    return json.loads(re.findall(r'id="data">(.*?)</script>', text, re.DOTALL)[0].replace("<\\/", "</"))


def test_the_page_holds_everything_and_loads_nothing(page_file: Path) -> None:
    text = page_file.read_text(encoding="utf-8")
    assert not re.findall(r"(?:src|href)=|@import|url\(|fetch\(|https?://(?!www\.w3\.org)", text)
    data = told(page_file)
    assert [row["path"] for row in data["rows"]][:2] == ["", "layers"]
    assert data["missing"] == ""
    method = data["kinds"][data["rows"][0]["kind"]]["forward"]
    labels = [node[1] for node in method["flow"]["nodes"]]
    assert labels[:2] == ["x", "times"]
    assert "layers.0" in labels
    assert any(label.startswith("for ") for label in labels)
    assert any(label.startswith("if ") for label in labels)
    assert "torch.cat" in labels  # a method of the same module is no box: what it does is
    assert labels[-1] == "result"
    assert any("unrolled" in row[3] for row in method["beside"]["rows"])


def test_text_in_a_model_cannot_end_the_script(tmp_path: Path) -> None:
    class Named(scriptkit.ScriptableModule):
        def forward(self, x: torch.Tensor) -> str:
            return "</script><!-- <b>"

    scriptkit.inspect(Named()).to_html(tmp_path / "named.html")
    text = (tmp_path / "named.html").read_text(encoding="utf-8")
    assert text.count("</script>") == 2
    assert "</script><!--" not in text


def test_without_a_library_for_layouts_the_page_says_so_and_has_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    scriptkit.inspect(Net().eval()).to_html(tmp_path / "net.html")
    data = told(tmp_path / "net.html")
    assert "pip install scriptkit[inspect]" in data["missing"]
    method = data["kinds"][data["rows"][0]["kind"]]["forward"]
    assert method["flow"] is None
    assert method["beside"]["rows"]


def test_an_old_page_stays_where_a_new_one_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        scriptkit.inspect(Net().eval()).to_html(tmp_path / "missing" / "net.html")


def test_layers_follow_the_arrows() -> None:
    pytest.importorskip("igraph", reason="the picture needs igraph")
    flow = Flow()
    assert layout.positions(flow) == []
    first, second, third = (flow.node("operator", name) for name in "abc")
    flow.edge(first, second, "x")
    flow.edge(second, third, "y")
    flow.edge(second, second, "nothing goes into itself")
    flow.edge(first, second, "x")
    assert flow.edges == [(0, 1, "x"), (1, 2, "y")]
    depths = [y for _, y in layout.positions(flow)]
    assert depths == sorted(depths)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="a browser is driven by playwright")
    if BROWSER is None:
        pytest.skip("there is no Chromium here")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_in_a_browser_boxes_open_and_the_search_finds(
    page_file: Path, browser: Any, width: int, scheme: str, tmp_path: Path
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: errors.append(request.url) if request.url.startswith("http") else None)
    page.goto(page_file.as_uri())
    assert page.title() == "Net"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 23)"
    assert dark == (scheme == "dark")
    box = page.locator("[data-opens='layers.0']")
    box.click()
    assert box.get_attribute("aria-expanded") == "true"
    assert page.locator("section section [data-opens='layers.0.fc']").count() == 1
    box.press("Enter")
    assert page.locator("section section").count() == 0
    assert "float32[3, 4]" in (page.locator("svg").first.text_content() or "")
    modules = page.locator("nav button").count()
    page.fill("#search", "tanh")
    assert 0 < page.locator("nav button").count() < modules
    page.locator("nav button", has_text="0: Layer").click()
    assert page.locator("tr.found").count() == 1
    assert page.locator("tr.gone", has_text="y = x").count() == 1
    page.select_option("#colour", "time")
    assert "hsl(" in (page.locator("nav button").first.get_attribute("style") or "")
    picture = page.screenshot(path=str(tmp_path / "page.png"))
    assert len(picture) > 10_000
    assert errors == []
    page.close()


def test_a_method_too_large_for_a_picture_is_told_as_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("scriptkit.inspecting.page._MOST_BOXES", 2)
    scriptkit.inspect(scriptkit.compile(nn.Linear(2, 2), (torch.rand(1, 2),))).to_html(tmp_path / "net.html")
    data = told(tmp_path / "net.html")
    assert data["kinds"][data["rows"][0]["kind"]]["forward"]["flow"] is None
