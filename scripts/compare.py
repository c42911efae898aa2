"""Compare runs: tables of settings and of pairs, and figures, as a sweep leaves them at its end.

    python scripts/compare.py [RUN ...] [--output FOLDER]

A RUN is a folder of a run, one that contains some, or one whose runs.txt lists some. Runs that
differ in nothing but their seed are put together; those that did not finish are named.
"""

from lenet.report import write_summary
from lenet.results import all_runs, find_runs
from lenet.scripting import output_folder, run_script, writing_parser


def main() -> list[str]:
    arguments = writing_parser(__doc__).parse_args()
    runs = all_runs(arguments.runs) if arguments.runs else find_runs([])
    return write_summary(runs, output_folder(arguments, runs)).split("\n")


if __name__ == "__main__":
    run_script(main)
