"""The command ``lenet-runs compare``, as a script."""

from lenet.commands.runs import script

if __name__ == "__main__":
    script("compare")
