"""Runs JupyterLab until whoever started it is gone.

The one who starts this holds the other end of its standard input. When that end closes, whether on purpose or because
the process was killed, the server stops its kernels and itself. That needs no signals, so it is the same everywhere.
"""

import os
import sys
import threading

from jupyter_server.serverapp import ServerApp
from jupyterlab.labapp import main


def stop_with_parent():
    sys.stdin.buffer.read()
    loop = getattr(ServerApp.instance(), "io_loop", None) if ServerApp.initialized() else None
    if loop is None:
        os._exit(1)
    loop.add_callback(ServerApp.instance().stop)


threading.Thread(target=stop_with_parent, daemon=True).start()
sys.exit(main())
