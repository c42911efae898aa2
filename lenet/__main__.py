"""``python -m lenet`` is the same as the command ``lenet``."""

from lenet.main import main

if __name__ == "__main__":
    main()
