/** One JupyterLab for all files of tests, started before the first and stopped after the last (vitest's globalSetup). */
import type { TestProject } from "vitest/node";
import { startLab, type Lab } from "./server";

declare module "vitest" {
  export interface ProvidedContext {
    lab: Lab;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { stop, ...lab } = await startLab();
  project.provide("lab", lab);
  return stop;
}
