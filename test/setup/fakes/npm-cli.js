/*
 * Stands in for npm in the set-up's tests. FAKE_NPM says how it goes: "offline", "broken", "hang" (a part of
 * node_modules is there, and it does not end), "half" (a package is there that can't be loaded), otherwise well: the
 * packages that are tried are there, those of tests only where they are asked for.
 */
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import zlib from "node:zlib";

if (process.argv[2] === "install" && process.argv.includes("--prefix")) installChromium();

// What is tried of a real installation, from the copy that is set up: it is named by the project itself.
const { NEEDED, NEEDED_BY_TESTS } = await import(
  pathToFileURL(path.join(process.cwd(), "tools", "setup", "packages.mjs")).href
);

const [command, ...options] = process.argv.slice(2);
const tests = options.includes("--include=dev");
const calls = process.env.FAKE_CALLS ?? "calls.log";
fs.appendFileSync(calls, `npm ${command}${tests ? " with tests" : ""}\n`);
const folder = path.join(process.cwd(), "node_modules");
if (command === "ci") fs.rmSync(folder, { recursive: true, force: true });
switch (process.env.FAKE_NPM) {
  case "offline":
    console.error("npm error code ENOTFOUND\nnpm error network request to an address failed");
    process.exit(1);
    break;
  case "broken":
    console.error("npm error code EINTEGRITY\nnpm error sha512-abc integrity checksum failed\nnpm error more");
    process.exit(1);
    break;
  case "hang":
    fs.mkdirSync(path.join(folder, "half"), { recursive: true });
    fs.appendFileSync(calls, `npm pid ${process.pid}\n`);
    setInterval(() => {}, 1000);
    break;
  default:
    fs.mkdirSync(path.join(folder, "whole"), { recursive: true });
    if (command === "ci") for (const name of tests ? [...NEEDED, ...NEEDED_BY_TESTS] : NEEDED) install(name);
}

/** The package that ships a browser, compressed; unpacking its archives leaves a file of the archive's length. */
function installChromium() {
  const calls = process.env.FAKE_CALLS ?? "calls.log";
  fs.appendFileSync(calls, "npm install\n");
  if (process.env.FAKE_NPM === "offline") {
    console.error("npm error code ENOTFOUND");
    process.exit(1);
  }
  const modules = path.join(process.argv[process.argv.indexOf("--prefix") + 1], "node_modules");
  const bin = path.join(modules, "@sparticuz", "chromium", "bin");
  fs.mkdirSync(bin, { recursive: true });
  const contents = { chromium: "a browser", "al2023.tar": "al2023.tar", "fonts.tar": "fonts.tar" };
  for (const [name, text] of Object.entries({ ...contents, "swiftshader.tar": "swiftshader.tar" })) {
    fs.writeFileSync(path.join(bin, `${name}.br`), zlib.brotliCompressSync(text));
  }
  fs.mkdirSync(path.join(modules, "tar-fs"), { recursive: true });
  const extract = `
    const fs = require("fs"), path = require("path"), { Writable } = require("stream");
    exports.extract = (folder) => new Writable({
      write(chunk, _, done) { fs.writeFile(path.join(folder, chunk + ".unpacked"), "", done); },
    });`;
  fs.writeFileSync(path.join(modules, "tar-fs", "index.js"), extract);
  process.exit(0);
}

/** @param {string} name of a module that does nothing when it is loaded */
function install(name) {
  const [, pack, file = ""] = /^((?:@[^/]+\/)?[^/]+)\/?(.*)$/.exec(name) ?? [];
  const write = (/** @type {string} */ to, /** @type {string} */ text) => {
    fs.mkdirSync(path.dirname(path.join(folder, pack, to)), { recursive: true });
    fs.writeFileSync(path.join(folder, pack, to), text);
  };
  if (file === "" || file === "package.json") write("package.json", "{}");
  const broken = process.env.FAKE_NPM === "half" && pack === "zeromq";
  const code = broken ? 'throw new Error("No native build was found\\nmore")' : "exports.transformSync = () => {};";
  if (file !== "package.json") write(file === "" ? "index.js" : /\.js$/.test(file) ? file : `${file}.js`, code);
  write("dist/map.js.map", "{}");
}
