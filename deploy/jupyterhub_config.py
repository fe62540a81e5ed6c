# JupyterHub for a small class on one server (Linux, started as root). Each person has a system account and logs in with
# its password; their server runs as that account, with its own copies of the lessons in ~/course. The course folder is
# shared and read-only (install-course.sh makes it). Start:
#
#   COURSE_DIR=/srv/course /srv/course/.venv/bin/python -m jupyterhub -f /srv/course/deploy/jupyterhub_config.py
#
# What may be set from outside: COURSE_DIR, COURSE_EXCHANGE, COURSE_PORT, COURSE_TEACHERS, COURSE_MEMORY (of one process,
# such as 2G), COURSE_PROCESSES (of one person).
import os
import pwd
import resource
import shutil
import subprocess

from jupyterhub.spawner import LocalProcessSpawner

c = get_config()  # noqa: F821

COURSE = os.environ.get("COURSE_DIR", "/srv/course")
EXCHANGE = os.environ.get("COURSE_EXCHANGE", "/srv/nbgrader/exchange")
PORT = int(os.environ.get("COURSE_PORT", "8000"))
PYTHON = os.path.join(COURSE, ".venv", "bin", "python")
NODE = os.environ.get("COURSE_NODE") or shutil.which("node") or "/usr/bin/node"
PROXY = os.path.join(COURSE, "deploy", "proxy", "node_modules", "configurable-http-proxy", "bin", "configurable-http-proxy")


class CourseSpawner(LocalProcessSpawner):
    """A person's server, with limits that every process of it inherits, and with their folder ready."""

    def make_preexec_fn(self, name):
        become = super().make_preexec_fn(name)
        memory = int(self.mem_limit or 0)
        processes = int(os.environ.get("COURSE_PROCESSES", "400"))

        def preexec():
            # A kernel that wants more gets none and dies; Jupyter starts it again, and nobody else notices.
            if memory > 0:
                resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
            resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))
            os.nice(5)  # the hub, its proxy and the teacher's shell come first
            become()

        return preexec


def prepare(spawner):
    """The person's own folder, made by themselves: nothing in their home is written by root.

    What is in the way there is theirs: it is named in the hub's log, and their server starts all the same.
    """
    account = pwd.getpwnam(spawner.user.name)
    folder = os.path.join(account.pw_dir, "course")
    command = [NODE, os.path.join(COURSE, "tools", "run.mjs"), "home", folder]
    drop = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    try:
        options = {"cwd": account.pw_dir, "env": {"HOME": account.pw_dir}, "capture_output": True, "text": True, **drop}
        made = subprocess.run(command, timeout=60, **options)
        for line in (made.stdout + made.stderr).splitlines():
            spawner.log.info("The folder of %s: %s", spawner.user.name, line)
    except (OSError, subprocess.SubprocessError) as error:
        spawner.log.warning("The folder of %s could not be prepared: %s", spawner.user.name, error)
    spawner.notebook_dir = folder if os.path.isdir(folder) else account.pw_dir
    spawner.environment.update(
        COURSE_CACHE=os.path.join(account.pw_dir, ".cache", "course"),
        COURSE_WORK=os.path.join(folder, "work"),
    )


# Only this machine: a web server with TLS stands in front of it.
c.JupyterHub.bind_url = f"http://127.0.0.1:{PORT}"
c.JupyterHub.hub_port = PORT + 1
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{PORT + 2}"
c.ConfigurableHTTPProxy.command = [NODE, PROXY]

c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.open_sessions = False
c.Authenticator.admin_users = set(os.environ.get("COURSE_TEACHERS", "teacher").split(","))
c.Authenticator.allow_all = True  # everybody who has an account on this server
c.Authenticator.delete_invalid_users = True

c.JupyterHub.spawner_class = CourseSpawner
c.Spawner.cmd = [PYTHON, "-m", "jupyterhub.singleuser"]
c.Spawner.pre_spawn_hook = prepare
c.Spawner.default_url = "/lab/tree/work/00-start-here.ipynb"
c.Spawner.mem_limit = os.environ.get("COURSE_MEMORY", "2G")
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120
c.JupyterHub.concurrent_spawn_limit = 10
c.Spawner.environment = {
    "PATH": os.pathsep.join([os.path.dirname(PYTHON), os.path.dirname(NODE), "/usr/local/bin", "/usr/bin", "/bin"]),
    "COURSE_DIR": COURSE,
    "COURSE_EXCHANGE": EXCHANGE,
    # The one kernel, nbgrader's buttons, and memory that goes back when nobody works: deploy/jupyter/
    "JUPYTER_CONFIG_PATH": os.path.join(COURSE, "deploy", "jupyter"),
}
