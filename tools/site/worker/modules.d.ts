/** Made by bundle.mjs. */
declare module "course:modules" {
  /** All that a cell can import: modules of lib by their path without ending ("lib/model/router"), and tfjs. */
  export const modules: Record<string, unknown>;
  export const setWasmPaths: (folder: string) => void;
  /** Loads tfjs's backend for WebGPU; null where the site was built without that package. */
  export const loadWebgpu: (() => Promise<unknown>) | null;
}

declare module "pako" {
  export function ungzip(bytes: Uint8Array): Uint8Array;
}

declare module "node-inspect-extracted" {
  export { format, inspect } from "node:util";
}
