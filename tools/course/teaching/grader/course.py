"""Prints what lies in a course folder, as JSON: folders by nbgrader's configuration, submissions and their times.

Run in the course folder.
"""

import json
import os
import re

import dateutil.tz
from nbgrader.api import MissingEntry
from nbgrader.utils import parse_utc

from app import PREPARED, found, open_app, open_gradebook


def time_of(folder):
    """When something was handed in, as timestamp.txt says, and what is wrong with that file."""
    file = os.path.join(folder, "timestamp.txt")
    if not os.path.exists(file):
        return None, None
    try:
        with open(file, encoding="utf-8-sig", errors="replace") as stream:
            text = stream.read().strip()
        if text == "":
            return None, "timestamp.txt is empty: its time is not known"
        # nbgrader takes the number of a zone that stands by itself for seconds.
        text = re.sub(r"\s+([+-]\d\d:?\d\d)$", r"\1", text)
        zone = text.split(" ")[2] if len(text.split(" ")) == 3 else "UTC"
        if dateutil.tz.gettz(zone) is None:
            return None, f"timestamp.txt names a time zone that is not known ({zone}): write +0200 or UTC"
        return parse_utc(text).strftime("%Y-%m-%d %H:%M:%S.%f UTC"), None
    except (ValueError, OverflowError, OSError):
        return None, "timestamp.txt holds no time: write 2026-11-20 23:59:00 UTC"


def due_of(gradebook, student, assignment):
    """When it is due, for this student; None if nobody said."""
    try:
        try:
            due = gradebook.find_submission(assignment, student).duedate
        except MissingEntry:
            due = gradebook.find_assignment(assignment).duedate
    except MissingEntry:
        return None
    return due and due.strftime("%Y-%m-%d %H:%M:%S UTC")


def submission(coursedir, gradebook, student, assignment, folder):
    time, problem = time_of(folder)
    path = lambda step: coursedir.format_path(step, student, assignment)  # noqa: E731
    return {
        "student": student,
        "assignment": assignment,
        "submitted": folder,
        "prepared": path(PREPARED),
        "autograded": path(coursedir.autograded_directory),
        "feedback": path(coursedir.feedback_directory),
        "time": time,
        "due": due_of(gradebook, student, assignment),
        "timeProblem": problem,
    }


def main():
    coursedir = open_app().coursedir
    master = lambda step, name: coursedir.format_path(step, ".", name)  # noqa: E731
    sources = master(coursedir.source_directory, "")
    names = sorted(os.listdir(sources)) if os.path.isdir(sources) else []
    assignments = [
        {
            "name": name,
            "source": os.path.join(master(coursedir.source_directory, name), f"{name}.ipynb"),
            "release": os.path.join(master(coursedir.release_directory, name), f"{name}.ipynb"),
        }
        for name in names
        if os.path.exists(os.path.join(master(coursedir.source_directory, name), f"{name}.ipynb"))
    ]
    handed_in = found(coursedir, coursedir.submitted_directory)
    with open_gradebook(coursedir) as gradebook:
        submissions = [submission(coursedir, gradebook, *one) for one in handed_in]
    print(
        json.dumps(
            {
                "root": coursedir.root,
                "masters": {
                    "source": master(coursedir.source_directory, "<assignment>"),
                    "release": master(coursedir.release_directory, "<assignment>"),
                },
                "submitted": os.path.join(coursedir.root, coursedir.submitted_directory),
                "assignments": assignments,
                "submissions": submissions,
            }
        )
    )


main()
