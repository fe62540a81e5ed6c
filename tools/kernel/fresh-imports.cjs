/**
 * An edited lib file reaches the next cell that imports it, together with every file that imports it.
 *
 * tslab evaluates only the edited file again. A file that imports it keeps the old one, so a change in a helper never
 * arrived in the function that a lesson calls. Here the files that import an edited file, directly or through others,
 * are handed to the executor again too, whether or not this cell imports them. Other files keep their state.
 */
const path = require("node:path");

/** What TypeScript emits for an import, also for a dynamic one. */
const RELATIVE_REQUIRE = /\brequire\("(\.{1,2}\/[^"]+)"\)/g;

/**
 * Wraps a converter of tslab.
 *
 * @param {import("tslab/dist/converter").Converter} converter
 * @param {() => void} pollProjectFiles tells the compiler which files have changed
 * @returns {import("tslab/dist/converter").Converter}
 */
function freshImports(converter, pollProjectFiles) {
  /** The last output of every file of the project that a cell has imported, by its path.
   * @type {Map<string, import("tslab/dist/converter").SideOutput>} */
  const outputs = new Map();
  return {
    ...converter,
    convert(previous, source) {
      pollProjectFiles();
      const result = converter.convert(previous, source);
      if (!result.sideOutputs) return result;
      const emitted = withFolderNames(result.sideOutputs);
      for (const output of emitted) outputs.set(output.path, output);
      return { ...result, sideOutputs: withImporters(emitted, outputs) };
    },
    inspect(previous, source, position) {
      pollProjectFiles();
      return converter.inspect(previous, source, position);
    },
    complete(previous, source, position) {
      pollProjectFiles();
      return converter.complete(previous, source, position);
    },
  };
}

/**
 * tslab looks for `./lib/notebook` in lib/notebook.js alone: the index of a folder is found under that name too.
 *
 * @param {import("tslab/dist/converter").SideOutput[]} outputs
 */
function withFolderNames(outputs) {
  return outputs.flatMap((output) => {
    const folder = path.posix.dirname(output.path);
    if (path.posix.basename(output.path) !== "index.js") return [output];
    return [
      output,
      { path: `${folder}.js`, data: `module.exports = require("./${path.posix.basename(folder)}/index");` },
    ];
  });
}

/**
 * @param {import("tslab/dist/converter").SideOutput[]} changed
 * @param {Map<string, import("tslab/dist/converter").SideOutput>} outputs
 */
function withImporters(changed, outputs) {
  const affected = new Map(changed.map((output) => [output.path, output]));
  let before;
  do {
    before = affected.size;
    for (const output of outputs.values()) {
      if (importsOf(output).some((file) => affected.has(file))) affected.set(output.path, output);
    }
  } while (affected.size > before);
  return [...affected.values()];
}

/**
 * @param {import("tslab/dist/converter").SideOutput} output
 * @returns {string[]} the paths of the outputs that this one imports
 */
function importsOf(output) {
  return [...output.data.matchAll(RELATIVE_REQUIRE)].map(([, name = ""]) => {
    const file = path.posix.join(path.posix.dirname(output.path), name);
    return path.posix.extname(file) === "" ? `${file}.js` : file;
  });
}

module.exports = { freshImports };
