"""Draw loss and accuracy by epoch, as in the paper's Figs. 9 and 10: curves.png and curves.svg.

    python scripts/plot_curves.py [RUN ...] [--output FOLDER]

Runs that differ in nothing but their seed become one line: their mean, in a band of one standard
deviation to either side. The paper's Table I is drawn as crosses where all runs are by its recipe:
lenet dataset=mnist, from any initial weights.
"""

from pathlib import Path

from lenet.commands.arguments import output_folder, run_script, writing_parser
from lenet.figures.curves import curves
from lenet.figures.style import save, style
from lenet.runs.find import find_runs
from lenet.runs.groups import by_setting


def main() -> list[Path]:
    arguments = writing_parser(__doc__).parse_args()
    runs = find_runs(arguments.runs)
    with style():
        return save(curves(by_setting(runs)), output_folder(arguments, runs) / "curves")


if __name__ == "__main__":
    run_script(main)
