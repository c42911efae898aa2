"""The command ``lenet-runs plot predictions``, as a script."""

from lenet.commands.runs import script

if __name__ == "__main__":
    script("plot predictions")
