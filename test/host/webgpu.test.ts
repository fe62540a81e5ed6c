import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { host } from "../../lib/host";
import { temporaryFolder } from "../support/folder";

const newFolder = temporaryFolder();
let folder: string;
let navigatorBefore: PropertyDescriptor | undefined;

beforeEach(() => {
  folder = newFolder();
  navigatorBefore = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  vi.spyOn(process, "cwd").mockReturnValue(folder);
});

afterEach(() => {
  vi.restoreAllMocks();
  if (navigatorBefore === undefined) Reflect.deleteProperty(globalThis, "navigator");
  else Object.defineProperty(globalThis, "navigator", navigatorBefore);
  Reflect.deleteProperty(globalThis, "GPUFake");
  Reflect.deleteProperty(globalThis, "backendSaw");
});

/** Installs a package that consists of one line of JavaScript. */
function install(name: string, source: string): void {
  const home = path.join(folder, "node_modules", name);
  fs.mkdirSync(home, { recursive: true });
  fs.writeFileSync(path.join(home, "index.js"), source);
}

/** A stand-in for the package webgpu, on a computer with that adapter. */
function installWebgpu(adapter: string): void {
  install(
    "webgpu",
    `module.exports = { create: () => ({ requestAdapter: async () => ${adapter} }), globals: { GPUFake: 7 } };`,
  );
}

describe("host.prepareWebgpu", () => {
  it("says how to install the package where it is missing", async () => {
    expect(await host.prepareWebgpu()).toBe("the package is not installed (npm run webgpu installs it)");
  });

  it("says what a computer without a GPU lacks, and puts nothing in place", async () => {
    installWebgpu("null");
    expect(await host.prepareWebgpu()).toBe("there is no GPU with a Vulkan, Metal or Direct3D 12 driver");
    expect("GPUFake" in globalThis).toBe(false);
  });

  it("puts the GPU where tfjs looks for it, and only then loads tfjs's backend", async () => {
    installWebgpu("({})");
    install(
      "@tensorflow/tfjs-backend-webgpu",
      "globalThis.backendSaw = [globalThis.GPUFake, typeof navigator.gpu.requestAdapter];",
    );
    expect(await host.prepareWebgpu()).toBeNull();
    expect((globalThis as { backendSaw?: unknown[] }).backendSaw).toEqual([7, "function"]);
  });
});
