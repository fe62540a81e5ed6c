"""One step of nbgrader's autograde, done elsewhere: where it would run the notebook, judge.ts does, and judges the
exercises outside of the kernel that the submission runs in. All else is nbgrader's own, its settings included.
"""

import os
import re
import subprocess
import tempfile

import nbformat
from nbgrader.preprocessors import Execute

TEACHING = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.abspath(os.path.join(TEACHING, "..", "..", ".."))


class JudgedApart(Execute):
    """Settings of Execute, such as its timeout, hold here too."""

    node = "node"
    # For all cells of a submission: what is not judged by then gets no points.
    seconds = 900
    # Of the cases that are drawn.
    seed = 0

    def preprocess(self, nb, resources):
        with tempfile.TemporaryDirectory() as folder:
            source, target = (os.path.join(folder, f"{name}.ipynb") for name in ("in", "out"))
            nbformat.write(nb, source)
            limits = [str(self.timeout or self.seconds), str(self.seconds), str(self.seed)]
            call = [self.node, "--require", "tsx/cjs", os.path.join(TEACHING, "judge.ts"), source, target, *limits]
            done = subprocess.run(call, cwd=ROOT, capture_output=True, encoding="utf-8")
            if done.returncode != 0:
                lines = done.stderr.strip().splitlines() or ["it said nothing"]
                why = next((line for line in lines if re.match(r"\w*Error: ", line)), lines[-1])  # Node's stack follows
                raise RuntimeError(f"the exercises could not be judged: {why}")
            return nbformat.read(target, as_version=4), resources


class Apart:
    """Before Autograde among the bases of a class: its run of the notebook is JudgedApart's, whatever else is configured."""

    def _init_preprocessors(self):
        chosen = self.autograde_preprocessors
        self.autograde_preprocessors = [JudgedApart if one is Execute else one for one in chosen]
        super()._init_preprocessors()
