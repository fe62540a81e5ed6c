/**
 * The files of a class that can't be run where there is no Docker and no cluster: linted, and held to each other and to
 * what they name. Needs tools/setup/requirements/deploy.txt (npm test -- --teaching installs it).
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { projectAt } from "../../tools/setup/project.mjs";
import { ROOT } from "./course";

const { python } = projectAt(ROOT);
const read = (file: string) => fs.readFileSync(path.join(ROOT, file), "utf8");
const json = (file: string) => JSON.parse(read(file)) as Record<string, unknown>;

/** Runs a program of .venv: everything it says, and its exit code. */
function venv(program: string, args: string[]): { said: string; code: number | null } {
  const { status, stdout, stderr, error } = spawnSync(path.join(path.dirname(python), program), args, {
    cwd: ROOT,
    encoding: "utf8",
  });
  return { said: error === undefined ? `${stdout}${stderr}` : error.message, code: status };
}

const CLEAN = { said: "", code: 0 };

describe("linters find nothing in", () => {
  it("the image", () => {
    expect(venv("hadolint", ["deploy/Dockerfile"])).toEqual(CLEAN);
  });

  it("the shell scripts", () => {
    const scripts = ["deploy/install-course.sh", "deploy/start-server.sh", ".binder/postBuild", ".binder/start"];
    expect(venv("shellcheck", scripts)).toEqual(CLEAN);
    // Words that the shell splits on purpose: lists of packages and of browsers.
    expect(venv("shellcheck", ["--exclude=SC2086", ".ci/run"])).toEqual(CLEAN);
  });

  it("the YAML files", () => {
    const rules =
      "{extends: default, rules: {line-length: {max: 122}, document-start: disable, comments: {min-spaces-from-content: 1}}}";
    expect(venv("yamllint", ["--strict", "-d", rules, "deploy/values.yaml", ".binder/environment.yml"])).toEqual(CLEAN);
  });

  it("the Python settings", () => {
    const files = [
      "deploy/jupyterhub_config.py",
      "deploy/jupyter/nbgrader_config.py",
      "tools/course/teaching/nbgrader_config.py",
    ];
    const compile = "import ast, sys\nfor file in sys.argv[1:]: ast.parse(open(file).read(), file)";
    expect(venv("python", ["-c", compile, ...files])).toEqual(CLEAN);
  });
});

describe("the image", () => {
  const image = read("deploy/Dockerfile");

  it("has a Node and a Python that the course accepts", () => {
    const node = /^FROM node:(\d+)-/m.exec(image)?.[1];
    const { engines } = json("package.json") as { engines: { node: string } };
    expect(`>=${node}`).toBe(engines.node);
    expect(read(".binder/environment.yml")).toContain(`- nodejs=${node}`);
  });

  it("starts scripts that exist and may be run", () => {
    const scripts = [...image.matchAll(/\/srv\/course\/(deploy\/[\w-]+\.sh)/g)].map(([, script]) => script);
    expect(new Set(scripts)).toEqual(new Set(["deploy/install-course.sh", "deploy/start-server.sh"]));
    for (const script of scripts) expect(fs.statSync(path.join(ROOT, script)).mode & 0o111).toBe(0o111);
    expect(read("deploy/values.yaml")).toContain("cmd: /srv/course/deploy/start-server.sh");
  });

  it("has the stage that the dev container starts from", () => {
    const { build } = json(".devcontainer/devcontainer.json") as { build: { dockerfile: string; target: string } };
    expect(path.join(".devcontainer", build.dockerfile)).toBe("deploy/Dockerfile");
    expect(image).toMatch(new RegExp(`^FROM \\S+ AS ${build.target}$`, "m"));
  });
});

it("a hub's JupyterLab shows lessons as npm start does: what its page gets lies in .venv", () => {
  const { said } = venv("python", ["-m", "jupyterlab.labextensions", "list"]);
  for (const name of ["deepseek-v3-course", "jupyterlab-plotly"])
    expect(said).toMatch(new RegExp(`^\\s*${name} v\\S+ .*enabled.*OK`, "m"));
});

it("a person may take as much memory on Kubernetes as on one server", () => {
  const limit = /memory:\n\s+guarantee: \w+\n\s+limit: (\w+)/.exec(read("deploy/values.yaml"))?.[1];
  expect(read("deploy/jupyterhub_config.py")).toContain(`os.environ.get("COURSE_MEMORY", "${limit}")`);
});

it("assignments have the same course and the same exchange for teacher and learners", () => {
  const [teacher, learner] = [
    read("tools/course/teaching/nbgrader_config.py"),
    read("deploy/jupyter/nbgrader_config.py"),
  ];
  const said = (text: string) => [/course_id = "(.+)"/.exec(text)?.[1], /Exchange\.root = (.+)/.exec(text)?.[1]];
  expect(said(teacher)).toEqual(said(learner));
});

it("VS Code finds the kernel's Python where the set-up puts it, and starts notebooks where lessons import from", () => {
  const settings = json(".vscode/settings.json");
  expect(settings["python.defaultInterpreterPath"]).toBe("${workspaceFolder}/.venv/bin/python");
  expect(settings["jupyter.notebookFileRoot"]).toBe("${workspaceFolder}");
  const kernel = path.join(ROOT, ".venv", "share", "jupyter", "kernels", "tslab", "kernel.json");
  expect(JSON.parse(fs.readFileSync(kernel, "utf8"))).toMatchObject({ display_name: "TypeScript (course)" });
  expect(json(".vscode/extensions.json")).toMatchObject({
    recommendations: expect.arrayContaining(["ms-toolsai.jupyter"]),
  });
});
