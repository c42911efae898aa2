"""The page of a network as a file: what is in it, how large it is, that names do nothing in it.

What it does in a browser is tested in test_page_in_browser.py.
"""

import json
import re
import zlib
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from configurations import CHOICES
from fake_runs import fake_run
from scripted import Script

from lenet.config.compose import configure
from lenet.data import Split
from lenet.errors import LenetError
from lenet.figures.page.content import COMPUTED, refuse_others, shown
from lenet.figures.page.packing import halved, packed
from lenet.figures.page.page import HERE, SCRIPTS, as_json, hash_of, page
from lenet.formats.layout import CONFIG, METRICS, WEIGHTS, epoch_file
from lenet.formats.weights import write_weights
from lenet.inspection.predictions import Predictions
from lenet.runs.run import Run

HOSTILE = "</script><!--<img src=x onerror='alert(1)'>\"&\u2028\u2029"
SOURCES = {name: (HERE / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS}
KB = 1000


class Parts(HTMLParser):
    """The tags of a page with what they have, and the texts of its scripts and its style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {"script": [], "style": []}
        self.open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.open = tag
        self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        self.open = ""

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open][-1] += data

    @property
    def data(self) -> dict[str, Any]:
        (text,) = [text for text in self.texts["script"] if text.startswith("{")]
        found: dict[str, Any] = json.loads(text)
        return found


def trained_run(path: Path, *overrides: str, epochs: int = 2, kept: bool = False) -> Run:
    """A run with the weights of a network as it begins, which get no shorter by being packed."""
    run = fake_run(path, *overrides, accuracies=(0.9,) * epochs)
    architecture = run.config.architecture
    theta = run.config.initial_theta()
    for epoch in range(1, epochs + 1) if kept else ():
        write_weights(path / epoch_file(epoch), theta + np.float32(1e-3 * epoch), architecture)
    write_weights(path / WEIGHTS, theta, architecture)
    return run


def guesses(count: int = 40) -> Predictions:
    """Random images, and what somebody makes of them."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, 28, 28), np.uint8)
    labels = np.arange(count).astype(np.uint8) % 10
    return Predictions(Split(images, labels), rng.normal(size=(10, count)), tuple("0123456789"))


def unpacked(array: dict[str, Any]) -> np.ndarray:
    """What packing.js makes of a packed array, flat."""
    data = np.frombuffer(zlib.decompress(b64decode(array["data"])), np.uint8)
    width = int(array["type"][1])
    return data.reshape(width, -1).T.copy().view(f"<{array['type']}").ravel()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.uint8])
def test_arrays_come_out_of_the_page_as_they_went_in(dtype: type) -> None:
    array = np.random.default_rng(0).normal(0, 100, (3, 4, 5)).astype(dtype)
    np.testing.assert_array_equal(unpacked(packed(array)), array.ravel())


def test_numbers_too_large_for_float16_stay_float32() -> None:
    assert halved(np.array([1.0, 65_000.0], np.float32)).dtype == np.float16
    assert halved(np.array([1.0, 70_000.0], np.float32)).dtype == np.float32


def test_the_page_holds_the_network_and_what_is_known_of_it(tmp_path: Path) -> None:
    run = trained_run(tmp_path / "run", "activation=leaky_relu", "pooling=avg")
    data = Parts(page([shown(run)], [guesses()])).data
    (network,) = data["networks"]
    assert network["activation"] == {"kind": "LeakyReLU", "slope": run.config.activation.slope}
    assert (network["pooling"], network["kernel"]) == ("AveragePool", 5)
    assert [row["test_accuracy"] for row in network["metrics"]] == [0.9, 0.9]
    (stage,) = network["stages"]
    assert stage["epoch"] == 2
    np.testing.assert_array_equal(unpacked(stage["weights"]), run.network().theta)


def test_kept_epochs_are_there_from_before_the_first_step_on(tmp_path: Path) -> None:
    run = trained_run(tmp_path / "run", epochs=3, kept=True)
    stages = Parts(page([shown(run)], [])).data["networks"][0]["stages"]
    assert [stage["epoch"] for stage in stages] == [0, 1, 2, 3]
    assert [stage["weights"]["type"] for stage in stages] == ["f2", "f2", "f2", "f4"]
    second = unpacked(stages[2]["weights"]).astype(float)
    np.testing.assert_allclose(second, run.networks()[2].theta, rtol=1e-3, atol=1e-7)


