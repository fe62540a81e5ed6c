"""python trial.py MODULE …: imports modules. The first that can't be imported is told in one line, exit code 1."""

import importlib
import sys

for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except BaseException as error:  # a package may end the process, too
        print(f"{name}: {type(error).__name__}: {error}".splitlines()[0])
        sys.exit(1)
