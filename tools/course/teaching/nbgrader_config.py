# Settings of nbgrader for this course. `npm run assignment` copies them into a course folder; what you change there
# stays.
import atexit
import os
import shutil
import tempfile

c = get_config()  # noqa: F821

# Lesson 10 trains. What a submission trains is its own: two that are graded at the same time don't meet in one folder,
# and the teacher's own runs stay as they are.
if "COURSE_MY_RUNS" not in os.environ:
    os.environ["COURSE_MY_RUNS"] = tempfile.mkdtemp(prefix="course-runs-")
    atexit.register(shutil.rmtree, os.environ["COURSE_MY_RUNS"], ignore_errors=True)

c.CourseDirectory.course_id = "deepseek-v3"
# Two submissions may be graded at the same time: the one that comes second waits for the gradebook.
c.CourseDirectory.db_url = "sqlite:///gradebook.db?timeout=120"

# nbgrader knows no stub for TypeScript. The check takes this error for "not solved yet".
c.ClearSolutions.code_stub = {"typescript": '// YOUR CODE HERE\nthrow new Error("Not implemented");'}

# Seconds for one cell. After that it is interrupted, counts as failed, and the next one runs.
c.Execute.timeout = 120
c.Execute.startup_timeout = 120
# Seconds to wait for a finished cell's outputs: 4 if unset, too few on a busy machine, and then nothing is graded.
c.Execute.iopub_timeout = 60

# Where releases, submissions and feedback change hands when the class works on one machine (a hub). Everybody may look
# for assignments and hand in; nobody but the teacher reads what was handed in.
c.Exchange.root = os.environ.get("COURSE_EXCHANGE", "/srv/nbgrader/exchange")

# Late work costs nothing unless you say so: "zero" takes all points, or name a plugin of your own.
# c.LateSubmissionPlugin.penalty_method = "zero"

# nbgrader zip_collect: how the names of a platform's download are to be read. Moodle, in folders; Canvas.
# c.FileNameCollectorPlugin.named_regexp = (
#     r".*/(?P<student_id>[^/]+)_\d+_assignsubmission_file_?/(?P<file_id>\d\d-[a-z-]*[a-z]).*"
# )
# c.FileNameCollectorPlugin.named_regexp = (
#     r".*/(?P<student_id>[^/_]+)_(LATE_)?\d+_\d+_(?P<file_id>\d\d-[a-z-]*[a-z]).*"
# )
