"""Turns masters (notebooks/source/NN-topic.ts, percent format) into notebooks, without running them.

Jupytext reads the master; nbgrader's own preprocessors clear solutions and hidden tests, so that a lesson and a graded
assignment are cut the same way. Nothing here depends on time, chance or the machine: the same master gives the same
notebook, down to the cell ids. Called by masters.ts: file names as arguments, JSON on stdout.
"""

import hashlib
import json
import logging
import re
import sys
from pathlib import Path

import jupytext
from traitlets.config import Config

try:
    from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions
except ImportError:
    sys.exit("nbgrader is not in .venv: building needs more than npm start installs; run npm test once, it adds the rest.")

STUB = '// YOUR CODE HERE\nthrow new Error("Not implemented");'
KERNEL = {"display_name": "TypeScript (course)", "language": "typescript", "name": "tslab"}
LANGUAGE = {
    "codemirror_mode": {"mode": "typescript", "name": "javascript", "typescript": True},
    "file_extension": ".ts",
    "mimetype": "text/typescript",
    "name": "typescript",
}
KEPT = {"tags", "nbgrader", "jupyter"}
DROPPED = {"lines_to_next_cell", "lines_to_end_of_cell_marker"}
MARKERS = re.compile(r"^\s*///\s*(BEGIN|END) (SOLUTION|HIDDEN TESTS)\s*$")


class MasterError(Exception):
    """Something in a master that would give a wrong notebook."""


def cell_id(lesson, cell, taken):
    """The exercise's id, or a digest of the cell's text: an edit elsewhere in the lesson leaves it as it is."""
    name = cell.metadata.get("nbgrader", {}).get("grade_id")
    if name is None:
        digest = hashlib.sha256(f"{lesson}\n{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:10]
        name = f"{lesson[:2]}-{digest}"
    taken[name] = taken.get(name, 0) + 1
    return name if taken[name] == 1 else f"{name}-{taken[name]}"


def read_master(path):
    """One master as a notebook, its cells named, its metadata cut down to what a lesson needs."""
    lesson = path.stem
    nb = jupytext.reads(
        path.read_text(encoding="utf-8"),
        fmt={"extension": ".ts", "format_name": "percent", "comment_magics": False},
    )
    nb.metadata = {"kernelspec": dict(KERNEL), "language_info": dict(LANGUAGE)}
    nb.nbformat, nb.nbformat_minor = 4, 5
    taken = {}
    for number, cell in enumerate(nb.cells, 1):
        for key in DROPPED:
            cell.metadata.pop(key, None)
        unknown = sorted(set(cell.metadata) - KEPT)
        where = f"{path.name}, cell {number} ({first_line(cell.source)})"
        if unknown:
            raise MasterError(
                f"{where}: unknown cell metadata {', '.join(unknown)}; known are {', '.join(sorted(KEPT))}"
            )
        if cell.cell_type not in ("code", "markdown"):
            raise MasterError(f"{where}: cell type {cell.cell_type}; write // %% or // %% [markdown]")
        if not cell.source.strip():
            raise MasterError(f"{where}: the cell is empty")
        if cell.cell_type == "code" and re.search(r"^// %%", cell.source, re.MULTILINE):
            raise MasterError(f"{where}: a cell marker inside the cell")
        cell["id"] = cell_id(lesson, cell, taken)
    graded = [cell.metadata.nbgrader.grade_id for cell in nb.cells if "nbgrader" in cell.metadata]
    for name in graded:
        if graded.count(name) > 1:
            raise MasterError(f"{path.name}: two cells have the grade_id {name}")
    return nb


def first_line(source):
    return source.strip().split("\n", 1)[0][:60]


def copy(nb):
    return jupytext.reads(jupytext.writes(nb, "ipynb"), "ipynb")


def unsolved(nb):
    """The learner's version: nbgrader takes out the solution regions and the hidden tests."""
    config = Config()
    config.ClearSolutions.code_stub = {"typescript": STUB}
    nb = copy(nb)
    for preprocessor in (ClearSolutions(config=config), ClearHiddenTests(config=config)):
        preprocessor.log.setLevel(logging.CRITICAL)
        nb, _ = preprocessor.preprocess(nb, {})
    return nb


def solved(nb):
    """The teacher's version: everything stays, only the lines that mark regions go."""
    nb = copy(nb)
    for cell in nb.cells:
        if "nbgrader" in cell.metadata:
            cell.source = "\n".join(line for line in cell.source.split("\n") if not MARKERS.match(line))
    return nb


def generate(path):
    nb = read_master(path)
    try:
        return {"lesson": path.stem, "source": nb, "unsolved": unsolved(nb), "solved": solved(nb)}
    except (RuntimeError, ValueError) as error:
        raise MasterError(f"{path.name}: {error}") from error


def main(names):
    """Prints the notebooks, or every master's first error."""
    notebooks, errors = [], []
    for name in names:
        try:
            notebooks.append(generate(Path(name)))
        except MasterError as error:
            errors.append(str(error))
    if errors:
        sys.exit("\n".join(errors))
    print(json.dumps(notebooks))


main(sys.argv[1:])
