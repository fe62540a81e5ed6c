# nbgrader in a person's own server: where assignments are, and which course's. JUPYTER_CONFIG_PATH leads here.
import os

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "deepseek-v3"
c.Exchange.root = os.environ.get("COURSE_EXCHANGE", "/srv/nbgrader/exchange")
# Where an assignment that is fetched lies: in the person's own folder of the course, beside work/.
c.Exchange.assignment_dir = os.path.join(os.path.expanduser("~"), "course")

# On Kubernetes the owner of a file is a number that other servers have no name for.
if "KUBERNETES_SERVICE_HOST" in os.environ:
    c.ExchangeCollect.check_owner = False
