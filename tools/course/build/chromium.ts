/*
 * Finds a Chromium on the machine: the build draws plots with it, the browser test drives JupyterLab with it.
 * CHROMIUM_PATH names one; otherwise the usual places of each system are tried, and at last the one that npm test brings
 * to a Linux machine without (tools/setup/chromium.mjs).
 */
import fs from "node:fs";
import path from "node:path";
import { chromium, type Browser } from "playwright-core";
import { broughtChromium, WAY_OUT } from "../../setup/chromium.mjs";
import { projectAt, ROOT } from "../../setup/project.mjs";

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

function usualPlaces(): string[] {
  if (process.platform === "darwin") {
    return ["Google Chrome", "Chromium", "Microsoft Edge"].map(
      (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
    );
  }
  if (process.platform === "win32") {
    const folders = [process.env.PROGRAMFILES, process.env["PROGRAMFILES(X86)"], process.env.LOCALAPPDATA];
    const programs = ["Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe"];
    return folders.flatMap((folder) => (folder ? programs.map((program) => path.join(folder, program)) : []));
  }
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  return (process.env.PATH ?? "")
    .split(path.delimiter)
    .flatMap((folder) => names.map((name) => path.join(folder, name)));
}

/**
 * The path of a Chromium.
 * @throws if there is none, saying how to name one
 */
export function findChromium(): string {
  const named = process.env.CHROMIUM_PATH;
  if (named !== undefined && !fs.existsSync(named))
    throw new Error(`CHROMIUM_PATH is ${named}, but there is no such file.`);
  const found =
    named ?? usualPlaces().find((place) => fs.existsSync(place)) ?? broughtChromium(projectAt(ROOT))?.program;
  if (found === undefined) throw new Error(`No Chromium found: ${WAY_OUT}.`);
  return found;
}

/** @param more arguments beside the usual ones */
export function launchChromium(more: readonly string[] = []): Promise<Browser> {
  const executablePath = findChromium();
  const brought = broughtChromium(projectAt(ROOT));
  const env = brought?.program === executablePath ? { ...process.env, ...brought.env } : process.env;
  return chromium.launch({ executablePath, args: [...ARGS, ...more], env: env as Record<string, string> });
}
