"""Grades one submission that npm run grade has prepared, with nbgrader's autograder and the course's configuration; its
exercises are judged apart.

Arguments: the student, the assignment, Node, the seconds for the submission's cells, the seed of the drawn cases. With
--failed in place of the last three: what could not be graded counts nothing, also in nbgrader's gradebook. Whatever
characters a name has, it is no pattern. Run in the course folder.
"""

import sys

from nbgrader.converters import Autograde

from app import PREPARED, OneFolder, open_app, open_gradebook, run
from judged_apart import Apart, JudgedApart


class AutogradeOne(OneFolder, Apart, Autograde):
    pass


def record_failure(coursedir, student, assignment):
    with open_gradebook(coursedir) as gradebook:
        gradebook.update_or_create_student(student)
        time = coursedir.get_existing_timestamp(coursedir.format_path(PREPARED, student, assignment))
        fields = {} if time is None else {"timestamp": time}
        entry = gradebook.update_or_create_submission(assignment, student, **fields)
        for notebook in entry.notebooks:
            notebook.late_submission_penalty = None
            for grade in notebook.grades:
                grade.auto_score = 0
                grade.needs_manual_grade = grade.manual_score is not None
        gradebook.db.commit()


def main(student, assignment, *flags):
    app = open_app()
    app.coursedir.student_id, app.coursedir.assignment_id = student, assignment
    app.coursedir.submitted_directory = PREPARED
    if "--failed" in flags:
        return record_failure(app.coursedir, student, assignment)
    JudgedApart.node, JudgedApart.seconds, JudgedApart.seed = flags[0], float(flags[1]), int(flags[2])
    run(AutogradeOne(coursedir=app.coursedir, parent=app))


main(*sys.argv[1:])
