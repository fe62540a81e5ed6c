"""The course folder as nbgrader sees it: its configuration, its folders, its gradebook. The programs here run in it."""

import glob
import os

from nbgrader.api import Gradebook
from nbgrader.apps.autogradeapp import AutogradeApp
from nbgrader.converters.base import NbGraderException

# Where npm run grade puts what it has made gradable: a step of nbgrader's like submitted/.
PREPARED = "prepared"


def open_app():
    """nbgrader's own application, configured as it is in the current folder."""
    app = AutogradeApp()
    app.initialize([])
    return app


def open_gradebook(coursedir):
    return Gradebook(coursedir.db_url, coursedir.course_id)


def found(coursedir, step):
    """What lies in a step's folder: (student, assignment, folder), in their order. No character of a path is a pattern."""
    within = coursedir.directory_structure.format(nbgrader_step=step, student_id="*", assignment_id="*")
    pieces = within.replace(os.sep, "/").split("/")
    for folder in sorted(glob.glob(os.path.join(glob.escape(coursedir.root), within))):
        parts = os.path.relpath(folder, coursedir.root).replace(os.sep, "/").split("/")
        names = [part for piece, part in zip(pieces, parts) if "*" in piece]
        order = coursedir.directory_structure
        if order.index("{student_id}") > order.index("{assignment_id}"):
            names.reverse()
        if len(names) == 2 and os.path.isdir(folder):
            yield names[0], names[1], folder


class OneFolder:
    """For a converter of nbgrader: it takes the one folder that is meant. Else names of folders would be patterns."""

    def init_notebooks(self):
        name = self.coursedir.assignment_id
        folder = self._format_source(name, self.coursedir.student_id)
        self.assignments = {folder: [os.path.join(folder, f"{name}.ipynb")]}


def run(converter):
    """Runs a converter of nbgrader, over what is there already.

    Raises SystemExit where nbgrader gives up; it has said why on stderr.
    """
    converter.force = True
    try:
        converter.start()
    except NbGraderException:
        raise SystemExit(1) from None
