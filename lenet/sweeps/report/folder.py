"""The report on a sweep: its tables, the page, and figures beside them.

curves, steps      the training, by epoch and by step
accuracy           after the last epoch, by setting and seed
accuracy_by_*      the same by each number that was swept
seconds            the time of an epoch, where that is asked for: the machine's load is in it
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from lenet.errors import FiguresError
from lenet.formats.files import relative
from lenet.runs.run import Run
from lenet.sweeps.report.page import write_page
from lenet.sweeps.report.tables import write_tables
from lenet.sweeps.report.terminal import failures, table
from lenet.sweeps.summary import Summary, summarise


def write_summary(runs: Iterable[Run], folder: Path, *, seconds: bool = False) -> str:
    """Summarise runs, finished or not, and report on them; return what to tell the user.

    Raises:
        OSError: the folder cannot be written to.

    """
    summary, paths, why = summarise(runs), [], ""
    try:
        for path in write_report(summary, folder, seconds=seconds):
            paths.append(path)
    except FiguresError as error:
        why = str(error)
    return "\n\n".join(filter(None, [report(summary, paths), why]))


def write_report(
    summary: Summary, folder: Path, *, seconds: bool = False, page: bool = True
) -> Iterator[Path]:
    """Write tables, the page, then figures, that of the times if asked; yield each path.

    Figures come last: what draws them may not be there to be imported.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tables = write_tables(summary, folder)
    yield from tables
    if page:
        yield write_page(summary, folder, tables)
    if summary.ranked:
        yield from draw(summary, folder, seconds=seconds)


def draw(summary: Summary, folder: Path, *, seconds: bool) -> Iterator[Path]:
    """Write the figures; yield the path of each."""
    from lenet.figures.style import save, style
    from lenet.sweeps.report.figures import figures

    with style():
        for name, figure in figures(summary, seconds=seconds):
            yield save(figure, folder / name)[0]


def report(summary: Summary, paths: Iterable[Path]) -> str:
    """Return what to tell the user of a summary, and of what was written of it."""
    written = "\n".join(f"wrote {relative(path)}" for path in paths)
    also = "\n(figures also as .svg)" if ".png" in written else ""
    return "\n\n".join(filter(None, [table(summary), failures(summary), written + also]))
