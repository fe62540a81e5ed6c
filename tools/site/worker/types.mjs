/**
 * The declarations that the compiler in a tab needs: TypeScript's own, and of the packages that lib imports those files
 * that can be reached from them.
 */
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** As TYPES of compiler.ts says. */
const LIBRARY = "/types/typescript/";
const GLOBALS = "/types/globals.d.ts";

const REFERENCE = /\/\/\/ *<reference +(?:path|lib)="([^"]+)"/g;
const IMPORT = /\b(?:from|import|require)\s*\(?\s*"([^"]+)"|\b(?:from|import|require)\s*\(?\s*'([^']+)'/g;

/** A licence notice at a file's head: all of them say the same. */
const NOTICE = /^\/(?:\*[*!][^]*?\*\/|\/\/\/ <amd-module[^\n]*)\s*/;

/**
 * @param {string} project
 * @param {string} globals what a cell finds without importing it
 * @returns {Record<string, string>} by the path that the compiler knows a file by
 */
export function collectTypes(project, globals) {
  /** @type {Record<string, string>} */
  const types = { [GLOBALS]: globals };
  const require = createRequire(path.join(project, "package.json"));

  const library = path.dirname(
    createRequire(require.resolve("tslab/package.json")).resolve("@tslab/typescript-for-tslab"),
  );
  /** @param {string} name */
  const takeLibrary = (name) => {
    const file = `${LIBRARY}lib.${name}.d.ts`;
    if (file in types) return;
    types[file] = "";
    const text = fs.readFileSync(path.join(library, `lib.${name}.d.ts`), "utf8").replace(NOTICE, "");
    types[file] = text;
    for (const [, other = ""] of text.matchAll(REFERENCE)) takeLibrary(other);
  };
  takeLibrary("es2023");

  /** @param {string} file a path from the project's root, with slashes */
  const take = (file) => {
    if (`/${file}` in types) return;
    const text = fs.readFileSync(path.join(project, file), "utf8").replace(NOTICE, "");
    types[`/${file}`] = text;
    for (const [, a, b] of text.matchAll(IMPORT)) {
      const name = a ?? b ?? "";
      const found = name.startsWith(".") ? declaration(project, path.posix.join(path.posix.dirname(file), name)) : null;
      if (found !== null) take(found);
      else if (!name.startsWith(".")) takePackage(name);
    }
  };
  /** @param {string} name */
  const takePackage = (name) => {
    const [home = ""] = /^(?:@[^/]+\/)?[^/]+/.exec(name) ?? [];
    const described = `node_modules/${home}/package.json`;
    if (!home.startsWith("@tensorflow/") || !fs.existsSync(path.join(project, described))) return;
    const { types: main, typings, version } = JSON.parse(fs.readFileSync(path.join(project, described), "utf8"));
    types[`/${described}`] = JSON.stringify({ name: home, version, types: main ?? typings });
    const inner = name === home ? (main ?? typings) : name.slice(home.length + 1);
    const file = declaration(project, path.posix.join("node_modules", home, inner.replace(/(\.d)?\.ts$/, "")));
    if (file !== null) take(file);
  };
  const lib = /** @type {string[]} */ (fs.readdirSync(path.join(project, "lib"), { recursive: true }));
  for (const name of lib.filter((one) => one.endsWith(".ts"))) {
    const text = fs.readFileSync(path.join(project, "lib", name), "utf8");
    for (const [, a, b] of text.matchAll(IMPORT)) if (/^@tensorflow\//.test(a ?? b ?? "")) takePackage(a ?? b ?? "");
  }
  return types;
}

/**
 * The declarations of a module, given without ending.
 *
 * @param {string} project
 * @param {string} name
 * @returns {string | null}
 */
function declaration(project, name) {
  const bare = name.replace(/\.js$/, "");
  for (const file of [`${bare}.d.ts`, `${bare}/index.d.ts`]) if (fs.existsSync(path.join(project, file))) return file;
  return null;
}
