"""Prints what the gradebook of a course folder says, as JSON: one entry a submission, with the points of each exercise.

Called by grade.ts in the course folder: the gradebook's address, the course's id.
"""

import json
import sys

from nbgrader.api import Gradebook


def entry(submission):
    exercises = [
        {"id": grade.name.removesuffix("-check"), "points": grade.score or 0, "of": grade.max_score or 0}
        for notebook in submission.notebooks
        for grade in notebook.grades
    ]
    return {
        "student": submission.student.id,
        "assignment": submission.assignment.name,
        "exercises": sorted(exercises, key=lambda exercise: exercise["id"]),
    }


def main(address, course):
    with Gradebook(address, course) as gradebook:
        submissions = [entry(s) for assignment in gradebook.assignments for s in assignment.submissions]
        assignments = [
            {
                "name": assignment.name,
                "exercises": sorted(
                    (
                        {"id": cell.name.removesuffix("-check"), "of": cell.max_score}
                        for notebook in assignment.notebooks
                        for cell in notebook.grade_cells
                    ),
                    key=lambda exercise: exercise["id"],
                ),
            }
            for assignment in gradebook.assignments
        ]
    print(json.dumps({"assignments": assignments, "submissions": submissions}))


main(*sys.argv[1:])
