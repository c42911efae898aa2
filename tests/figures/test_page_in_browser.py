"""The page of a network in a browser: its numbers are lenet's, a drawing is what predict sees.

The browser is Chromium, driven by Playwright: the system's, else the one that Playwright has.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from shutil import copyfile, which
from typing import Any

import numpy as np
import pytest
from configurations import CHOICES
from fake_runs import fake_run
from numpy.typing import NDArray
from PIL import Image

from lenet.data.skeletons import SEGMENTS, ways_of
from lenet.data.strokes import draw as strokes_draw
from lenet.figures.page.content import shown
from lenet.figures.page.page import page
from lenet.formats.layout import WEIGHTS, epoch_file
from lenet.formats.weights import write_weights
from lenet.inspection.classifier import Classifier
from lenet.nn.features import features
from lenet.nn.input import network_input
from lenet.nn.layers import Array
from lenet.runs.run import Run

playwright = pytest.importorskip("playwright.sync_api", reason="lenet[page] is not installed")
pytestmark = [pytest.mark.page, pytest.mark.thorough]

ROOT = Path(__file__).parents[2]
READER = ROOT / "results" / "reader"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
IMAGES = 100
LAYERS = ("C1", "S2", "C3", "S4", "C5", "F6", "output")
SIDE = 280  # pixels of the pad
HOSTILE = "</script><img src=x onerror='document.title=1'>\"&\u2028"
NUMBERS = """([layer, text]) => {
    const all = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const found = [];
    for (let n = 0; n < all.length; n += 784) {
        const input = networkInput(all.subarray(n, n + 784), [28, 28]);
        const seen = forward(page.views[0].network, input)[layer];
        found.push(...(layer === "output" ? seen.before : seen.after).values);
    }
    const bytes = new Uint8Array(Float64Array.from(found).buffer);
    let letters = "";
    for (const byte of bytes) letters += String.fromCharCode(byte);
    return btoa(letters);
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = next(filter(None, map(which, BROWSERS)), None)
    with playwright.sync_playwright() as driver:
        try:
            opened = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except playwright.Error as error:
            pytest.skip(f"no browser: {str(error).splitlines()[0]}")
        yield opened
        opened.close()


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    """A tab in which nothing goes wrong, and from which nothing is asked of any network."""
    context = browser.new_context(viewport={"width": 1536, "height": 864})
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("console", lambda message: wrong.append(message.text))
    tab.on("request", lambda request: wrong.extend([request.url] * ("file:" not in request.url)))
    yield tab
    context.close()
    assert wrong == []


def until(tab: Any, condition: str) -> None:
    """Wait for something."""
    once = f"setInterval(() => {{ if ({condition}) done(); }}, 20)"
    tab.evaluate(f"new Promise((done) => {once})")


def opened(tab: Any, folder: Path, *runs: Run, fragment: str = "") -> Any:
    """The tab, with the page of some runs in it."""
    path = folder / "page.html"
    path.write_text(page([*map(shown, runs)], []), encoding="utf-8")
    tab.goto(f"{path.as_uri()}{fragment}")
    tab.evaluate("begun.then(() => 0)")
    return tab


def random_run(path: Path, *overrides: str, **record: Any) -> Run:
    """A run whose network is random, its biases and normalizations among it."""
    run = fake_run(path, *overrides, **record)
    write_random(run, path / WEIGHTS)
    return run


def write_random(run: Run, path: Path, seed: int = 0) -> None:
    architecture = run.config.architecture
    theta = run.config.initial_theta()
    others = ~architecture.is_weight
    theta[others] += np.random.default_rng(seed).uniform(0, 0.5, others.sum())
    theta += np.float32(0.01 * seed)
    write_weights(path, theta, architecture)


def images(count: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(0)
    found = rng.integers(0, 256, (count, 28, 28), np.uint8)
    found[: count // 2] *= rng.integers(0, 2, (count // 2, 28, 28), np.uint8)
    found[0], found[-1] = 0, 255
    return found


def assert_equal_numbers(tab: Any, run: Run, count: int) -> None:
    """Each layer is that of lenet's float64; that of float32 is as near as float32 can be."""
    network = run.network()
    exact = run.config.kept_network(network.theta.astype(np.float64))
    some = images(count)
    here = {layer: numbers(tab, layer, some) for layer in LAYERS}
    for dtype, ours in ((np.float64, exact), (np.float32, network)):
        theirs = features(ours, network_input(some, np.dtype(dtype)))
        for layer in LAYERS:
            there = theirs[layer].reshape(-1, count).T
            assert np.ptp(there) > 0
            close(here[layer], there, exactly=dtype is np.float64)


def numbers(tab: Any, layer: str, some: NDArray[np.uint8]) -> Array:
    """What a layer of the page makes of images (N, 28, 28): (N, values), the output's logits."""
    text = tab.evaluate(NUMBERS, [layer, b64encode(some.tobytes()).decode()])
    return np.frombuffer(b64decode(text), np.float64).reshape(len(some), -1)


def close(found: Array, there: Array, *, exactly: bool) -> None:
    """To 1e-5 of each number; in float32 to 1e-5 of the largest of the layer, for sums near 0."""
    smallest = 1e-12 if exactly else 1e-5
    np.testing.assert_allclose(found, there, rtol=1e-5, atol=smallest * np.abs(there).max())


@pytest.mark.parametrize("normalization", ["none", "batch"])
@pytest.mark.parametrize("pooling", ["max", "avg"])
@pytest.mark.parametrize("activation", [name for group, name in CHOICES if group == "activation"])
def test_every_layer_has_lenets_own_numbers(
    tab: Any, tmp_path: Path, activation: str, pooling: str, normalization: str
) -> None:
    chosen = (f"activation={activation}", f"pooling={pooling}", f"normalization={normalization}")
    run = random_run(tmp_path / "run", *chosen)
    assert_equal_numbers(opened(tab, tmp_path, run), run, IMAGES)


@pytest.mark.parametrize(
    "sizes",
    [
        ["network.c1=3", "network.c3=7", "network.c5=50", "network.f6=20"],
        ["network.c1=8", "network.c3=24", "network.kernel=9"],
        ["network.kernel=1", "network.c5=10"],
        ["dataset=emnist_balanced"],
    ],
    ids=" ".join,
)
def test_networks_of_other_sizes_have_their_own_numbers(
    tab: Any, tmp_path: Path, sizes: list[str]
) -> None:
    run = random_run(tmp_path / "run", *sizes)
    assert_equal_numbers(opened(tab, tmp_path, run), run, IMAGES)


def test_every_sum_that_is_written_out_comes_to_the_units_value(tab: Any, tmp_path: Path) -> None:
    """Parts and bias add up to what is before the activation, of one unit of each map or layer."""
    run = random_run(tmp_path / "run", "activation=gelu", "pooling=avg")
    errors = opened(tab, tmp_path, run, fragment="#drawing=d0o2s0k2s7c").evaluate("""() => {
        const { network, seen } = page.views[0];
        return ["C1", "S2", "C3", "S4", "C5", "F6", "output"].flatMap((layer) =>
            seen[layer].after.values.keys().map((index) => {
                const sum = sumOf(network, seen, layer, index);
                if (sum.kind === "pooling") {
                    return sum.members.reduce((a, b) => a + b) / 4 - sum.after;
                }
                return sum.parts.reduce((a, part) => a + part.sum, sum.bias) - sum.before;
            }).toArray());
    }""")
    assert len(errors) == 6 * 28**2 + 6 * 14**2 + 16 * 10**2 + 16 * 5**2 + 120 + 84 + 10
    assert np.abs(errors).max() < 1e-9


@pytest.mark.parametrize(
    ("unit", "sides"),
    [
        ("C1", {"input": 5}),
        ("S2", {"C1": 2, "input": 6}),
        ("C3", {"S2": 5, "C1": 10, "input": 14}),
        ("S4", {"C3": 2, "S2": 6, "C1": 12, "input": 16}),
    ],
)
def test_receptive_fields_have_the_sides_of_the_paper(
    tab: Any, tmp_path: Path, unit: str, sides: dict[str, int]
) -> None:
    run = random_run(tmp_path / "run")
    place = "{ k: 2, i: 3, j: 1 }"
    fields = opened(tab, tmp_path, run).evaluate(f"fieldsOf('{unit}', {place}, 5)")
    assert {layer: field["side"] for layer, field in fields.items()} == sides
    changed = tab.evaluate(CHANGES.replace("UNIT", unit))
    field = fields["input"]
    inside = {
        32 * (field["top"] + m) + field["left"] + n
        for m in range(field["side"])
        for n in range(field["side"])
    }
    assert set(changed) == inside


CHANGES = """() => {
    const { network } = page.views[0];
    const random = Float64Array.from({ length: 1024 }, (_, n) => ((n * 7919) % 1013) / 1013);
    const average = { ...network, pooling: "AveragePool" };
    const value = (values) => {
        const { after } = forward(average, { values, shape: [1, 32, 32] })["UNIT"];
        const [, H, W] = after.shape;
        return after.values[(2 * H + 3) * W + 1];
    };
    const before = value(random);
    return [...random.keys()].filter((n) => {
        const other = Float64Array.from(random);
        other[n] += 0.5;
        return value(other) !== before;
    });
}"""


# Drawing


def strokes(digit: int) -> list[list[tuple[float, float]]]:
    """The strokes of a digit's skeleton, each as points on a pad of 280 pixels."""
    ways = ways_of("mnist")
    ticket = ways.tickets[ways.labels == digit][0]
    curve = SIDE / 2 + 10 * ways.splines[ticket] @ ways.points[ticket]
    found: list[list[tuple[float, float]]] = []
    for start, end in zip(curve[:SEGMENTS].tolist(), curve[SEGMENTS:].tolist(), strict=True):
        if not found or np.hypot(*np.subtract(found[-1][-1], start)) > 1:
            found.append([tuple(start)])
        found[-1].append(tuple(end))
    return found


def drag(tab: Any, digit: int) -> None:
    """Draw a digit with the mouse, lifting it between strokes."""
    tab.click("#clear")
    box = tab.locator("#pad").bounding_box()
    scale = box["width"] / SIDE
    for points in strokes(digit):
        (x, y), *others = [(box["x"] + scale * x, box["y"] + scale * y) for x, y in points]
        tab.mouse.move(x, y)
        tab.mouse.down()
        for x, y in [*others[1::3], others[-1]]:
            tab.mouse.move(x, y)
        tab.mouse.up()
    until(tab, "!page.waiting")


PIXELS = "() => Array.from(page.pad.context.getImageData(0, 0, PAD, PAD).data)"


def picture(tab: Any) -> NDArray[np.uint8]:
    """The pad as a picture (280, 280, 3)."""
    return np.array(tab.evaluate(PIXELS), np.uint8).reshape(SIDE, SIDE, 4)[..., :3]


def test_drawn_digits_are_read_and_seen_as_predict_sees_them(tab: Any, tmp_path: Path) -> None:
    opened(tab, tmp_path, Run(READER))
    classifier = Classifier.read(READER)
    right = 0
    for digit in range(10):
        drag(tab, digit)
        (prediction,) = classifier.predict([picture(tab)])
        seen = np.array(tab.evaluate("Array.from(page.image.grey)")).reshape(28, 28)
        assert seen.any()
        assert np.abs(seen - prediction.image).mean() < 2, digit
        said = tab.evaluate("likeliest(page.views[0].seen.output.after.values)")
        right += said == digit
        assert f"It is {said}," in tab.inner_text("#verdict")
    assert right >= 9


@pytest.mark.parametrize("thickness", [8, 24, 48])
@pytest.mark.parametrize("size", [60, 150, 260])
def test_thin_and_thick_small_and_large_drawings_are_seen_as_predict_sees_them(
    tab: Any, tmp_path: Path, thickness: int, size: int
) -> None:
    """Away from the middle of the pad, too."""
    opened(tab, tmp_path, Run(READER))
    points = (np.array([[0.1, 0.1], [0.9, 0.1], [0.4, 0.9]]) * (size - 24) + 12).round()
    mark = {"width": thickness, "erases": False, "points": points.ravel().tolist()}
    tab.evaluate("mark => page.pad.show([mark])", mark)
    until(tab, "!page.waiting")
    seen = tab.evaluate("Array.from(page.prepared().grey)")
    (prediction,) = Classifier.read(READER).predict([picture(tab)])
    assert np.abs(np.reshape(seen, (28, 28)) - prediction.image).mean() < 2


def test_a_drawing_of_no_character_is_scaled_as_a_whole(tab: Any, tmp_path: Path) -> None:
    run = random_run(tmp_path / "run", "dataset=fashion_mnist")
    mark = {"width": 40, "erases": False, "points": [60, 50, 200, 60, 190, 230, 70, 220, 60, 50]}
    opened(tab, tmp_path, run).evaluate("mark => page.pad.show([mark])", mark)
    seen = tab.evaluate("Array.from(page.prepared().grey)")
    expected = run.config.dataset.prepare(picture(tab))
    assert np.abs(np.reshape(seen, (28, 28)) - expected).mean() < 2


@pytest.mark.parametrize("light_on_dark", [True, False])
def test_a_picture_from_a_file_is_read(tab: Any, tmp_path: Path, light_on_dark: bool) -> None:
    """A digit of the strokes dataset, enlarged and off centre, on dark ground and on light."""
    (image,) = strokes_draw(np.array([7], np.uint8), np.random.default_rng(0))
    wide = np.pad(image.repeat(6, 0).repeat(6, 1), ((10, 60), (5, 45)))
    shades = wide if light_on_dark else 240 - np.minimum(wide, 230)
    Image.fromarray(np.stack(3 * [shades], axis=-1)).save(tmp_path / "seven.png")
    opened(tab, tmp_path, Run(READER))
    tab.set_input_files("#file", tmp_path / "seven.png")
    until(tab, "page.pad.marks[0]?.picture && page.image.mass")
    assert tab.evaluate("likeliest(page.views[0].seen.output.after.values)") == 7
    (prediction,) = Classifier.read(READER).predict([tmp_path / "seven.png"])
    seen = np.array(tab.evaluate("Array.from(page.image.grey)")).reshape(28, 28)
    assert np.abs(seen - prediction.image).mean() < 6


def test_a_file_that_is_no_picture_is_told_of(tab: Any, tmp_path: Path) -> None:
    (tmp_path / "seven.png").write_text("seven")
    opened(tab, tmp_path, Run(READER)).set_input_files("#file", tmp_path / "seven.png")
    until(tab, "document.querySelector('#verdict').textContent.startsWith('seven.png is no')")


def test_the_eraser_takes_ink_away_and_undo_brings_it_back(tab: Any, tmp_path: Path) -> None:
    opened(tab, tmp_path, Run(READER))
    drag(tab, 1)
    ink = picture(tab)
    tab.check("#eraser")
    x, y = (tab.locator("#pad").bounding_box()[side] for side in "xy")
    tab.mouse.move(x + 150, y + 20)
    tab.mouse.down()
    tab.mouse.move(x + 150, y + 150)
    tab.mouse.up()
    assert picture(tab).sum() > ink.sum()
    tab.click("#undo")
    assert np.array_equal(picture(tab), ink)


def test_the_keyboard_draws_and_chooses_units(tab: Any, tmp_path: Path) -> None:
    opened(tab, tmp_path, Run(READER))
    tab.click("#clear")
    tab.focus("#pad")
    for key in (" ", *["ArrowDown"] * 10, " "):
        tab.keyboard.press(key)
    assert (picture(tab) < 128).any()
    tab.focus('[data-layer="C3"] canvas')
    for key in ("PageDown", "ArrowDown", "ArrowRight", "ArrowRight"):
        tab.keyboard.press(key)
    until(tab, "document.querySelector('#unit-title').textContent.includes('C3(1, 1, 2)')")
    assert tab.locator('[data-layer="input"] .field').count() == 1
    tab.keyboard.press("Escape")
    until(tab, "!document.querySelector('#unit-title').textContent.includes('(')")


# What a link keeps, learning, two networks


def test_a_link_shows_the_same_drawing_unit_and_epoch(tab: Any, tmp_path: Path) -> None:
    run = kept_run(tmp_path / "run", epochs=3)
    opened(tab, tmp_path, run)
    drag(tab, 4)
    tab.click('[data-layer="S4"] canvas', position={"x": 3, "y": 3})
    tab.click(".back")
    tab.check("[value=before]")
    until(tab, "location.hash.includes('S4') && location.hash.includes('before')")
    state = "() => [page.picked, page.views[0].learning.epoch, page.moment, [...page.image.grey]]"
    said, ink = tab.evaluate(state), picture(tab)
    assert said[:3] == [{"view": 0, "layer": "S4", "index": 0}, 2, "before"]
    other = tab.context.new_page()
    other.goto(tab.url)
    other.evaluate("begun.then(() => 0)")
    assert other.evaluate(state) == said
    assert np.array_equal(picture(other), ink)


@pytest.mark.parametrize(
    "fragment", ["drawing=d", "drawing=dzz&unit=7.C1.3", "unit=0.C1.99999&epochs=x", "drawing=p00"]
)
def test_a_link_that_means_nothing_shows_the_page_as_it_is(
    tab: Any, tmp_path: Path, fragment: str
) -> None:
    opened(tab, tmp_path, Run(READER), fragment=f"#{fragment}")
    assert tab.evaluate("page.picked") is None


def kept_run(path: Path, epochs: int) -> Run:
    """A run that has kept the weights of each epoch."""
    run = fake_run(path, accuracies=(0.5, 0.7, 0.8, *[0.9] * epochs)[:epochs])
    for epoch in range(1, epochs + 1):
        write_random(run, path / epoch_file(epoch), epoch)
    copyfile(path / epoch_file(epochs), path / WEIGHTS)
    return run


def test_the_slider_goes_through_the_epochs_from_before_the_first(tab: Any, tmp_path: Path) -> None:
    run = kept_run(tmp_path / "run", epochs=3)
    opened(tab, tmp_path, run)
    networks = run.networks()
    assert tab.evaluate("page.views[0].learning.epochs") == [0, 1, 2, 3]
    drag(tab, 2)
    some = images(3)
    for at, epoch in enumerate(networks):
        tab.evaluate("at => page.views[0].learning.go(at)", at)
        until(tab, "!page.waiting")
        (found,) = numbers(tab, "output", some[1:2])
        ours = networks[epoch].logits(network_input(some[1:2], np.dtype(np.float32)))[:, 0]
        few = 1e-5 if epoch == 3 else 1e-2  # float16 keeps three digits
        np.testing.assert_allclose(found, ours, rtol=few, atol=few * np.abs(ours).max())
        assert f"{epoch} of 3" in tab.inner_text(".epochs")
        said = tab.evaluate("likeliest(page.views[0].seen.output.after.values)")
        until(tab, f"document.querySelector('#spoken').textContent.startsWith('It is {said},')")
    tab.click(".play")
    assert tab.evaluate("page.views[0].learning.epoch") == 0
    until(tab, "!page.views[0].learning.timer")
    assert tab.evaluate("page.views[0].learning.epoch") == 3


def test_two_networks_agree_or_differ_in_words(tab: Any, tmp_path: Path) -> None:
    other = random_run(tmp_path / "other", "dataset=mnist", "pooling=avg")
    opened(tab, tmp_path, Run(READER), other)
    drag(tab, 3)
    answers = tab.evaluate("page.views.map((view) => likeliest(view.seen.output.after.values))")
    text = tab.inner_text("#verdict")
    assert ("Both say" in text) == (answers[0] == answers[1])
    assert ("They differ" in text) == (answers[0] != answers[1])
    assert tab.locator(".network").count() == 2


# Safety, size, access


def test_hostile_names_do_nothing(tab: Any, tmp_path: Path) -> None:
    name = HOSTILE.replace("/", "")
    run = random_run(
        tmp_path / name, "dataset=npz", "dataset.root=x.npz", "dataset.class_names=[a,b,c]"
    )
    config = run.path / "config.yaml"
    quoted = HOSTILE.replace("'", "''").replace("\u2028", "")
    config.write_text(config.read_text().replace("- a\n", f"- '{quoted}'\n"))
    opened(tab, tmp_path, Run(run.path))
    assert "number by number" in tab.title()
    assert tab.locator("img").count() == 0
    assert "<img src=x" in tab.inner_text('[data-layer="output"]')
    assert "<img src=x" in tab.inner_text(".network h2")


def test_the_policy_stops_scripts_and_requests_that_are_not_the_pages(
    browser: Any, tmp_path: Path
) -> None:
    context = browser.new_context()
    tab = opened(context.new_page(), tmp_path, Run(READER))
    tab.evaluate("""() => {
        document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='globalThis.bad = 1'>");
        document.body.append(Object.assign(document.createElement("script"),
            { textContent: "globalThis.bad = 2" }));
    }""")
    refused = tab.evaluate("fetch('https://example.org').then(() => 0, () => 1)")
    assert refused == 1
    with suppress(playwright.Error):
        tab.wait_for_timeout(100)
    assert tab.evaluate("globalThis.bad") is None
    context.close()


def test_what_can_be_used_has_a_name_and_a_role(tab: Any, tmp_path: Path) -> None:
    opened(tab, tmp_path, kept_run(tmp_path / "run", epochs=2))
    nameless = tab.evaluate("""() => [...document.querySelectorAll("button, input, canvas, svg")]
        .filter((e) => !e.closest("[hidden], [aria-hidden]") && e.checkVisibility())
        .filter((e) => e.id !== "scale")
        .filter((e) => !(e.textContent.trim() || e.getAttribute("aria-label") || e.labels?.length))
        .map((e) => e.outerHTML)""")
    assert nameless == []


def test_on_a_phone_nothing_is_wider_than_the_screen(browser: Any, tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    tab = opened(context.new_page(), tmp_path, kept_run(tmp_path / "run", epochs=2))
    tab.tap('[data-layer="C3"] canvas', position={"x": 20, "y": 20})
    until(tab, "document.querySelector('#unit-title').textContent.includes('C3(0')")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    assert tab.evaluate("getComputedStyle(page.pad.canvas).touchAction") == "none"
    context.close()
