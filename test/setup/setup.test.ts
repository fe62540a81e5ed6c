import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { Linter } from "eslint";
import { beforeAll, describe, expect, it } from "vitest";
import { installError, npmCommand } from "../../tools/setup/programs.mjs";
import { nodeComplaint } from "../../tools/setup/node-version.mjs";
import { packagesStamp } from "../../tools/setup/packages.mjs";
import { requireUsableFolder } from "../../tools/setup/folder.mjs";
import { environment, projectAt, sortNodeOptions } from "../../tools/setup/project.mjs";
import {
  choosePython,
  isNewEnough,
  pipEnvironment,
  pipSettings,
  pythonCommands,
  withoutVenv,
} from "../../tools/setup/python.mjs";
import { again, errorLine, Report, SetupError } from "../../tools/setup/say.mjs";
import { stampHolds } from "../../tools/setup/stamps.mjs";
import { ROOT } from "./sandbox";

// npm test, which runs this, would be named in the messages.
beforeAll(() => {
  delete process.env.npm_lifecycle_event;
});

describe("Node's version", () => {
  it("is said to be too old in one line that says what to do", () => {
    expect(nodeComplaint("18.19.1", "npm test")).toMatch(
      /^Node 18\.19\.1 is too old: install Node 20 or newer .*run npm test again\.$/,
    );
    for (const version of ["20.0.0", "22.1.0", "26.0.0"]) expect(nodeComplaint(version, "npm start")).toBe("");
  });

  it.each(["run", "setup/node-version"])("is checked by %s.mjs in syntax that an old Node reads", (name) => {
    const code = fs.readFileSync(path.join(ROOT, "tools", `${name}.mjs`), "utf8");
    // ES2020 is the first with import(), which Node 14 reads as well.
    const messages = new Linter().verify(code, [{ languageOptions: { ecmaVersion: 2020, sourceType: "module" } }]);
    expect(messages).toEqual([]);
    expect(
      [...code.matchAll(/^import .*from "(.*)"/gm)]
        .map(([, from]) => from)
        .filter((from) => !from.endsWith("node-version.mjs")),
    ).toEqual([]);
  });
});

describe("Python", () => {
  const python = (version: string, venv = true) => ({ command: ["python3"], version, venv });

  it("is 3.10 or newer", () => {
    for (const version of ["3.10.0", "3.14.1", "4.0.0"]) expect(isNewEnough(version)).toBe(true);
    for (const version of ["3.9.18", "2.7.18", "3.1.0"]) expect(isNewEnough(version)).toBe(false);
  });

  it("is looked for under the names of each system", () => {
    expect(pythonCommands("win32")).toEqual([["py", "-3"], ["python"], ["python3"]]);
    expect(pythonCommands("darwin")[0]).toEqual(["python3"]);
  });

  it("that will do is taken before those that won't are complained of", () => {
    expect(choosePython([python("3.8.1"), python("3.13.0", false), python("3.12.0")]).version).toBe("3.12.0");
    expect(() => choosePython([python("3.8.1"), python("3.13.0", false)])).toThrow("sudo apt install python3.13-venv");
    expect(() => choosePython([])).toThrow("Python is missing");
  });

  it("'s pip gets what is configured about the network, a command's own before that for all", () => {
    const list = [
      "global.extra-index-url='https://a.example\\nhttps://b.example'",
      "global.timeout='5'",
      "install.timeout='9'",
      "install.target='/elsewhere'",
      "global.constraint='/etc/constraints.txt'",
      "download.proxy='p'",
      `install.trusted-host="it's"`,
    ];
    expect(pipSettings(list.join("\n"))).toEqual({
      PIP_EXTRA_INDEX_URL: "https://a.example https://b.example",
      PIP_TIMEOUT: "9",
      PIP_TRUSTED_HOST: "it's",
    });
  });

  it("is not looked for inside the environment that may be replaced", () => {
    const project = projectAt(path.join(path.sep, "c"));
    const folders = [path.join(project.venv, "bin"), path.join(path.sep, "bin")];
    expect(withoutVenv(project, { Path: folders.join(path.delimiter) }).Path).toBe(folders[1]);
  });

  it("lies in another place on Windows", () => {
    expect(projectAt("c", "win32").python).toMatch(/Scripts.python\.exe$/);
    expect(projectAt("c", "linux").python).toMatch(/bin.python$/);
  });
});

