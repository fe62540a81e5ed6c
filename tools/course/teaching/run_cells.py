"""Runs cells of a learner's notebook in a kernel of their own, and stops where that kernel comes to harm.

Called by judge-run.ts: the notebook, the result, and settings as JSON. Writes the notebook with its outputs; on stdout
`{"trouble": null}`, or what ended the run: "ended" (the kernel is gone), "busy" (a cell does not end, interrupted or
not), "flood" (it prints without end), "garbled" (what it sends can't be read), "memory", "time" (all that was given is
over), with the cell's index.
"""

import json
import os
import sys
import tempfile
import threading
import time

import nbformat
import psutil
from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from quiet_ports import QuietPorts

# Characters of one cell's outputs: what is kept of printed text and of displays, and when the kernel is ended for it (an
# answer is called some ten times in one cell, and may print tens of millions each time).
KEPT_TEXT = 200_000
KEPT_DISPLAYS = 20_000_000
FLOOD = 600_000_000
# Seconds for an interrupted cell to end.
GRACE = 5

TROUBLES = {
    "ended": "the kernel ended while this cell ran",
    "busy": "this cell did not end, and could not be interrupted",
    "flood": "this cell prints without end",
    "garbled": "what the kernel sends since this cell can't be read",
    "memory": "the notebook takes more memory than it is given",
    "time": "the time for the whole notebook is over",
}


def size_of(content):
    shown = content.get("data") or {}
    return len(content.get("text") or "") + sum(len(part) for part in shown.values() if isinstance(part, str))


class Client(NotebookClient):
    """One that ends the kernel when it takes more than it is given, and keeps only so much of what a cell shows."""

    trouble = None

    def begin(self, megabytes, seconds):
        self.printed, self.shown = 0, 0
        self.until = time.monotonic() + seconds
        self.over = threading.Event()
        threading.Thread(target=self.watch, args=[psutil.Process(self.km.provisioner.pid), megabytes], daemon=True).start()

    def end(self, trouble):
        self.trouble = self.trouble or trouble
        self.km.provisioner.process.kill()

    def watch(self, process, megabytes):
        while not self.over.wait(0.2):
            try:
                used = sum(one.memory_info().rss for one in [process, *process.children(recursive=True)])
            except psutil.Error:
                continue
            if used > megabytes * 2**20:
                self.end("memory")
            elif time.monotonic() > self.until:
                self.end("time")

    def process_message(self, msg, cell, cell_index):
        size = size_of(msg["content"])
        text = msg["msg_type"] == "stream"
        before = self.printed if text else self.shown
        if text:
            self.printed += size
        else:
            self.shown += size
        most = KEPT_TEXT if text else KEPT_DISPLAYS
        if self.printed + self.shown > FLOOD:
            self.end("flood")
        if size > 0 and before + size > most:
            if before <= most:
                note = f"\n… this cell shows more than {most:,} characters; the rest is left out\n"
                kept = msg["content"]["text"][: most - before] if text else ""
                cell.outputs.append(nbformat.v4.new_output("stream", name="stdout", text=kept + note))
            return None
        return super().process_message(msg, cell, cell_index)

    async def _async_handle_timeout(self, timeout, cell=None):
        self.iopub_timeout = GRACE
        return await super()._async_handle_timeout(timeout, cell)


def add_error(cell, name, message):
    cell.outputs.append(nbformat.v4.new_output("error", ename=name, evalue=message, traceback=[f"{name}: {message}"]))


def note_failure(cell, reply):
    """A reply that is not "ok" leaves an `error` output."""
    if reply["status"] == "ok" or any(output.output_type == "error" for output in cell.outputs):
        return
    add_error(cell, reply.get("ename", "Error"), reply.get("evalue", "the kernel reported an error without a message"))


def run_cell(client, cell, index, seconds, replies):
    """Runs one cell; what came to harm, if anything, is the client's trouble."""
    replies.clear()
    client.printed, client.shown = 0, 0
    client.timeout, client.iopub_timeout = seconds, 60
    client.error_on_timeout = {"ename": "Timeout", "evalue": f"no answer within {seconds} s"}
    try:
        client.execute_cell(cell, index)
        cell.execution_count = replies[0].get("execution_count", index)
        note_failure(cell, replies[0])
    except CellTimeoutError:
        client.trouble = client.trouble or "busy"
    except DeadKernelError:
        client.trouble = client.trouble or "ended"
    except (ValueError, KeyError, TypeError, AttributeError):  # as jupyter_client and nbclient take a message apart
        client.trouble = client.trouble or "garbled"
    if client.trouble:
        add_error(cell, "Stopped", TROUBLES[client.trouble])


def run(nb, folder, place, cell_seconds, seconds, megabytes):
    replies = []
    client = Client(
        nb,
        startup_timeout=120,
        kernel_name="tslab",
        kernel_manager_class=QuietPorts,
        allow_errors=True,
        record_timing=False,
        interrupt_on_timeout=True,
        raise_on_iopub_timeout=True,
        resources={"metadata": {"path": folder}},
        on_cell_executed=lambda cell, cell_index, execute_reply: replies.append(execute_reply["content"]),
    )
    metadata = nbformat.from_dict(nb.metadata)
    own_runs = tempfile.TemporaryDirectory()
    # What a lesson trains is the submission's own: it meets no other's in one folder.
    env = {**os.environ, "COURSE_MY_RUNS": own_runs.name, **({"JPY_SESSION_NAME": place} if place else {})}
    with own_runs, client.setup_kernel(env=env):
        client.begin(megabytes, seconds)
        for index, cell in enumerate(nb.cells):
            if cell.cell_type != "code" or not cell.source.strip():
                continue
            run_cell(client, cell, index, cell_seconds[index], replies)
            if client.trouble:
                break
        client.over.set()
        if client.trouble:
            client.km.provisioner.process.kill()  # it may listen to nothing else any more
    nb.metadata = metadata  # nbclient adds the kernel's language_info with versions in it
    return client.trouble and {"kind": client.trouble, "cell": index}


def well_formed(value):
    """The same with a mark in place of half a character: JavaScript can make one, no file of UTF-8 can hold it."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [well_formed(inner) for inner in value]
    return {key: well_formed(inner) for key, inner in value.items()} if isinstance(value, dict) else value


def main(source, target, settings):
    nb = nbformat.read(source, as_version=4)
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    try:
        trouble = run(nb, **json.loads(settings))
    except NoSuchKernel:
        sys.exit("The kernel tslab is not registered in .venv: run npm test once, it does that.")
    try:
        nbformat.write(nb, target)
    except UnicodeEncodeError:
        nbformat.write(nbformat.from_dict(well_formed(nb)), target)
    print(json.dumps({"trouble": trouble}))


main(*sys.argv[1:])
