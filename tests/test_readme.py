"""What the READMEs say is true."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from lenet.commands.runs import COMMANDS, beginning
from lenet.config.compose import configure
from lenet.config.schema import CONF

ROOT = Path(__file__).parent.parent
PAGES = {
    path: path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *sorted(ROOT.glob("[a-z]*/README.md"))]
}
FRONT = PAGES[ROOT / "README.md"]
README = "\n".join(PAGES.values())


def code_block(language: str, first_line: str) -> str:
    (block,) = re.findall(rf"```{language}\n({re.escape(first_line)}\n.*?)```", README, re.DOTALL)
    return str(block)


def test_table_1_is_that_of_the_runs() -> None:
    text = (ROOT / "results" / "table1" / "table1.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")] for line in text.splitlines()]
    measured = [f"{row[4]} ± {row[5]}" for row in rows if len(row) == 12][2:]
    assert len(measured) == 9
    assert [figure for figure in measured if figure not in README] == []


def accuracies(table: pd.DataFrame) -> list[str]:
    """Return the accuracies of a table of settings as the README has them."""
    percent = 100 * table.filter(like="test_accuracy_")
    return [
        "{:.2f} ± {:.2f} | {:.2f} to {:.2f}".format(*row)
        for row in percent.itertuples(index=False, name=None)
    ]


def test_the_table_of_optimizers_is_that_of_the_runs() -> None:
    table = pd.read_csv(ROOT / "results" / "optimizers" / "settings.csv")
    for row, accuracy in zip(table.to_dict("records"), accuracies(table), strict=True):
        assert f"| {row['optimizer.lr']} | {accuracy} |" in README
        assert row["verdict"] in ("best", "within noise")


def test_the_table_of_architectures_is_that_of_the_runs() -> None:
    table = pd.read_csv(ROOT / "results" / "architectures" / "settings.csv")
    assert len(table) == 8
    for verdict, accuracy in zip(table["verdict"], accuracies(table), strict=True):
        assert f"| {accuracy} |{'' if verdict == 'best' else f' {verdict}'} |" in README


@pytest.mark.parametrize("study", ["optimizers", "architectures"])
def test_the_tables_that_it_links_are_of_the_same_runs(study: str) -> None:
    settings, runs = (
        pd.read_csv(ROOT / "results" / study / f"{name}.csv") for name in ("settings", "runs")
    )
    means = runs.groupby("setting")["test_accuracy"].mean()
    assert settings.set_index("setting")["test_accuracy_mean"].to_dict() == pytest.approx(
        means.to_dict()
    )


def test_the_table_of_choices_is_complete() -> None:
    for group in (path for path in CONF.iterdir() if path.is_dir() and path.name != "hydra"):
        (row,) = re.findall(rf"^\| `{group.name}` \| (.*) \|$", README, re.MULTILINE)
        named = set(re.findall(r"`(\w+)`", row))
        assert named == {path.stem for path in group.glob("*.yaml")}


def test_the_table_of_activations_says_which_never_decrease() -> None:
    for name in (path.stem for path in (CONF / "activation").glob("*.yaml")):
        (never,) = re.findall(rf"^\| `{name}` \| .* \| .* \| (yes|no) \|$", README, re.MULTILINE)
        assert never == (
            "yes" if configure(f"activation={name}").activation.non_decreasing else "no"
        )


def test_each_study_says_by_which_command_it_is_run() -> None:
    for path in (CONF / "experiment").glob("*.yaml"):
        if path.stem != "none":
            assert path.read_text().splitlines()[1] == f"# lenet experiment={path.stem}"
            assert f"`lenet experiment={path.stem}`" in README


def test_the_front_page_is_short() -> None:
    assert FRONT.count("\n") <= 200


def test_pages_link_what_there_is() -> None:
    for page, text in PAGES.items():
        linked = re.findall(r"\]\(([^)]+)\)", text)
        assert linked, page
        for link in linked:
            name, _, heading = link.partition("#")
            target = (page.parent / name).resolve()
            assert target.exists(), (page, link)
            if heading:
                there = target.read_text(encoding="utf-8")
                anchors = [
                    title.lower().replace(" ", "-")
                    for title in re.findall(r"^#+ (.*)$", there, re.M)
                ]
                assert heading in anchors, (page, link)


def test_scripts_and_commands_that_they_name_exist() -> None:
    scripts = set(re.findall(r"scripts/\w+\.py", README))
    assert scripts
    assert all((ROOT / name).is_file() for name in scripts)
    lines = re.findall(r"lenet-runs((?: [a-z][a-z0-9-]*)+)", README)
    assert lines
    assert [line for line in lines if not beginning(line.split()[:1])] == []
    for name in COMMANDS:
        assert f"`lenet-runs {name}`" in PAGES[ROOT / "scripts" / "README.md"]


@pytest.mark.slow
def test_a_new_activation_is_one_class_and_one_yaml_file(tmp_path: Path) -> None:
    for name in ("lenet", "conf"):
        shutil.copytree(ROOT / name, tmp_path / name)
    activations = tmp_path / "lenet" / "nn" / "layers" / "activation.py"
    source = code_block("python", "# at the end of lenet/nn/layers/activation.py")
    activations.write_text(f"{activations.read_text()}\n\n{source}")
    choice = tmp_path / "conf" / "activation" / "softsign.yaml"
    choice.write_text(code_block("yaml", "# conf/activation/softsign.yaml"))

    def lenet(*arguments: str) -> "subprocess.CompletedProcess[str]":
        sizes = ["dataset.train_size=64", "dataset.test_size=32", "epochs=1"]
        return subprocess.run(
            [sys.executable, "-m", "lenet", "activation=softsign", *sizes, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
        )

    assert lenet("activation.k=0.5").returncode == 0
    refused = lenet("activation.k=-1")
    assert refused.returncode == 2
    assert "activation.k = -1: should be greater than or equal to 0" in refused.stderr


@pytest.mark.slow
def test_its_lines_of_python_train_a_network(tmp_path: Path) -> None:
    lines = code_block("python", "from lenet.config.compose import configure")
    lines = lines.replace('"dataset=mnist"', '"dataset.train_size=300", "dataset.test_size=50"')
    done = subprocess.run(
        [sys.executable, "-c", lines], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Step(") == 15
    assert done.stdout.count("Metrics(") == 5
    assert not list(tmp_path.iterdir())


def test_every_promise_is_held_by_tests_that_there_are() -> None:
    _, table = PAGES[ROOT / "runs" / "README.md"].split("## What it promises\n")
    named = set(re.findall(r"`(test_\w+)`", table))
    sources = [path.read_text() for path in Path(__file__).parent.rglob("test_*.py")]
    defined = set(re.findall(r"^def (test_\w+)\(", "\n".join(sources), re.MULTILINE))
    assert len(named) > 10
    assert named <= defined
