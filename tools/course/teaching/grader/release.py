"""Cuts the release version of one assignment from its source version, and enters it in the gradebook.

Argument: the assignment. Run in the course folder.
"""

import sys

from nbgrader.converters import GenerateAssignment

from app import OneFolder, open_app, run


class ReleaseOne(OneFolder, GenerateAssignment):
    pass


def main(assignment):
    app = open_app()
    app.coursedir.assignment_id = assignment
    run(ReleaseOne(coursedir=app.coursedir, parent=app))


main(*sys.argv[1:])
