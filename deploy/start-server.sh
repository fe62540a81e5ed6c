#!/usr/bin/env bash
# Starts a person's server in the image: their own folder first, then JupyterHub's single-user server; without a hub
# (docker run, Binder) JupyterLab itself. What is appended to the command is passed on.
set -euo pipefail

course=${COURSE_DIR:-/srv/course}
home=${HOME:-/home/jovyan}
folder=$home/course

# On Kubernetes each person has a number of their own, so that what is handed in is theirs alone; nbgrader asks for a name.
if ! getent passwd "$(id -u)" >/dev/null; then
  NSS_WRAPPER_PASSWD=$(mktemp)
  { cat /etc/passwd; echo "${JUPYTERHUB_USER:-learner}:x:$(id -u):$(id -g)::$home:/bin/bash"; } >"$NSS_WRAPPER_PASSWD"
  export NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP=/etc/group LD_PRELOAD=libnss_wrapper.so
fi

export COURSE_CACHE=$home/.cache/course COURSE_WORK=$folder/work JUPYTER_CONFIG_PATH=$course/deploy/jupyter
# What is in the way of the course's files is named, and the server starts all the same.
node "$course/tools/run.mjs" home "$folder" || echo "The folder $folder could not be prepared."
[ -d "$folder" ] || folder=$home
cd "$folder"

if [ -n "${JUPYTERHUB_API_TOKEN:-}" ]; then
  exec "$course/.venv/bin/python" -m jupyterhub.singleuser --ServerApp.root_dir="$folder" "$@"
fi
exec "$course/.venv/bin/python" -m jupyterlab --no-browser --ServerApp.root_dir="$folder" "$@"
