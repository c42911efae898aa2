"""Tables for a paper: the numbers of the runs, the best in bold, and what LaTeX takes."""

import csv
import shutil
import subprocess
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from fake_runs import fake_run

from lenet.errors import LenetError
from lenet.runs.run import Run
from lenet.sweeps.report.grid import Cell, Grid, grid, latex, markdown, tidy
from lenet.sweeps.summary import Summary, summarise

ACCURACIES = {  # by optimizer and pooling: sgd with maxima is the best, adam's cannot be told apart
    ("adam", "max"): (0.91, 0.95, 0.93),
    ("adam", "avg"): (0.80, 0.81, 0.82),
    ("sgd", "max"): (0.94, 0.93, 0.95),
}


@pytest.fixture
def summary(tmp_path: Path) -> Summary:
    return summarise(
        fake_run(
            tmp_path / f"{optimizer}-{pooling}-{seed}",
            f"optimizer={optimizer}",
            f"pooling={pooling}",
            seed=seed,
            accuracies=(accuracy,),
        )
        for (optimizer, pooling), found in ACCURACIES.items()
        for seed, accuracy in enumerate(found)
    )


def test_cells_are_means_and_deviations_over_seeds(summary: Summary) -> None:
    found = grid(summary, ["optimizer"], ["pooling"])
    assert found.down == [("adam",), ("sgd",)]
    assert found.across == [("avg",), ("max",)]
    for (optimizer, pooling), accuracies in ACCURACIES.items():
        cell = found.cell((optimizer,), (pooling,))
        assert cell is not None
        assert cell.mean == pytest.approx(100 * np.mean(accuracies))
        assert cell.spread == pytest.approx(100 * np.std(accuracies, ddof=1))
        assert cell.n == 3
    assert found.cell(("sgd",), ("avg",)) is None


def test_an_interval_is_that_of_students_t(summary: Summary) -> None:
    cell = grid(summary, ["optimizer"], ["pooling"], "interval").cell(("sgd",), ("max",))
    assert cell is not None
    assert cell.spread == pytest.approx(4.302653 * 1 / np.sqrt(3))  # t of 97.5 %, two degrees


def test_markdown_has_the_best_in_bold_and_a_mark_at_what_is_not_told_apart(
    summary: Summary,
) -> None:
    lines = markdown(grid(summary, ["optimizer"], ["pooling"])).split("\n")
    assert lines[0] == "| optimizer | pooling=avg | pooling=max |"
    assert lines[1] == "| --- | ---: | ---: |"
    assert lines[2] == "| adam | 81.00 ± 1.00 | 93.00 ± 2.00 † |"
    assert lines[3] == "| sgd | – | **94.00 ± 1.00** |"
    assert lines[5].startswith("Accuracy on test images in %, mean ± standard deviation of 3 seeds")


def test_what_has_no_seeds_in_common_with_the_best_is_marked_so(tmp_path: Path) -> None:
    runs = [
        fake_run(tmp_path / f"{pooling}-{seed}", f"pooling={pooling}", seed=seed, accuracies=(a,))
        for pooling, seeds in {"max": {0: 0.9, 1: 0.92}, "avg": {7: 0.8}}.items()
        for seed, a in seeds.items()
    ]
    found = grid(summarise(runs), ["pooling"], [])
    assert "| avg | 80.00 ‡ |" in markdown(found)
    assert r"$80.00^{\ddagger}$" in latex(found)
    for text in (markdown(found), latex(found)):
        assert "‡: not compared" in text.replace(r"$\ddagger$", "‡")
        assert "†: not told apart" not in text


