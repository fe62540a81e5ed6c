"""Prints what the gradebook says, as JSON: students, assignments, and each submission as nbgrader counts it, with manual
points, extra credit and late penalties.

Argument: a roster, if there is one; whoever it names is in the gradebook from then on. Run in the course folder.
"""

import csv
import json
import sys
import unicodedata

from app import open_app, open_gradebook

# What a roster's columns may be called, first by nbgrader itself, then by learning platforms.
COLUMNS = {
    "id": ["id", "student_id", "username", "sis login id", "id number"],
    "first_name": ["first_name", "first name"],
    "last_name": ["last_name", "last name", "surname", "name", "student"],
    "email": ["email", "e-mail", "email address"],
    "lms_user_id": ["lms_user_id", "lms id", "canvas id"],
}


def read_roster(file):
    """The students of a CSV file with a line of column names; commas, semicolons or tabs between."""
    with open(file, encoding="utf-8-sig", newline="") as stream:
        text = stream.read()
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.DictReader(text.splitlines(), delimiter=delimiter)
    names = {(name or "").strip().lower(): name for name in rows.fieldnames or []}
    columns = {key: next((names[one] for one in known if one in names), None) for key, known in COLUMNS.items()}
    if columns["id"] is None:
        raise SystemExit(f"{file} has no column id: its first line names the columns, such as id,first_name,last_name,email")
    for row in rows:
        student = {key: (row[name] or "").strip() for key, name in columns.items() if name is not None}
        if student["id"] != "":
            yield {key: value or None for key, value in student.items()}


def one_form(name):
    """An é may be one character or, in folders that come from macOS, two: the same name."""
    return unicodedata.normalize("NFC", name)


def import_roster(gradebook, file):
    """Students by the ids that they have in the gradebook already, first of all those under which work was handed in."""
    known = {one_form(one.id): one.id for one in sorted(gradebook.students, key=lambda one: len(one.submissions))}
    ids = []
    for student in read_roster(file):
        student["id"] = known.get(one_form(student["id"]), student["id"])
        fields = {key: value for key, value in student.items() if key != "id" and value is not None}
        gradebook.update_or_create_student(student["id"], **fields)
        ids.append(student["id"])
    return ids


def without_doubles(students):
    """Leaves out who handed in nothing under this form of the name, and something under another."""
    handed_in = {one_form(one.id): one.id for one in students if one.submissions}
    return [one for one in students if handed_in.get(one_form(one.id), one.id) == one.id]


def exercise(grade):
    return {
        "id": grade.name.removesuffix("-check"),
        "points": grade.score or 0,
        "of": grade.max_score or 0,
        "manual": grade.manual_score is not None or bool(grade.extra_credit),
    }


def entry(submission):
    penalty = submission.late_submission_penalty or 0
    notebooks = submission.notebooks
    return {
        "student": submission.student.id,
        "assignment": submission.assignment.name,
        "exercises": [exercise(grade) for notebook in notebooks for grade in notebook.grades],
        "score": max(0, (submission.score or 0) - penalty),
        "of": submission.max_score or 0,
        "penalty": penalty,
        "secondsLate": submission.total_seconds_late,
        "time": submission.timestamp and submission.timestamp.strftime("%Y-%m-%d %H:%M:%S UTC"),
        "toMark": bool(submission.needs_manual_grade),
        "comments": sum(bool(c.manual_comment) for notebook in notebooks for c in notebook.comments),
    }


def main(roster=None):
    coursedir = open_app().coursedir
    with open_gradebook(coursedir) as gradebook:
        listed = import_roster(gradebook, roster) if roster else []
        assignments = [
            {
                "name": assignment.name,
                "of": assignment.max_score or 0,
                "exercises": [
                    {"id": cell.name.removesuffix("-check"), "of": cell.max_score}
                    for notebook in assignment.notebooks
                    for cell in notebook.grade_cells
                ],
            }
            for assignment in gradebook.assignments
        ]
        students = [
            {
                "id": student.id,
                "first": student.first_name or "",
                "last": student.last_name or "",
                "email": student.email or "",
                "lms": student.lms_user_id or "",
            }
            for student in without_doubles(gradebook.students)
        ]
        entries = [entry(one) for assignment in gradebook.assignments for one in assignment.submissions]
    print(json.dumps({"roster": listed, "students": students, "assignments": assignments, "submissions": entries}))


if __name__ == "__main__":
    main(*sys.argv[1:])
