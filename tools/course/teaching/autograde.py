"""nbgrader's autograde, the exercises judged apart. Called by judge-autograde.ts in the course folder: Node, the seconds
for a submission, then what `nbgrader autograde` takes.
"""

import os
import sys

from nbgrader.apps import autogradeapp
from nbgrader.converters import Autograde

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "grader"))
from judged_apart import Apart, JudgedApart  # noqa: E402


class AutogradeApart(Apart, Autograde):
    pass


JudgedApart.node, seconds, *arguments = sys.argv[1:]
JudgedApart.seconds = float(seconds)
autogradeapp.Autograde = AutogradeApart
autogradeapp.AutogradeApp.launch_instance(arguments)
