"""Runs one notebook with other parameters: papermill, with a translator for TypeScript.

Papermill puts a cell after the one tagged `parameters`; it knows a dozen languages, but not this one. A constant gets
the type that the lesson's own has, or a union of all values that it may have (the job's `types`), since `const method =
"loss"` by itself has a type that can be compared with nothing else. Called by run.ts: the job as a JSON file, on stdout
one line of JSON after each cell.
"""

import json
import logging
import os
import sys
import time

import papermill
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.translators import Translator, papermill_translators
from quiet_ports import QuietPorts


def say(**event):
    print(json.dumps(event), flush=True)


class TypeScriptTranslator(Translator):
    """`const name = value as type;`, one line a parameter."""

    types = {}

    @classmethod
    def translate_none(cls, val):
        return "null"

    @classmethod
    def translate_str(cls, val):
        return json.dumps(val)

    @classmethod
    def translate_dict(cls, val):
        return json.dumps(val)

    translate_list = translate_dict

    @classmethod
    def comment(cls, cmt_str):
        return f"// {cmt_str}"

    @classmethod
    def assign(cls, name, str_val):
        kind = cls.types.get(name)
        return f"const {name} = {str_val};" if kind is None else f"const {name} = {str_val} as {kind};"


class ReportingEngine(NBClientEngine):
    """Papermill's own engine; says after each cell how far it is."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **kwargs):
        complete = nb_man.cell_complete

        def cell_complete(cell, cell_index=None, **options):
            complete(cell, cell_index, **options)
            say(event="cell", done=cell_index + 1, total=len(nb_man.nb.cells))

        nb_man.cell_complete = cell_complete
        return super().execute_managed_notebook(nb_man, kernel_name, **kwargs)


def run(job):
    papermill_translators.register("typescript", TypeScriptTranslator)
    papermill_engines.register("course", ReportingEngine)
    TypeScriptTranslator.types = job["types"]
    logging.getLogger("papermill").setLevel(logging.ERROR)
    os.environ["JPY_SESSION_NAME"] = job["output"]
    os.environ["COURSE_RUN"] = "1"  # checkParameters writes down the values that it gets
    try:
        papermill.execute_notebook(
            job["input"],
            job["output"],
            parameters=job["parameters"],
            engine_name="course",
            kernel_name="tslab",
            kernel_manager_class=QuietPorts,
            language="typescript",
            progress_bar=False,
            request_save_on_cell_execute=True,
            autosave_cell_every=0,
            start_timeout=120,
            execution_timeout=job["seconds"],
            cwd=job["folder"],
        )
    except PapermillExecutionError as error:
        say(event="failed", cell=error.cell_index + 1, message=f"{error.ename}: {error.evalue}")
        sys.exit(3)


def main(file):
    with open(file, encoding="utf-8") as stream:
        job = json.load(stream)
    begin = time.monotonic()
    run(job)
    say(event="done", seconds=time.monotonic() - begin)


main(sys.argv[1])
