/*
 * node trial.cjs MODULE …: loads modules from the folder it runs in, as a kernel will. The first that can't be loaded is
 * told in one line, exit code 1.
 */
const { createRequire } = require("node:module");
const path = require("node:path");

const load = createRequire(path.join(process.cwd(), "package.json"));
let name = "";
try {
  for (name of process.argv.slice(2)) {
    const loaded = load(name);
    // A compiler that is a program of its own: whether that starts is seen when it compiles.
    if (name === "esbuild") loaded.transformSync("let one: number = 1", { loader: "ts" });
  }
} catch (error) {
  console.log(`${name}: ${String(error instanceof Error ? error.message : error).split("\n")[0]}`);
  process.exit(1);
}
process.exit(0);
