"""Runs one notebook from the top in the real kernel, as Run All does, and writes it with its outputs.

tslab tells of an error by red text and by the status of its reply, and it drops cells that arrive too soon after one.
nbclient keeps the text but not the status: here every reply other than "ok" becomes an `error` output, so that whoever
reads the notebook afterwards sees every failure. Called by execute.ts: the notebook, the result, the kernel's folder,
the notebook's place for the kernel to know, the seconds a cell may take, and whether to "stop" or "go on" after an
error; on stdout one line of JSON after each cell.
"""

import json
import os
import sys
import tempfile
import time

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from quiet_ports import QuietPorts


def say(**event):
    print(json.dumps(event), flush=True)


def add_error(cell, name, message):
    cell.outputs.append(nbformat.v4.new_output("error", ename=name, evalue=message, traceback=[message]))


def note_failure(cell, reply):
    """A reply that is not "ok" leaves an `error` output, with what the kernel printed as its text."""
    if reply["status"] == "ok" or any(output.output_type == "error" for output in cell.outputs):
        return
    if reply["status"] in ("abort", "aborted"):
        add_error(cell, "Skipped", "the kernel skipped this cell because an earlier one failed")
        return
    printed = "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stderr")
    add_error(cell, "Error", printed.strip() or "the kernel reported an error without a message")


def run(nb, folder, place, timeout, keep_going):
    """Runs the cells in order and stops after the first that fails, unless it shall keep going."""
    client = NotebookClient(
        nb,
        timeout=timeout,
        startup_timeout=60,
        kernel_name="tslab",
        kernel_manager_class=QuietPorts,
        allow_errors=True,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": folder}},
        on_cell_executed=lambda cell, cell_index, execute_reply: replies.append(execute_reply["content"]),
    )
    replies = []
    metadata = nbformat.from_dict(nb.metadata)
    begin = time.monotonic()
    # Trainings of the lesson are made anew, whatever the learner of this checkout has trained.
    own_runs = tempfile.TemporaryDirectory()
    env = {**os.environ, "JPY_SESSION_NAME": place, "COURSE_MY_RUNS": own_runs.name}
    with own_runs, client.setup_kernel(env=env):
        say(event="ready", seconds=time.monotonic() - begin)
        for index, cell in enumerate(nb.cells):
            if cell.cell_type != "code":
                continue
            replies.clear()
            begin = time.monotonic()
            try:
                client.execute_cell(cell, index)
                cell.execution_count = replies[0].get("execution_count") if replies else None
                note_failure(cell, replies[0] if replies else {"status": "no reply"})
            except CellTimeoutError:
                add_error(cell, "Timeout", f"no answer within {timeout} s")
            except DeadKernelError:
                add_error(cell, "DeadKernel", "the kernel died")
            say(event="cell", index=index, seconds=time.monotonic() - begin)
            if not keep_going and any(output.output_type == "error" for output in cell.outputs):
                break
    nb.metadata = metadata  # nbclient adds the kernel's language_info with versions in it


def main(source, target, folder, place, timeout, after_error="stop"):
    nb = nbformat.read(source, as_version=4)
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    try:
        run(nb, folder, place, int(timeout), after_error == "go on")
    except NoSuchKernel:
        sys.exit("The kernel tslab is not registered in .venv: run npm test once, it does that.")
    nbformat.write(nb, target)


main(*sys.argv[1:])
