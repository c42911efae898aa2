"""The command ``lenet-runs remove``, as a script."""

from lenet.commands.runs import script

if __name__ == "__main__":
    script("remove")
