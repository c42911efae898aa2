"""The rooms of the package: which may know which, and that none grows beyond what one can read."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import lenet

PACKAGE = Path(lenet.__file__).parent
README = (PACKAGE / "README.md").read_text(encoding="utf-8")
FLOORS = [  # from the ground up: a room knows those that stand before it
    *("errors", "nn", "formats", "data", "training", "config", "runs", "inspection", "figures"),
    *("sweeps", "commands"),
]
LONGEST = 300  # lines


def modules() -> Iterator[tuple[str, Path]]:
    """The name of each module without that of the package, and its file."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__"), path


def imports(path: Path) -> Iterator[str]:
    """What a file imports of the package, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "lenet":
            for alias in node.names:
                name = f"{node.module}.{alias.name}".removeprefix("lenet.")
                yield name if name in NAMES else name.rpartition(".")[0]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "lenet":
                    yield alias.name.removeprefix("lenet.")


NAMES = {name for name, _ in modules()}
IMPORTS = {name: set(imports(path)) - {"", name} for name, path in modules()}


def room(module: str) -> str:
    return module.partition(".")[0]


def test_no_room_knows_one_that_stands_above_it() -> None:
    upwards = [
        f"{module} imports {other}"
        for module, others in IMPORTS.items()
        for other in others
        if room(module) in FLOORS and FLOORS.index(room(other)) > FLOORS.index(room(module))
    ]
    assert upwards == []


def test_all_that_is_imported_is_there() -> None:
    assert set().union(*IMPORTS.values()) <= NAMES


def test_no_modules_import_each_other_in_a_circle() -> None:
    TopologicalSorter(IMPORTS).prepare()  # raises CycleError


def test_the_learning_is_numpys_alone() -> None:
    """No other library computes anything that a network learns, or learns by."""
    others = re.compile(r"^\s*(?:from|import) (scipy|torch|sklearn|pandas|numba)\b", re.MULTILINE)
    for name, path in modules():
        if room(name) in ("nn", "training"):
            assert not others.search(path.read_text(encoding="utf-8")), name


def test_few_names_are_at_the_top_and_the_readme_has_a_phrase_for_each() -> None:
    top = {path.name for path in PACKAGE.iterdir()} - {"__pycache__", "conf", "reader"}
    rooms = {name for name in FLOORS if (PACKAGE / name).is_dir()}
    assert len(top) <= 15
    assert rooms == {name for name in top if (PACKAGE / name).is_dir()}
    for name in rooms:
        assert re.search(rf"^\| \[?`{name}/`.* \| \S.* \|$", README, re.MULTILINE), name


def test_the_map_of_the_readme_names_the_files_that_there_are() -> None:
    for name, files in re.findall(r"^\| \[?`(\w+)/`.*? \| .* \| (.*) \|$", README, re.MULTILINE):
        named = set(re.findall(r"`([\w/]+)`", files))
        there = {path.stem for path in (PACKAGE / name).iterdir()} - {"__init__", "__pycache__"}
        assert named == there, name


def test_no_module_is_too_long_to_read() -> None:
    lengths = {str(path): len(path.read_text().splitlines()) for _, path in modules()}
    assert {path for path, length in lengths.items() if length > LONGEST} == set()
