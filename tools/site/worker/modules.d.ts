/** Made by bundle.mjs. */
declare module "course:modules" {
  /** All modules of lib that run in a tab, by their path without ending: "lib/model/router". */
  export const libModules: Record<string, unknown>;
  /** Loads tfjs's backend for WebGPU; null where the site was built without that package. */
  export const loadWebgpu: (() => Promise<unknown>) | null;
}

declare module "pako" {
  export function ungzip(bytes: Uint8Array): Uint8Array;
}

declare module "node-inspect-extracted" {
  export { format, inspect } from "node:util";
}
