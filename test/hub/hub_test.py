"""A class on a real JupyterHub on this machine, from the log-in to the grade: what hub-test.ts starts, as root.

Everything is as deploy/ has it: jupyterhub_config.py, configurable-http-proxy, system accounts with passwords, the shared
course folder, nbgrader's exchange. Arguments: the course folder, a folder for everything else, the number of learners,
the first of four free ports.
"""

import asyncio
import csv
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
from accounts import Account
from person import Person
from report import Report

LESSON = "01-mixture-of-experts"
COURSE_ID = "deepseek-v3"
MEMORY = "2G"
LOOP = "while (true) {}"
# Memory that only grows: arrays of numbers, each 80 MB, all kept.
HOG = "const hoard: number[][] = [];\nfor (;;) hoard.push(new Array(10_000_000).fill(Math.random()));"


class Class:
    def __init__(self, course, base, learners, port):
        self.course = Path(course)
        self.base = Path(base)
        self.port = port
        self.report = Report()
        self.learners_wanted = learners
        self.exchange = self.base / "exchange"
        self.hub = None
        self.accounts = []
        tag = secrets.token_hex(2)
        self.names = [f"cl{tag}-{i + 1}" for i in range(learners)]
        self.teacher_name = f"cl{tag}-teacher"

    # Accounts, exchange, hub

    def make_accounts(self):
        homes = self.base / "homes"
        homes.mkdir(mode=0o755)
        self.teacher = self.add_account(self.teacher_name, homes)
        self.learners = [self.add_account(name, homes) for name in self.names]

    def add_account(self, name, homes):
        account = Account(name, str(homes / name))
        self.accounts.append(account)
        return account

    def environment(self, account=None):
        """What the hub's processes get; with an account, what a terminal of its server has."""
        venv = self.course / ".venv" / "bin"
        env = {
            "PATH": os.pathsep.join([str(venv), os.path.dirname(os.environ["COURSE_NODE"]), "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]),
            "COURSE_DIR": str(self.course),
            "COURSE_EXCHANGE": str(self.exchange),
            "COURSE_NODE": os.environ["COURSE_NODE"],
            "COURSE_PORT": str(self.port),
            "COURSE_TEACHERS": self.teacher_name,
            "COURSE_MEMORY": MEMORY,
            "COURSE_PROCESSES": "4000",  # accounts of a container share their number with other containers' accounts
        }
        if account is not None:
            env["COURSE_CACHE"] = f"{account.home}/.cache/course"
            env["COURSE_WORK"] = f"{account.home}/course/work"
        return env

    def start_hub(self):
        folder = self.base / "hub"
        folder.mkdir(mode=0o700)
        log = open(self.base / "hub.log", "w")
        self.hub = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(self.course / "deploy" / "jupyterhub_config.py")],
            cwd=folder,
            env={**self.environment(), "HOME": str(folder), "LANG": "C.UTF-8"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    async def hub_answers(self, seconds=300):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.hub.poll() is not None:
                raise RuntimeError(f"the hub ended: {(self.base / 'hub.log').read_text()[-2000:]}")
            try:
                async with httpx.AsyncClient(trust_env=False) as web:
                    if (await web.get(f"{self.address}/hub/api/")).status_code == 200:
                        return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.3)
        raise RuntimeError("the hub did not answer")

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    # What the teacher does, in a terminal

    def teach(self, *command, cwd=None):
        done = self.teacher.run(*command, env=self.environment(self.teacher), cwd=cwd)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout[-800:]}{done.stderr[-800:]}")
        return done.stdout

    @property
    def course_root(self):
        return f"{self.teacher.home}/{COURSE_ID}"

    def release(self):
        run = [os.environ["COURSE_NODE"], "tools/run.mjs"]
        self.teach(*run, "assignment", LESSON, "--sheet", "--out", self.course_root, cwd=self.course)
        self.teach("python", "-m", "nbgrader", "release_assignment", LESSON, cwd=self.course_root)

    def collect_and_grade(self):
        self.teach("python", "-m", "nbgrader", "collect", LESSON, cwd=self.course_root)
        self.teach(os.environ["COURSE_NODE"], "tools/run.mjs", "grade", self.course_root, cwd=self.course)
        with open(Path(self.course_root, "grades", f"{LESSON}.csv"), encoding="utf8", newline="") as table:
            return {row["id"]: (float(row["points"]), float(row["of"])) for row in csv.DictReader(table)}

    # Measurements

    def memory_of(self, account):
        """Megabytes of a person's processes, what they share with others counted once (PSS)."""
        total = 0
        for process in psutil.process_iter(["uids"]):
            try:
                if process.info["uids"].real == account.uid:
                    total += process.memory_full_info().pss
            except (psutil.Error, AttributeError):
                pass
        return total / 2**20

    def server_of(self, account):
        for process in psutil.process_iter(["uids", "cmdline"]):
            if process.info["uids"].real == account.uid and "jupyterhub.singleuser" in (process.info["cmdline"] or []):
                return process
        return None

    # The scenario

    async def work_through(self, person):
        """From the log-in to the lesson's last cell. Returns seconds to the server and to the first cell, and the work."""
        begin = time.monotonic()
        await person.log_in()
        server = await person.start_server()
        path = f"work/{LESSON}.ipynb"
        notebook = await person.read(path)
        kernel = await person.open(path)
        first, count = None, 0
        for cell in notebook["cells"]:
            if cell["cell_type"] != "code":
                continue
            status, outputs = await kernel.run(cell["source"])
            first = first or time.monotonic() - begin
            count += 1
            if status != "ok":
                raise RuntimeError(f"{person.name}, cell {count}: {status} {outputs[-1:]}")
            cell["outputs"], cell["execution_count"] = outputs, count
        notebook["metadata"]["worked_by"] = person.name
        await person.save(path, notebook)
        total = time.monotonic() - begin
        kernel.close()
        return {"server": server, "first": first, "total": total, "cells": count, "memory": self.memory_of(person.account)}

    async def hand_in(self, person, right, answers):
        """Fetches the assignment with nbgrader's extension, solves some of it, hands it in the same way."""
        which = {"assignment_id": LESSON, "course_id": COURSE_ID}
        fetched = (await person.server("POST", "/assignments/fetch", data=which)).json()
        if not fetched["success"]:
            raise RuntimeError(f"{person.name} can't fetch: {fetched}")
        path = f"{LESSON}/{LESSON}.ipynb"
        notebook = await person.read(path)
        for cell in notebook["cells"]:
            name = cell["metadata"].get("nbgrader", {}).get("grade_id")
            if name in right:
                cell["source"] = answers[name]
        await person.save(path, notebook)
        submitted = (await person.server("POST", "/assignments/submit", data=which)).json()
        if not submitted["success"]:
            raise RuntimeError(f"{person.name} can't hand in: {submitted}")

    async def privacy(self, people):
        one, other = people[0], people[1]
        path = f"work/{LESSON}.ipynb"
        strangers = await one.server("GET", f"/api/contents/{path}", owner=other.name)
        self.report.check("nobody's server answers somebody else's token", strangers.status_code == 403, f"status {strangers.status_code}")
        inbound = self.exchange / COURSE_ID / "inbound"
        tries = {
            "reads another's notebook": ["cat", f"{other.account.home}/course/{path}"],
            "lists another's home": ["ls", other.account.home],
            "lists what was handed in": ["ls", str(inbound)],
            "finds what was handed in": ["find", str(inbound), "-name", "*.ipynb"],
            "reads the teacher's course folder": ["cat", f"{self.course_root}/gradebook.db"],
            "reads the hub's database": ["cat", str(self.base / "hub" / "jupyterhub.sqlite")],
            "writes into the shared course": ["touch", str(self.course / "lib" / "mine.ts")],
        }
        for what, command in tries.items():
            done = one.account.run(*command)
            kept = done.returncode != 0 and done.stdout.strip() in ("", str(inbound))
            self.report.check(f"nobody {what}", kept, (done.stderr or done.stdout).strip().split("\n")[-1])
        # The same from within a kernel, where a learner's code runs.
        kernel = await one.open("work/00-start-here.ipynb")
        status, outputs = await kernel.run(f'import {{ readFileSync }} from "node:fs";\nreadFileSync("{other.account.home}/course/{path}");')
        denied = status == "error" and "EACCES" in str(outputs)
        self.report.check("nobody's kernel reads another's notebook", denied, status)
        kernel.close()

    async def neighbours(self, people):
        """One loops for ever, one hoards memory: how are the others?"""
        looper, hoarder, *others = people
        loop = await looper.open("work/00-start-here.ipynb")
        hog = await hoarder.open("work/00-start-here.ipynb")
        looping = asyncio.create_task(loop.run(LOOP, timeout=1200))
        hoarding = asyncio.create_task(hog.run(HOG, timeout=600))
        await asyncio.sleep(1)
        waits = []
        for person in others or [hoarder]:
            kernel = await person.open("work/00-start-here.ipynb" if others else f"work/{LESSON}.ipynb")
            begin = time.monotonic()
            status, outputs = await kernel.run("console.log(6 * 7);", timeout=300)
            waits.append(time.monotonic() - begin)
            self.report.check(f"{person.name} computes while one loops and one hoards memory", status == "ok" and "42" in str(outputs), status)
            kernel.close()
        self.report.figure("cellMeanwhile", "a cell of the others meanwhile", waits)
        status, outputs = await hoarding
        self.report.check(f"the hoarder's kernel ends at its limit of {MEMORY}", status in ("dead", "closed", "error"), status)
        hog.close()
        answer = await hoarder.server("GET", "/api/status")
        self.report.check("the hoarder's own server goes on", answer.status_code == 200)
        kernels = (await looper.server("GET", "/api/kernels")).json()
        for kernel in kernels:
            await looper.server("POST", f"/api/kernels/{kernel['id']}/interrupt")
        status, _ = await asyncio.wait_for(looping, 300)
        self.report.check("the endless loop ends with Interrupt", status == "error", status)
        loop.close()

    async def killed_server(self, person):
        process = self.server_of(person.account)
        process.send_signal(signal.SIGKILL)
        # It is dead at once; the hub, whose child it is, buries it when it next looks.
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.1)
        begin = time.monotonic()
        for _ in range(240):  # the hub sees the death when it next looks, or when somebody asks
            await person.hub("POST", f"/users/{person.name}/server")
            model = (await person.hub("GET", f"/users/{person.name}")).json()
            new = self.server_of(person.account)
            if model["servers"].get("", {}).get("ready") and new is not None and new.pid != process.pid:
                break
            await asyncio.sleep(1)
        notebook = await person.read(f"work/{LESSON}.ipynb")
        kept = notebook["metadata"].get("worked_by") == person.name
        took = time.monotonic() - begin
        self.report.check("a killed server comes back with the work saved", kept, f"{took:.1f} s")
        self.report.figure("backAgain", "a killed server is back after", [took])

    # What the image does and no Docker is needed for

    async def image_server(self, person):
        """deploy/start-server.sh, as the image starts it without a hub."""
        home = Path(person.account.home, "image")
        home.mkdir()
        os.chown(home, person.account.uid, -1)
        settings = {**self.environment(), "HOME": str(home), "LANG": "C.UTF-8"}
        options = [f"--ServerApp.port={self.port + 3}", "--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=image"]
        script = str(self.course / "deploy" / "start-server.sh")
        with open(self.base / "image.log", "w") as log:
            server = subprocess.Popen(
                ["runuser", "-u", person.name, "--", "env", *(f"{name}={value}" for name, value in settings.items()), script, *options],
                cwd=home,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        kernels, lesson = None, None
        try:
            async with httpx.AsyncClient(trust_env=False, headers={"Authorization": "token image"}) as web:
                for _ in range(360):
                    try:
                        address = f"http://127.0.0.1:{self.port + 3}/api"
                        kernels = list((await web.get(f"{address}/kernelspecs")).json()["kernelspecs"])
                        lesson = (await web.get(f"{address}/contents/work/{LESSON}.ipynb")).status_code
                        break
                    except httpx.HTTPError:
                        await asyncio.sleep(0.5)
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(120)
        held = kernels == ["tslab"] and lesson == 200
        detail = "" if held else f"{kernels}, {lesson}: {(self.base / 'image.log').read_text()[-600:]}"
        self.report.check("the image's start script makes a folder and serves the lessons with the course's kernel", held, detail)

    def helm_settings(self):
        """JupyterHub knows every setting that deploy/values.yaml hands to it, and accepts its value."""
        import yaml
        from jupyterhub.app import JupyterHub
        from jupyterhub.auth import Authenticator

        classes = {"JupyterHub": JupyterHub, "Authenticator": Authenticator}
        config = yaml.safe_load((self.course / "deploy" / "values.yaml").read_text())["hub"]["config"]
        unknown = [
            f"{name}.{key}"
            for name, settings in config.items()
            for key in settings
            if name not in classes or key not in classes[name].class_traits(config=True)
        ]
        self.report.check("JupyterHub knows the settings of values.yaml", not unknown, ", ".join(unknown))

    async def run(self):
        report = self.report
        self.helm_settings()
        self.make_accounts()
        self.exchange.mkdir()
        os.chmod(self.exchange, 0o777)
        report.step(f"{len(self.learners)} learners and a teacher have accounts")
        self.start_hub()
        await self.hub_answers()
        report.step("the hub answers")
        self.release()
        report.step("the teacher has released the assignment")

        people = [Person(account, self.address) for account in self.learners]
        try:
            done = await asyncio.gather(*(self.work_through(person) for person in people))
            report.step(f"all have run lesson {LESSON}, at once")
            same = len({one["cells"] for one in done}) == 1
            report.check(f"each of {len(people)} ran all cells of the lesson and saved it", same, f"{done[0]['cells']} cells")
            report.figure("server", "server ready after", [one["server"] for one in done])
            report.figure("firstCell", "first cell done after, from the log-in", [one["first"] for one in done])
            report.figure("lesson", "whole lesson done after", [one["total"] for one in done])
            report.figure("memory", "memory of a person's server and kernel", [one["memory"] for one in done], "MB", 0)
            hub = [p for p in psutil.Process(self.hub.pid).children(recursive=True) + [psutil.Process(self.hub.pid)] if p.uids().real == 0]
            report.figure("hubMemory", "memory of hub and proxy", [sum(p.memory_full_info().pss for p in hub) / 2**20], "MB", 0)

            answers, wanted = self.answers(people)
            await asyncio.gather(*(self.hand_in(person, right, answers) for person, right in zip(people, self.chosen)))
            report.step("all have handed in")
            await self.privacy(people)
            await self.neighbours(people)
            await self.killed_server(people[-1])
            await self.image_server(people[0])
            report.step("collecting and grading")
            grades = await asyncio.to_thread(self.collect_and_grade)
            for person, points in zip(people, wanted):
                got = grades.get(person.name)
                report.check(f"{person.name} gets the points of what they solved", got is not None and got[0] == points, f"{got} for {points}")
        finally:
            for person in people:
                await person.close()

    def answers(self, people):
        """The solved lesson's answers; which of them each person hands in, and what that is worth."""
        notebook = json.loads((self.course / "notebooks" / "solutions" / f"{LESSON}.ipynb").read_text())
        metadata = [(cell["metadata"].get("nbgrader", {}), "".join(cell["source"])) for cell in notebook["cells"]]
        answers = {meta["grade_id"]: source for meta, source in metadata if meta.get("solution")}
        points = {meta["grade_id"].removesuffix("-check"): meta["points"] for meta, _ in metadata if meta.get("grade")}
        names = list(answers)
        self.chosen = [set(names[: i % (len(names) + 1)]) for i in range(len(people))]
        return answers, [sum(points[name] for name in chosen) for chosen in self.chosen]

    def stop(self):
        if self.hub is not None and self.hub.poll() is None:
            self.hub.terminate()
            try:
                self.hub.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.hub.pid, signal.SIGKILL)
        for account in self.accounts:
            account.remove()


def main(course, base, learners, port):
    course_class = Class(course, base, int(learners), int(port))
    report = course_class.report
    # Ended from outside, it still takes its accounts with it; a second signal, which npm sends, must not stop that.
    ending = (signal.SIGTERM, signal.SIGHUP)

    def end(*_):
        for name in ending:
            signal.signal(name, signal.SIG_IGN)
        sys.exit(1)

    for name in ending:
        signal.signal(name, end)
    try:
        asyncio.run(course_class.run())
    except Exception as error:  # whatever it was, the accounts go
        report.check("the test runs to its end", False, f"{type(error).__name__}: {error}")
        log = course_class.base / "hub.log"
        if log.exists():
            print(log.read_text()[-3000:], file=sys.stderr)
    finally:
        course_class.stop()
    # What hub-test.ts reads.
    found = {"users": course_class.learners_wanted, "passed": report.passed, "failed": report.failures, "figures": report.figures}
    (course_class.base / "found.json").write_text(json.dumps(found))
    report.step(f"{report.passed} passed, {report.failures} failed")
    sys.exit(0 if report.failures == 0 else 1)


main(*sys.argv[1:])