def test_runs_that_have_not_finished_are_told_of(tmp_path: Path) -> None:
    """A mean over those that have survived looks like any other."""
    ends = {"max": ["finished"] * 3, "avg": ["finished", "finished", "diverged"]}
    runs = [
        fake_run(
            tmp_path / f"{pooling}-{seed}",
            f"pooling={pooling}",
            seed=seed,
            accuracies=(0.9 + seed / 100,),
            status=end,
        )
        for pooling, found in (ends | {"trainable": ["failed", "running"]}).items()
        for seed, end in enumerate(found)
    ]
    found = grid(summarise(runs), ["pooling"], [])
    text = markdown(found)
    assert "| max | **91.00 ± 1.00** |" in text
    assert "| avg | 90.50 ± 0.71 †* |" in text
    assert "| trainable | – * |" in text
    assert "of 2 to 3 seeds" in text
    assert "*: some runs have not finished" in text
    assert r"$90.50 \pm 0.71^{\dagger*}$" in latex(found)
    assert r"--$^{*}$" in latex(found)
    rows = {row["pooling"]: row for row in csv.DictReader(StringIO(tidy(found)))}
    assert {name: (row["n"], row["missing"]) for name, row in rows.items()} == {
        "max": ("3", "0"),
        "avg": ("2", "1"),
        "trainable": ("0", "2"),
    }


def test_without_keys_all_that_was_swept_goes_down(summary: Summary) -> None:
    lines = markdown(grid(summary, [], [])).split("\n")
    assert lines[0] == "| pooling | optimizer | test (%) |"
    assert len(lines) == 2 + 3 + 2


def test_numbers_are_in_the_order_of_their_size(tmp_path: Path) -> None:
    runs = [
        fake_run(tmp_path / rate, f"optimizer.lr={rate}", accuracies=(0.9,))
        for rate in ("0.01", "0.1", "0.002")
    ]
    assert grid(summarise(runs), ["lr"], []).down == [("0.002",), ("0.01",), ("0.1",)]
    assert "±" not in markdown(grid(summarise(runs), ["lr"], []))  # of one seed


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["pooling"], "max: more than one setting; they differ in optimizer as well"),
        (["poling"], "poling: no such key; did you mean 'pooling'?"),
    ],
)
def test_keys_that_make_no_table_are_refused(
    summary: Summary, rows: list[str], message: str
) -> None:
    with pytest.raises(LenetError) as caught:
        grid(summary, rows, [])
    assert str(caught.value).startswith(message)


def test_without_a_finished_run_there_is_no_table(tmp_path: Path) -> None:
    run = fake_run(tmp_path / "a", status="failed")
    with pytest.raises(LenetError, match="no run has finished"):
        grid(summarise([run]), [], [])
    with pytest.raises(LenetError, match="no run has finished"):
        grid(summarise([Run(tmp_path / "nowhere")]), [], [])


def test_csv_has_a_line_for_each_cell(summary: Summary) -> None:
    rows = list(csv.DictReader(StringIO(tidy(grid(summary, ["optimizer"], ["pooling"])))))
    assert [(row["optimizer"], row["pooling"], row["is"]) for row in rows] == [
        ("adam", "avg", "differs"),
        ("adam", "max", "within noise"),
        ("sgd", "max", "best"),
    ]
    assert float(rows[2]["mean"]) == pytest.approx(94)


def hostile() -> Grid:
    """A table whose words are all that LaTeX and Markdown take for something else."""
    name = r"a_b&c%d$e#f{g}h~i^j\k|l–"
    cell = Cell(90.0, 1.0, 2, 0, "best")
    return Grid([name], [name], [(name,)], [(name,)], {((name,), (name,)): cell}, "test", "std")


def test_words_do_nothing_in_a_table() -> None:
    assert r"\textbackslash{}k|l--" in latex(hostile())
    assert r"a\_b\&c\%d\$e\#f\{g\}h\textasciitilde{}i\textasciicircum{}j" in latex(hostile())
    line = markdown(hostile()).split("\n")[2]
    assert line.count("|") - line.count(r"\|") == 3


@pytest.mark.thorough
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no LaTeX")
@pytest.mark.parametrize("which", ["summary", "hostile"])
def test_latex_takes_it(summary: Summary, tmp_path: Path, which: str) -> None:
    found = hostile() if which == "hostile" else grid(summary, ["optimizer"], ["pooling"])
    text = "\n".join(
        [
            r"\documentclass{article}",
            r"\usepackage{booktabs}",
            r"\begin{document}",
            latex(found),
            r"\end{document}",
        ]
    )
    (tmp_path / "a.tex").write_text(text)
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
