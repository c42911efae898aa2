"""Compare runs: tables of settings, runs and pairs, and figures, as a sweep leaves them at its end.

    python scripts/compare.py [RUN ...] [--output FOLDER] [--seconds]

A RUN is a folder of a run, one that contains some, or one whose runs.txt lists some. Runs that
differ in nothing but their seed are put together; those that did not finish are named.
"""

from lenet.commands.arguments import output_folder, run_script, writing_parser
from lenet.runs.find import all_runs, find_runs
from lenet.sweeps.report import write_summary


def main() -> list[str]:
    parser = writing_parser(__doc__)
    parser.add_argument(
        "--seconds",
        action="store_true",
        help="draw the time of an epoch as well, which depends on what else the machine had to do",
    )
    arguments = parser.parse_args()
    runs = all_runs(arguments.runs) if arguments.runs else find_runs([])
    folder = output_folder(arguments, runs)
    return write_summary(runs, folder, seconds=arguments.seconds).split("\n")


if __name__ == "__main__":
    run_script(main)
