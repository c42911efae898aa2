"""The command ``lenet-runs table1``, as a script."""

from lenet.commands.runs import script

if __name__ == "__main__":
    script("table1")
