"""The command ``lenet-runs plot changes``, as a script."""

from lenet.commands.runs import script

if __name__ == "__main__":
    script("plot changes")
