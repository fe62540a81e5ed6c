/**
 * WebGPU in plain Node: the optional npm package `webgpu` brings it, and tfjs's backend finds it where a browser would
 * have it. The package is large, so it comes by `npm run webgpu` and not with the rest.
 */
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";

interface Gpu {
  requestAdapter(): Promise<{ info?: { description?: string; device?: string; vendor?: string } } | null>;
}

interface WebgpuPackage {
  create(options: string[]): Gpu;
  globals: object;
}

/**
 * Puts WebGPU where tfjs looks for it and loads tfjs's backend.
 *
 * @returns null if that worked, else what is in the way
 */
export async function prepareWebgpu(): Promise<string | null> {
  // Resolved from the project's root, since a notebook's code has no file of its own.
  const load = createRequire(path.join(process.cwd(), "package.json"));
  let webgpu: WebgpuPackage;
  try {
    webgpu = load("webgpu") as WebgpuPackage;
  } catch {
    return "the package is not installed (npm run webgpu installs it)";
  }
  process.env.XDG_RUNTIME_DIR ??= tmpdir(); // on a Linux without a desktop some drivers complain on stderr that it is missing
  const gpu = webgpu.create([]);
  if ((await gpu.requestAdapter()) === null) return "there is no GPU with a Vulkan, Metal or Direct3D 12 driver";
  Object.assign(globalThis, webgpu.globals);
  const navigator = (globalThis as { navigator?: object }).navigator ?? {};
  Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  load("@tensorflow/tfjs-backend-webgpu");
  return null;
}

/** What the GPU in use calls itself. */
export async function gpuName(): Promise<string> {
  const gpu = (globalThis as { navigator?: { gpu?: Gpu } }).navigator?.gpu;
  const info = (await gpu?.requestAdapter())?.info;
  return [info?.device, info?.description].filter(Boolean).join(", ") || info?.vendor || "unknown";
}
