"""The page of a sweep: what it says, that it does nothing by itself, that a browser shows it."""

import base64
import re
from html.parser import HTMLParser
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from command import lenet
from fake_runs import fake_run

from lenet.formats.layout import LOG
from lenet.runs.run import Run
from lenet.sweeps.report.charts import Axis, Dot, axis, scatter
from lenet.sweeps.report.page import PAGE, page, write_page
from lenet.sweeps.report.tables import write_tables
from lenet.sweeps.summary import summarise

HOSTILE = "<script>alert(1)</script>\"'&"


def study(root: Path, seeds: int = 3) -> list[Run]:
    """Learning rates by pooling and activation, of which one run has failed."""
    runs = [
        fake_run(
            root / f"{rate}-{pooling}-{activation}-{seed}",
            f"optimizer.lr={rate}",
            f"pooling={pooling}",
            f"activation={activation}",
            seed=seed,
            accuracies=(0.8, 0.9 + seed / 1000 + rate + (pooling == "max") / 100),
        )
        for rate in (0.001, 0.01)
        for pooling in ("max", "avg")
        for activation in ("tanh", "relu")
        for seed in range(seeds)
    ]
    bad = fake_run(root / "bad", seed=9, status="failed", error=HOSTILE, overrides=["seed=9"])
    (bad.path / LOG).write_text(f"Traceback\n  {HOSTILE}\n")
    return [*runs, bad]


class Tags(HTMLParser):
    """All tags of a page with what they have, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_it_says_what_is_best_and_how_it_was_chosen(tmp_path: Path) -> None:
    text = Tags(page(summarise(study(tmp_path)), "lenet -m x")).text
    assert "The best of 8 settings is pooling=max" in text
    assert "ranked on the test images" in text
    assert "lenet -m x" in text
    assert "Again: lenet seed=9" in text
    validated = [
        fake_run(tmp_path / "v" / str(seed), seed=seed, validation=True) for seed in range(2)
    ]
    assert "of the validation images, over 2 seeds" in page(summarise(validated), "")


def test_every_part_is_there_for_what_it_is_about(tmp_path: Path) -> None:
    text = page(summarise(study(tmp_path)), "")
    for title in ("What is best", "Training", "Pairs", "By what was swept", "Cost", "not finish"):
        assert f"{title}</h2>" in text
    for seed in range(3):
        assert f"seed {seed}: " in text  # on hover, over each dot
    alone = page(summarise([fake_run(tmp_path / "one", accuracies=(0.9,))]), "")
    for title in ("Training", "Pairs", "By what was swept", "Cost", "not finish"):
        assert f"{title}</h2>" not in alone


def test_it_loads_nothing_and_runs_nothing_whatever_stands_in_the_runs(tmp_path: Path) -> None:
    text = page(summarise(study(tmp_path)), HOSTILE)
    found = Tags(text)
    names = {name for name, _ in found.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    for _, values in found.tags:
        assert not any(name.startswith("on") for name in values)
        assert all(re.match("data:", values.get(name) or "data:") for name in ("href", "src"))
    assert "default-src 'none'" in text
    assert HOSTILE in found.text
    assert "url(" not in text
    assert "@import" not in text


def test_tables_are_in_it_byte_for_byte(tmp_path: Path) -> None:
    summary = summarise(study(tmp_path / "runs"))
    tables = write_tables(summary, tmp_path)
    text = write_page(summary, tmp_path, tables).read_text()
    packed = dict(re.findall(r'download="([\w.]+)" href="data:text/csv;base64,([^"]*)"', text))
    assert {name: base64.b64decode(content) for name, content in packed.items()} == {
        path.name: path.read_bytes() for path in tables
    }


def test_without_a_finished_run_it_says_what_failed(tmp_path: Path) -> None:
    run = fake_run(tmp_path / "a", status="failed", error="no disk")
    text = page(summarise([run, Run(tmp_path / "not begun")]), "")
    assert "no disk" in text
    assert "What is best" not in text


@pytest.mark.slow
def test_two_hundred_runs_are_half_a_megabyte_at_most(tmp_path: Path) -> None:
    runs = [
        fake_run(
            tmp_path / f"{k}-{seed}",
            f"optimizer.lr={0.001 * (k + 1)}",
            seed=seed,
            accuracies=tuple(0.9 + 0.001 * epoch + seed / 1e4 for epoch in range(60)),
        )
        for k in range(20)
        for seed in range(10)
    ]
    summary = summarise(runs)
    tables = write_tables(summary, tmp_path)
    assert write_page(summary, tmp_path, tables).stat().st_size < 500_000


@pytest.mark.slow
def test_a_sweep_leaves_it_unless_it_is_told_not_to(tmp_path: Path) -> None:
    small = ["-m", "dataset.train_size=100", "dataset.test_size=50", "epochs=1", "seed=0,1"]
    assert lenet(*small, "report=false", cwd=tmp_path).returncode == 0
    assert not list(tmp_path.rglob(PAGE))
    again = lenet(*small, cwd=tmp_path)
    (found,) = tmp_path.rglob(PAGE)
    assert f"wrote {found.relative_to(tmp_path)}" in again.stdout
    assert "lenet -m dataset.train_size=100" in found.read_text()


@pytest.mark.parametrize(
    ("values", "swept", "logarithmic"),
    [([1, 2, 3], True, False), ([0.001, 0.1], True, True), ([0.001, 0.1], False, False)],
)
def test_axes_have_room_for_all_values(values: list[float], swept: bool, logarithmic: bool) -> None:
    found = axis(values, 10, 110, swept=swept)
    assert found.logarithmic == logarithmic
    assert all(10 <= found.at(value) <= 110 for value in [*values, *found.ticks])
    assert 1 <= len(found.ticks) <= 7


def test_an_axis_of_one_value_has_a_place_for_it() -> None:
    assert 0 < axis([5.0, 5.0], 0, 100).at(5.0) < 100
    assert 0 < axis([0.0], 0, 100).at(0.0) < 100
    assert Axis(3, 3, 0, 100).at(3) == 50


def test_names_in_a_chart_are_text() -> None:
    drawn = scatter([Dot(1, 2, HOSTILE), Dot(2, 3, "b")], HOSTILE, HOSTILE)
    assert "script" not in {name for name, _ in Tags(drawn).tags}


@pytest.mark.thorough
@pytest.mark.skipif(which("chromium") is None, reason="there is no Chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_it_without_scripts_or_complaints(tmp_path: Path, scheme: Any) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    summary = summarise(study(tmp_path / "runs"))
    path = write_page(summary, tmp_path, write_tables(summary, tmp_path))
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(color_scheme=scheme, java_script_enabled=False)
        shown, said = context.new_page(), []
        shown.on("console", lambda message: said.append(message.text))
        shown.on("requestfailed", lambda request: said.append(request.url))
        shown.goto(path.as_uri())
        assert shown.locator("svg").count() > 10
        assert shown.locator("h2").all_inner_texts()[0] == "What is best"
        dot = shown.locator("svg .dot").first
        assert dot.bounding_box()["width"] > 2
        browser.close()
    assert said == []
