import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GPU_PACKAGES } from "../../tools/setup/webgpu.mjs";
import { Sandbox } from "./sandbox";

describe("npm run webgpu", () => {
  let box: Sandbox;
  beforeEach(() => {
    box = new Sandbox();
  });
  afterEach(() => box.remove());

  it("installs its packages once, touches no lock file, and says that there is no adapter", async () => {
    const files = ["package.json", "package-lock.json"];
    const before = files.map((file) => box.read(file));
    const first = await box.run("webgpu");
    expect(box.takeCalls()).toEqual(["npm ci", "npm install"]);
    expect(first.stdout).toContain("[3/3] Adapter: none found");
    expect(first.code).toBe(0);
    expect(files.map((file) => box.read(file))).toEqual(before);
    for (const [name, version] of Object.entries(GPU_PACKAGES)) {
      box.write(`node_modules/${name}/package.json`, JSON.stringify({ version }));
    }
    const second = await box.run("webgpu");
    expect(box.takeCalls()).toEqual([]);
    expect(second.stdout).toContain("[2/3] webgpu: already installed");
  });

  it("names the adapter that it finds", async () => {
    await box.run("webgpu");
    box.write("node_modules/webgpu/package.json", JSON.stringify({ version: GPU_PACKAGES.webgpu, main: "index.js" }));
    box.write(
      "node_modules/webgpu/index.js",
      `
      const adapter = { info: { description: "Test GPU" } };
      module.exports = { globals: {}, create: () => ({ requestAdapter: async () => adapter }) };`,
    );
    expect((await box.run("webgpu")).stdout).toContain(
      '[3/3] Adapter: Test GPU, which useBackend("auto") takes from now on',
    );
  });
});