describe("the environment of what the set-up starts", () => {
  const project = projectAt(path.join(path.sep, "course"));

  it("keeps every folder that Jupyter, pip and npm write to inside the project", () => {
    const env = environment(project, {});
    for (const name of [
      "JUPYTER_DATA_DIR",
      "JUPYTER_CONFIG_DIR",
      "JUPYTER_RUNTIME_DIR",
      "JUPYTERLAB_SETTINGS_DIR",
      "JUPYTERLAB_WORKSPACES_DIR",
      "IPYTHONDIR",
      "npm_config_cache",
      "PIP_CACHE_DIR",
    ]) {
      expect(env[name], name).toMatch(new RegExp(`^${project.cache.replace(/\\/g, "\\\\")}`));
    }
  });

  it("drops a person's settings that lead elsewhere and keeps the others", () => {
    const env = environment(project, {
      PYTHONPATH: "x",
      PIP_TARGET: "x",
      JUPYTER_PATH: "x",
      PIP_USER: "1",
      HTTPS_PROXY: "p",
    });
    expect(env).not.toHaveProperty("PYTHONPATH");
    expect(env).not.toHaveProperty("PIP_TARGET");
    expect(env).not.toHaveProperty("JUPYTER_PATH");
    for (const name of ["JUPYTERLAB_DIR", "TSX_TSCONFIG_PATH", "PIP_DRY_RUN"]) {
      expect(environment(project, { [name]: "x" }), name).not.toHaveProperty(name);
    }
    expect(env).toMatchObject({ PIP_USER: "0", HTTPS_PROXY: "p" });
  });

  it("drops all that is for other Pythons and Nodes, and keeps what reaches a network through certificates", () => {
    const stray = ["PYTHONWARNINGS", "PYTHONINSPECT", "JUPYTER_PREFER_ENV_PATH", "NODE_PATH", "ESBUILD_BINARY_PATH"];
    const kept = ["PIP_INDEX_URL", "PIP_CERT", "NODE_EXTRA_CA_CERTS", "JUPYTERHUB_API_TOKEN", "SSL_CERT_FILE"];
    const env = environment(project, Object.fromEntries([...stray, ...kept].map((name) => [name, "x"])));
    for (const name of stray) expect(env, name).not.toHaveProperty(name);
    for (const name of kept) expect(env[name], name).toBe("x");
  });

  it("keeps of NODE_OPTIONS what is about certificates, network and memory", () => {
    const options = (text: string) => environment(project, { NODE_OPTIONS: text }).NODE_OPTIONS;
    expect(options("--max-old-space-size=4096 --frozen-intrinsics --use-openssl-ca")).toBe(
      "--max-old-space-size=4096 --use-openssl-ca",
    );
    expect(options('--require "/a folder/missing.js" --inspect=0')).toBeUndefined();
    expect(options("--require ./hook.cjs --dns-result-order ipv4first")).toBe("--dns-result-order ipv4first");
    expect(sortNodeOptions("-r x --no-warnings")).toEqual({ kept: ["--no-warnings"], dropped: ["-r", "x"] });
  });

  it("lets rustup, which pip asks for its version, make no folder in an empty home", () => {
    const home = fs.mkdtempSync(path.join(os.tmpdir(), "home-"));
    expect(pipEnvironment(project, { HOME: home }).RUSTUP_HOME).toBe(path.join(project.cache, "rustup"));
    fs.mkdirSync(path.join(home, ".rustup"));
    expect(pipEnvironment(project, { HOME: home })).not.toHaveProperty("RUSTUP_HOME");
    fs.rmSync(home, { recursive: true });
  });
});

