"""The command ``lenet-runs page``, as a script."""

from lenet.commands.runs import script

if __name__ == "__main__":
    script("page")
