/**
 * WebGPU: in Node the optional npm package `webgpu` brings it, by `npm run webgpu`; a browser has it or has it not
 * (lib/host).
 */
interface Gpu {
  requestAdapter(): Promise<{ info?: { description?: string; device?: string; vendor?: string } } | null>;
}

/** What the GPU in use calls itself. */
export async function gpuName(): Promise<string> {
  const gpu = (globalThis as { navigator?: { gpu?: Gpu } }).navigator?.gpu;
  const info = (await gpu?.requestAdapter())?.info;
  return [info?.device, info?.description].filter(Boolean).join(", ") || info?.vendor || "unknown";
}
