"""Runs JupyterLab until whoever started it is gone.

The one who starts this holds the other end of its standard input. When that end closes, whether on purpose or because
the process was killed, the server stops its kernels and itself. That needs no signals, so it is the same everywhere.

What is configured for all Jupyters of this machine is for others: it is not read. (Settings of a shell are left out by
project.mjs.)
"""

import os
import sys
import threading

from jupyter_core import paths

paths.SYSTEM_CONFIG_PATH = []
paths.SYSTEM_JUPYTER_PATH = []

from jupyter_server.serverapp import ServerApp
from jupyterlab.labapp import main


def stop_with_parent():
    # Past sys.stdin: a thread that waits in it makes Python end with an error of its own, in place of the server's.
    while os.read(0, 4096):
        pass
    loop = getattr(ServerApp.instance(), "io_loop", None) if ServerApp.initialized() else None
    if loop is None:
        os._exit(1)
    loop.add_callback(ServerApp.instance().stop)


threading.Thread(target=stop_with_parent, daemon=True).start()
sys.exit(main())
