/*
 * A browser for tests and for the pictures of plots, on a Linux machine that has none: Chromium's headless shell from an
 * npm package. It is unpacked into .cache, with the libraries, the font and the software GPU driver that come with it.
 */
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import zlib from "node:zlib";
import { installError, npmCommand, runProgram } from "./programs.mjs";
import { environment } from "./project.mjs";
import { SetupError } from "./say.mjs";

/** @typedef {import("./project.mjs").Project} Project */

const PACKAGE = "@sparticuz/chromium";
const VERSION = "147.0.0";

/** Where Linux installs a Chromium with its libraries and drivers: its program file can be a script elsewhere. */
export const CHROMIUM_FOLDERS = ["/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/google/chrome"];

/** What is unpacked beside the program: libraries, a font, the driver. */
const ARCHIVES = ["al2023.tar", "fonts.tar", "swiftshader.tar"];

/** For a machine without fonts: the one that is unpacked (the package's own file looks for it elsewhere). */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir></fontconfig>
`;

export const WAY_OUT = "install Chromium or Chrome, or set CHROMIUM_PATH to its program file";

/** @param {Project} project */
function folderOf(project) {
  return path.join(project.cache, `chromium-${VERSION}`);
}

/**
 * The browser that was brought.
 * @param {Project} project
 * @returns {{ program: string, driver: string, env: NodeJS.ProcessEnv } | null} driver: the file that leads the Vulkan
 *   loader to the software driver; env: what both need in their environment; null if there is none
 */
export function broughtChromium(project) {
  const folder = folderOf(project);
  const program = path.join(folder, "chromium");
  if (!fs.existsSync(program)) return null;
  const libraries = [path.join(folder, "lib"), folder, process.env.LD_LIBRARY_PATH ?? ""].filter((name) => name !== "");
  const fonts = fs.existsSync("/etc/fonts/fonts.conf") ? {} : { FONTCONFIG_FILE: path.join(folder, "fonts.conf") };
  const env = { LD_LIBRARY_PATH: libraries.join(path.delimiter), ...fonts };
  return { program, driver: path.join(folder, "vk_swiftshader_icd.json"), env };
}

/**
 * @param {string} file compressed with Brotli
 * @param {NodeJS.WritableStream} target
 */
function unpack(file, target) {
  return pipeline(fs.createReadStream(file), zlib.createBrotliDecompress(), target);
}

/**
 * Brings the browser if it is not there.
 * @param {Project} project
 * @param {(text: string) => void} say
 * @param {{ platform: string, arch: string }} machine
 * @throws {SetupError} no network, or another system than the package is for
 */
export async function bringChromium(project, say, { platform, arch } = process) {
  if (broughtChromium(project) !== null) return;
  if (platform !== "linux" || arch !== "x64") throw new SetupError(`No Chromium found: ${WAY_OUT}.`);
  say("no Chromium found: installing one, 68 MB to download and 200 MB on the disk");
  const folder = folderOf(project);
  const making = `${folder}.part`;
  fs.rmSync(making, { recursive: true, force: true });
  fs.mkdirSync(making, { recursive: true });
  const [npm, first] = npmCommand();
  const args = [
    "install",
    "--prefix",
    making,
    "--global=false",
    "--no-save",
    "--loglevel=error",
    `${PACKAGE}@${VERSION}`,
  ];
  const options = { cwd: making, env: environment(project), log: project.log };
  const { code, output } = await runProgram(npm, [...first, ...args], options);
  if (code !== 0) throw installError("npm", output, path.relative(project.root, project.log));
  const load = createRequire(path.join(making, "package.json"));
  const packed = path.join(making, "node_modules", ...PACKAGE.split("/"), "bin");
  for (const name of ARCHIVES) await unpack(path.join(packed, `${name}.br`), load("tar-fs").extract(making));
  fs.writeFileSync(path.join(making, "fonts.conf"), FONTS);
  await unpack(path.join(packed, "chromium.br"), fs.createWriteStream(path.join(making, "chromium"), { mode: 0o755 }));
  fs.rmSync(path.join(making, "node_modules"), { recursive: true });
  fs.renameSync(making, folder);
}