describe("the folder of the course", () => {
  it.each(["sp ace", "ümlaut", "ha#sh", "p%20c", "ap'os", "dol$lar", "bra[c]{n}", "semi;x", "a&b", "-dash", "tick`"])(
    "may be called %s",
    (name) => expect(() => requireUsableFolder(path.join(path.sep, name), ":")).not.toThrow(),
  );

  it.each([
    ["a:b", /holds ":", which separates the folders of PATH\. Rename or move the folder, then run npm start again\.$/],
    ["what?", /holds a question mark/],
    ['q"uo', /holds a double quote/],
    ["star*", /holds an asterisk/],
    ["new\nline", /^The course can't run in "\/new\\nline": the path holds a line break/],
    ["back\\slash", /holds a backslash/],
  ])("may not be called %j, for a reason that is told in one line", (name, line) => {
    const thrown = () => requireUsableFolder(`/${name}`, ":");
    expect(thrown).toThrow(SetupError);
    expect(thrown).toThrow(line);
  });

  it("has backslashes of its own on Windows", () => {
    expect(() => requireUsableFolder("C:\\course", ";", "\\")).not.toThrow();
    expect(() => requireUsableFolder("C:\\a;b", ";", "\\")).toThrow('holds ";"');
  });
});

describe("npm", () => {
  it("is the one that started us", () => {
    const script = path.join(path.sep, "a", "npm-cli.js");
    expect(npmCommand({ npm_execpath: script }, "node")).toEqual(["node", [script]]);
  });

  it("is otherwise found beside Node or on the PATH, as a script that needs no shell", () => {
    const [program, args] = npmCommand({ PATH: process.env.PATH, npm_execpath: "/x/yarn.js" });
    expect(program).toBe(process.execPath);
    expect(args[0]).toMatch(/npm-cli\.js$/);
  });

  it("is said to be missing where there is none", () => {
    expect(() => npmCommand({ PATH: "" }, path.join(path.sep, "nowhere", "bin", "node"))).toThrow(
      /^npm is missing beside this Node/,
    );
  });

  it("installs again for another lock file or another Node, and for nothing else", () => {
    const node = { modules: "115", platform: "linux", arch: "x64" };
    const stamp = packagesStamp(projectAt(ROOT), node, false);
    expect(stampHolds(stamp, packagesStamp(projectAt(ROOT), { ...node }, false))).toBe(true);
    expect(stampHolds(stamp, packagesStamp(projectAt(ROOT), { ...node, modules: "127" }, false))).toBe(false);
    expect(stampHolds({ ...stamp, lock: "other" }, stamp)).toBe(false);
    expect(stampHolds(null, stamp)).toBe(false);
  });
});

describe("an error", () => {
  it.each([
    "npm error code EAI_AGAIN",
    "npm ERR! network connect ECONNREFUSED 127.0.0.1:9",
    "Max retries exceeded with url: /simple",
  ])("of the network is told from %s", (output) => {
    expect(installError("npm", output, "log").message).toMatch(
      /^No network: the npm packages could not be downloaded\./,
    );
  });

  it("of a full disk is told apart", () => {
    expect(installError("Python", "OSError: [Errno 28] No space left on device", "log").message).toMatch(
      /^The disk is full/,
    );
    expect(errorLine(Object.assign(new Error("x"), { code: "ENOSPC" }))).toMatch(
      /^The disk is full: .* then run npm start again\./,
    );
  });

  it("keeps the reason that the installer gave", () => {
    expect(installError("Python", "Collecting a\nERROR: Could not build wheels\nmore", "log").message).toBe(
      "Installing the Python packages failed: Could not build wheels. See log, then run npm start again.",
    );
  });

  it("is one line, whatever it holds", () => {
    expect(errorLine(new SetupError("a\n  b"))).toBe("a b");
    expect(errorLine(new TypeError("x is\nnot y"))).toBe("The set-up stopped: x is not y");
    expect(errorLine("text")).toBe("The set-up stopped: text");
  });

  it("names the command that was run", () => {
    expect(again("test")).toBe("run npm test again");
    expect(again(undefined)).toBe("run npm start again");
  });
});

describe("the report of a step", () => {
  function record(isTTY: boolean) {
    const lines: string[] = [];
    return { lines, stream: { isTTY, columns: 60, write: (text: string) => lines.push(text) } };
  }

  it("is plain lines where there is no terminal", async () => {
    const { lines, stream } = record(false);
    const report = new Report(2, stream);
    await report.step("First", async () => "already there");
    await report.step("Second", async (say) => {
      say("working");
      return "done";
    });
    expect(lines.slice(0, 2)).toEqual(["[1/2] First: already there\n", "[2/2] Second: working …\n"]);
    expect(lines[2]).toMatch(/^\[2\/2\] Second: done \(\d\.\d s\)\n$/);
  });

  it("is one line that is drawn again on a terminal", async () => {
    const { lines, stream } = record(true);
    await new Report(1, stream).step("Step", async (say) => {
      say("working ".repeat(20));
      return "done";
    });
    expect(lines[0].startsWith("\r\x1b[K[1/1] Step: working")).toBe(true);
    expect(lines[0].length).toBeLessThanOrEqual(4 + 59);
    expect(lines[1].startsWith("\r\x1b[K[1/1] Step: done")).toBe(true);
  });
});
