/*
 * JupyterLab itself, from this project's own .venv, on a folder of its own: who is let in, which kernels there are,
 * what is left of it.
 */
import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectAt } from "../../tools/setup/project.mjs";
import { portTrouble, requirePort, startServer } from "../../tools/setup/server.mjs";
import { freePort } from "../support/free-ports";
import { ROOT, Sandbox } from "./sandbox";

describe("JupyterLab as npm start runs it", () => {
  const box = new Sandbox();
  const project = projectAt(box.root);
  const token = "secret";
  let server: Awaited<ReturnType<typeof startServer>>;
  let port: number;
  let before: string[]; // what lay in the folder

  const get = (
    path_: string,
    headers: Record<string, string> = { Authorization: `token ${token}` },
  ): Promise<Response> => fetch(`${server.url}${path_}`, { headers });

  beforeAll(async () => {
    port = await freePort();
    box.write("work/00-start-here.ipynb", box.read("notebooks/00-start-here.ipynb"));
    before = fs.readdirSync(box.root);
    const { python } = projectAt(ROOT);
    server = await startServer(project, { port, file: "work/00-start-here.ipynb", browser: false, token, python });
  });

  afterAll(async () => {
    await server.stop();
    box.remove();
  });

  it("lets in nobody without the token", async () => {
    expect((await get("api/contents", {})).status).toBe(403);
    expect((await get("api/contents", { Authorization: "token other" })).status).toBe(403);
    expect((await get("api/contents")).status).toBe(200);
  });

  it("listens on 127.0.0.1 and nowhere else", async () => {
    expect(server.url).toBe(`http://127.0.0.1:${port}/`);
    if (process.platform !== "linux") return;
    const hex = port.toString(16).toUpperCase().padStart(4, "0");
    const listening = ["tcp", "tcp6"]
      .map((name) => `/proc/net/${name}`)
      .filter((file) => fs.existsSync(file))
      .flatMap((file) => fs.readFileSync(file, "utf8").split("\n"))
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => state === "0A" && local.endsWith(`:${hex}`));
    expect(listening.map(([, local]) => local)).toEqual([`0100007F:${hex}`]);
  });

  it("offers the course's kernel and no other", async () => {
    const specs = (await (await get("api/kernelspecs")).json()) as {
      default: string;
      kernelspecs: Record<string, unknown>;
    };
    expect(specs.default).toBe("tslab");
    expect(Object.keys(specs.kernelspecs)).toEqual(["tslab"]);
  });

  it("asks nobody about news and looks for no updates", async () => {
    const name = "@jupyterlab/apputils-extension:notification";
    const { settings } = (await (await get(`lab/api/settings/${name}`)).json()) as {
      settings: unknown;
      schema: unknown;
    };
    expect(settings).toEqual({});
    const text = await (await get(`lab/api/settings/${name}`)).text();
    const { schema } = JSON.parse(text) as { schema: { properties: Record<string, { default: unknown }> } };
    expect(schema.properties.fetchNews.default).toBe("false");
    expect(schema.properties.checkForUpdates.default).toBe(false);
  });

  it("holds its port, and says where the course is when it is started again", async () => {
    expect(await portTrouble(port)).toBe("taken");
    await expect(requirePort(project, port)).rejects.toThrow(
      `This course is running already on port ${port}: open ${server.url}lab?token=${token} or stop it with Ctrl-C`,
    );
  });

  it("writes only into the project's .cache", () => {
    expect(fs.readdirSync(path.join(project.cache, "jupyter"))).toEqual(expect.arrayContaining(["runtime"]));
    expect(fs.readdirSync(box.root).sort()).toEqual([...new Set([...before, ".cache"])].sort());
  });

  it("frees its port and leaves with exit code 0 when it is stopped", async () => {
    await server.stop();
    expect(await server.ended).toBe(0);
    expect(await portTrouble(port)).toBeNull();
  });
});

describe.skipIf(process.platform === "win32")("JupyterLab with configuration from outside", () => {
  const box = new Sandbox();
  const project = projectAt(box.root);
  const { python } = projectAt(ROOT);
  beforeAll(() => box.write("work/00-start-here.ipynb", box.read("notebooks/00-start-here.ipynb")));
  afterAll(() => box.remove());

  const start = async (program: string) =>
    startServer(project, {
      port: await freePort(),
      file: "work/00-start-here.ipynb",
      browser: false,
      token: "secret",
      python: program,
    });

  /** A configuration with which JupyterLab shows a page of errors. */
  const broken = JSON.stringify({ LabApp: { app_dir: path.join(box.base, "nowhere") } });

  it("is not led astray by what is configured for the whole machine", async () => {
    box.write("machine/jupyter_lab_config.json", broken);
    // A Python on which that folder is where the machine's configuration lies.
    const prelude = [
      "import runpy, sys",
      "from jupyter_core import paths",
      `paths.SYSTEM_CONFIG_PATH = [${JSON.stringify(path.join(box.root, "machine"))}]`,
      "sys.argv = sys.argv[1:]",
      'runpy.run_path(sys.argv[0], run_name="__main__")',
    ];
    box.write("prelude.py", prelude.join("\n"));
    const program = path.join(box.bin, "machine-python");
    fs.writeFileSync(program, `#!/bin/sh\nexec "${python}" "${path.join(box.root, "prelude.py")}" "$@"\n`, {
      mode: 0o755,
    });
    const server = await start(program);
    await server.stop();
    expect(await server.ended).toBe(0);
  });

  it("says what comes in place of its page, and is gone", async () => {
    box.write(".cache/jupyter/config/jupyter_lab_config.json", broken);
    await expect(start(python)).rejects.toThrow(
      /^JupyterLab did not start: instead of its page comes \(\d+\): ".*JupyterLab.*" *\..*\.cache.jupyterlab\.log; .*delete \.venv and \.cache.jupyter, then/s,
    );
  });
});
