"""Makes the pages of feedback of what is graded, with nbgrader's own converter.

Argument: a file with JSON {assignment: {exercise's id: its title}}; these assignments' pages are made. Run in the course
folder. Pictures are put into the page, hidden tests taken out, and whatever was printed, a page stays below 2 MB.
"""

import json
import os
import sys

from nbgrader.converters import GenerateFeedback
from nbgrader.preprocessors import ClearHiddenTests, NbGraderPreprocessor
from nbgrader.utils import is_grade

from app import found, open_app, run

LONGEST_TEXT = 20_000  # characters of one output, or of one cell
LONGEST_PICTURE = 200_000
LARGEST_PAGE = 1_000_000  # of all outputs; styles and text of a page come to it
# What a page without a network and without programs can show, the best first.
SHOWN = ["text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/latex", "text/plain"]


def cut(text, most=LONGEST_TEXT):
    text = "".join(text) if isinstance(text, list) else str(text)
    return text if len(text) <= most else f"{text[:most]}\n… {len(text) - most} characters more are left out"


def bundle(data):
    """The best of an output's forms that is not too long, and nothing that draws by a program."""
    sizes = {mime: len("".join(data[mime])) for mime in SHOWN if isinstance(data.get(mime), (str, list))}
    limit = lambda mime: LONGEST_PICTURE if mime.startswith("image/") else LONGEST_TEXT  # noqa: E731
    for mime, size in sizes.items():
        drawn = mime == "text/html" and "<script" in "".join(data[mime])
        if size <= limit(mime) and not drawn:
            return {mime: data[mime]}
    return {"text/plain": cut(data["text/plain"]) if "text/plain" in sizes else "(too large for this page)"}


def shorten(output):
    if output.output_type == "stream":
        output.text = cut(output.text)
    elif output.output_type == "error":
        output.evalue = cut(output.evalue, 2000)
        output.traceback = [cut("\n".join(output.traceback))]
    else:
        output.data = type(output.data)(bundle(output.data))
    return len(json.dumps(output))


class Tidy(NbGraderPreprocessor):
    """A page that can be given back: short, without hidden tests, its exercises named in order."""

    def preprocess(self, nb, resources):
        titles = resources["course"]
        hidden = ClearHiddenTests(parent=self)
        size = 0
        for cell in nb.cells:
            cell.source = cut(cell.source)
            size += 4 * len(cell.source)  # highlighted code is as much longer
            if size > LARGEST_PAGE and "nbgrader" not in cell.metadata:
                cell.source = cut(cell.source, 200)
            if is_grade(cell):
                hidden._remove_hidden_test_region(cell)
                name = cell.metadata.nbgrader["grade_id"].removesuffix("-check")
                cell.metadata.nbgrader["title"] = titles.get(name, name)
            for output in cell.get("outputs", []):
                size += shorten(output)
                if size > LARGEST_PAGE and not is_grade(cell):
                    cell.outputs = [type(output)(output_type="stream", name="stdout", text="(left out: the page is full)")]
                    break
        return nb, resources


class Pages(GenerateFeedback):
    def __init__(self, folders, titles, **kwargs):
        super().__init__(**kwargs)
        self.folders, self.titles = folders, titles
        self.preprocessors = [Tidy, *self.preprocessors]
        html = self.config.HTMLExporter
        html.template_name = "course_feedback"
        html.extra_template_paths = [*html.extra_template_paths, *html.extra_template_basedirs]  # nbgrader's own page
        html.extra_template_basedirs = [os.path.dirname(os.path.abspath(__file__)), *html.extra_template_basedirs]
        html.embed_images = True

    def init_notebooks(self):
        self.assignments = {
            folder: [os.path.join(folder, f"{assignment}.ipynb")]
            for _, assignment, folder in self.folders
            if os.path.exists(os.path.join(folder, f"{assignment}.ipynb"))
        }

    def init_assignment(self, assignment_id, student_id):
        pass  # a page needs none of the files beside the notebook

    def init_single_notebook_resources(self, notebook_filename):
        resources = super().init_single_notebook_resources(notebook_filename)
        return {**resources, "course": self.titles[resources["nbgrader"]["assignment"]]}


def main(file):
    with open(file, encoding="utf8") as stream:
        titles = json.load(stream)
    app = open_app()
    graded = found(app.coursedir, app.coursedir.autograded_directory)
    folders = [one for one in graded if one[1] in titles]
    if folders:
        run(Pages(folders, titles, coursedir=app.coursedir, parent=app))


main(*sys.argv[1:])