def test_examples_are_the_first_of_each_class_and_the_worst(tmp_path: Path) -> None:
    found = guesses()
    data = Parts(page([shown(trained_run(tmp_path / "run"))], [found])).data
    firsts, worst = data["examples"]["groups"]
    images = unpacked(data["examples"]["images"]).reshape(-1, 28, 28)
    assert firsts["names"] == [f"a {digit}" for digit in range(10)]
    np.testing.assert_array_equal(images[:10], found.images.images[:10])
    place = int(np.argmax(found.loss))
    np.testing.assert_array_equal(images[10], found.images.images[place])
    own, taken = found.names(place)
    assert worst["names"][0].startswith(f"a {own}, taken for {taken} with ")


def test_of_two_networks_one_may_be_without_test_images(tmp_path: Path) -> None:
    runs = [shown(trained_run(tmp_path / name)) for name in "ab"]
    groups = Parts(page(runs, [None, guesses()])).data["examples"]["groups"]
    assert [group["title"] for group in groups] == ["Test images", "Most confused by B"]


def test_a_run_without_its_table_is_shown_without_curves(tmp_path: Path) -> None:
    run = trained_run(tmp_path / "run")
    (tmp_path / "run" / METRICS).unlink()
    (network,) = Parts(page([shown(Run(run.path))], [])).data["networks"]
    assert network["metrics"] == []


# Size


def test_one_run_fits_into_600_kb(tmp_path: Path) -> None:
    text = page([shown(trained_run(tmp_path / "run"))], [guesses()])
    assert len(text.encode()) < 600 * KB


@pytest.mark.slow
def test_two_runs_of_ten_epochs_fit_into_4_mb(tmp_path: Path) -> None:
    runs = [shown(trained_run(tmp_path / name, epochs=10, kept=True)) for name in "ab"]
    assert len(page(runs, [guesses(), guesses()]).encode()) < 4000 * KB


# Safety


@pytest.mark.slow
def test_no_name_is_markup(tmp_path: Path) -> None:
    path = tmp_path / HOSTILE.replace("/", "")
    run = trained_run(path, "dataset=npz", "dataset.root=x.npz", "dataset.class_names=[a,b]")
    keys = yaml.safe_load((path / CONFIG).read_text(encoding="utf-8"))
    keys["dataset"]["class_names"] = [HOSTILE, "b"]
    (path / CONFIG).write_text(yaml.safe_dump(keys))
    run = Run(path)
    quiet, loud = (Parts(page([shown(each)], [])) for each in (trained_run(tmp_path / "q"), run))
    assert [tag for tag, _ in loud.tags] == [tag for tag, _ in quiet.tags]
    assert loud.data["classes"][0].startswith("</script>")
    assert loud.data["networks"][0]["title"].startswith("<script>")


@pytest.mark.parametrize("character", "<>&\u2028\u2029")
def test_data_have_no_character_that_html_or_javascript_would_obey(character: str) -> None:
    text = as_json({character: [character]})
    assert character not in text
    assert json.loads(text) == {character: [character]}


def test_the_policy_allows_the_scripts_of_the_page_and_nothing_else(tmp_path: Path) -> None:
    parts = Parts(page([shown(trained_run(tmp_path / "run"))], []))
    (policy,) = [
        attributes["content"]
        for tag, attributes in parts.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.strip().split(" ", 1) for rule in str(policy).split(";"))
    scripts = [text for text in parts.texts["script"] if not text.startswith("{")]
    assert rules["default-src"] == "'none'"
    assert rules["script-src"].split() == [hash_of(script) for script in scripts]
    assert rules["style-src"] == hash_of("".join(parts.texts["style"]))
    assert len(scripts) == len(SCRIPTS)


def test_nothing_is_loaded_and_no_text_becomes_code(tmp_path: Path) -> None:
    parts = Parts(page([shown(trained_run(tmp_path / "run"))], []))
    loading = {"src", "srcset", "data", "action", "poster", "style"}
    for tag, attributes in parts.tags:
        handlers = {name for name in attributes if name.startswith("on")}
        assert not (loading | handlers) & attributes.keys(), tag
        assert tag not in ("link", "iframe", "object", "base")
    for name, source in SOURCES.items():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|\beval\b|Function\(", source), (
            name
        )
        assert not re.search(r"\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon", source), name


