"""The command ``lenet-runs report``, as a script."""

from lenet.commands.runs import script

if __name__ == "__main__":
    script("report")
