"""Runs one notebook from the top, as Run All does, and prints one line of JSON: seconds and the kernel's memory.

The clock starts when the kernel is ready, as it is for a person whose JupyterLab has opened the lesson. Called by
lessons.ts: the notebook, the folder of its project, the notebook's place for the kernel to know.
"""

import json
import os
import re
import sys
import time

import nbformat
from nbclient import NotebookClient
from quiet_ports import QuietPorts

PLOT = "application/vnd.plotly.v1+json"


class Watch(NotebookClient):
    """Notes when the first plot arrives, not when its cell ends."""

    first_plot = None

    def process_message(self, msg, cell, cell_index):
        if self.first_plot is None and PLOT in msg["content"].get("data", {}):
            self.first_plot = time.monotonic()
        return super().process_message(msg, cell, cell_index)


def peak_memory(pid):
    """MB of memory that the process has held at most (Linux), or None."""
    try:
        with open(f"/proc/{pid}/status") as status:
            return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) / 1024
    except OSError:
        return None


def main(source, folder, place):
    nb = nbformat.read(source, as_version=4)
    client = Watch(
        nb,
        timeout=600,
        startup_timeout=120,
        kernel_name="tslab",
        kernel_manager_class=QuietPorts,
        resources={"metadata": {"path": folder}},
    )
    with client.setup_kernel(env={**os.environ, "JPY_SESSION_NAME": place}):
        begin = time.monotonic()
        for index, cell in enumerate(nb.cells):
            client.execute_cell(cell, index)
        total = time.monotonic() - begin
        memory = peak_memory(client.km.provisioner.pid)
    plot = None if client.first_plot is None else client.first_plot - begin
    print(json.dumps({"firstPlot": plot, "total": total, "memory": memory}))


main(*sys.argv[1:])