# What a page can show


@pytest.mark.parametrize("name", [name for group, name in CHOICES if group == "activation"])
def test_every_activation_can_be_shown(name: str) -> None:
    kind = type(configure(f"activation={name}").activation)
    assert kind in COMPUTED["activation"]
    assert re.search(rf"^  {kind.__name__}: ", SOURCES["activations"], re.MULTILINE)


@pytest.mark.parametrize("name", ["max", "avg"])
def test_pooling_without_parameters_can_be_shown(name: str) -> None:
    kind = type(configure(f"pooling={name}").pooling)
    assert kind in COMPUTED["pooling"]
    assert re.search(rf"^  {kind.__name__}: ", SOURCES["network"], re.MULTILINE)


def test_a_network_for_colours_is_refused(tmp_path: Path) -> None:
    run = fake_run(tmp_path / "run", "dataset=cifar10")
    with pytest.raises(LenetError, match="drawn on in grey; this network has 3 channels"):
        shown(run)


@pytest.mark.parametrize(
    ("override", "found"),
    [
        ("pooling=trainable", "the pooling here is TrainablePooling"),
        ("c3=table", "the c3 here is TableConnections"),
        ("output=rbf", "the output here is RBFOutput"),
        ("input.background=-0.1", "pixels from 0 to 1"),
    ],
)
def test_parts_of_1998_are_refused(tmp_path: Path, override: str, found: str) -> None:
    run = fake_run(tmp_path / "run", override)
    with pytest.raises(LenetError, match=found):
        shown(run)


@pytest.mark.parametrize(("name", "kind"), [("activation", "Tanh"), ("pooling", "MaxPool")])
def test_a_layer_of_ones_own_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    run = trained_run(tmp_path / "run")
    monkeypatch.setitem(COMPUTED, name, COMPUTED[name] - {type(getattr(run.config, name))})
    with pytest.raises(LenetError, match=f"the {name} here is {kind}"):
        shown(run)


@pytest.mark.slow
def test_two_networks_of_other_classes_are_refused(tmp_path: Path) -> None:
    digits, clothes = fake_run(tmp_path / "a"), fake_run(tmp_path / "b", "dataset=fashion_mnist")
    with pytest.raises(LenetError, match="tell other classes apart"):
        refuse_others(digits, clothes)
    refuse_others(digits, fake_run(tmp_path / "c", "dataset=mnist"))


# The command


@pytest.mark.slow
def test_the_page_goes_where_it_was_asked_to(tmp_path: Path, script: Script) -> None:
    sizes = ["dataset.train_size=20", "dataset.test_size=20"]
    trained_run(tmp_path / "run", *sizes)
    trained_run(tmp_path / "other", *sizes, "pooling=avg")
    assert script("page", "run").paths == ["run/page.html"]
    assert script("page", "run", "other", "-o", "a/two.html").paths == ["a/two.html"]
    data = Parts((tmp_path / "a" / "two.html").read_text(encoding="utf-8")).data
    assert [network["title"] for network in data["networks"]] == ["A: run", "B: other"]
    titles = [group["title"] for group in data["examples"]["groups"]]
    assert titles == ["Test images", "Most confused by A", "Most confused by B"]
    error = script("page", "run", "other", "run").error
    assert error == "page.py: expected one run or two, found 3"


@pytest.mark.slow
def test_without_its_data_a_run_is_shown_without_test_images(
    tmp_path: Path, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    trained_run(tmp_path / "run", "dataset=mnist", f"dataset.root={tmp_path / 'nowhere'}")
    assert script("page", "run", "-o", "page.html").paths == ["page.html"]
    assert "the page has no test images of run" in caplog.text


def test_a_run_that_is_not_there_is_told_of(script: Script) -> None:
    assert script("page", "nowhere").error == "page.py: there is no run in nowhere"


def test_the_scripts_of_the_page_are_short_and_all_in_it() -> None:
    assert {path.stem for path in HERE.glob("*.js")} == set(SCRIPTS)
    for name, source in SOURCES.items():
        assert source.startswith('"use strict";\n/*'), name
        assert source.count("\n") <= 300, name
