"""The ports of a kernel that a program of ours starts.

Jupyter asks the system for free ports and lets go of them again until the kernel takes them, a second or more later. The
system meanwhile hands the same ones out to others: then the kernel ends with "Address already in use". JupyterLab starts
it again with other ports, nbclient and papermill do not. So ours come from below those that systems hand out.
"""

import random
import socket

from jupyter_client.connect import port_names
from jupyter_client.manager import AsyncKernelManager

# Linux hands out 32768 and above, macOS and Windows 49152 and above.
PORTS = range(20_000, 32_768)


def is_free(port, ip):
    with socket.socket() as one:
        try:
            one.bind((ip, port))
        except OSError:
            return False
    return True


class QuietPorts(AsyncKernelManager):
    """A kernel manager that chooses the ports itself, among those that nobody else gets by chance."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.cache_ports = False  # else it asks the system, whatever was chosen
        free = (port for port in random.sample(PORTS, len(PORTS)) if is_free(port, self.ip))
        for name in port_names:
            setattr(self, name, next(free, 0))  # 0: the system's choice
