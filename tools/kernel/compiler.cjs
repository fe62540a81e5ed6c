/**
 * Prepares the compiler that tslab uses: strict types, and files that are looked at when a cell runs.
 *
 * tslab passes fixed compiler options and reads no tsconfig.json, so cells were unchecked against null and `any`. And
 * it learns of files from the operating system's events. These arrive some time later, or never on some file systems,
 * so a cell that runs right after a save would use the old file; and a new file beside one that a cell failed to import
 * broke the kernel for good. Here no event is listened to: the project's files are compared with the disk each time a
 * cell is compiled. Packages don't change under a running kernel, so theirs are not.
 */
const fs = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");
const { pauseInLoops } = require("./awaited-loops.cjs");
const { isAtTopLevel } = require("./cell-source.cjs");
const { Cells } = require("./cells.cjs");
const { ProjectFiles } = require("./project-files.cjs");
const { expandShorthand } = require("./shorthand.cjs");

/** The options of tsconfig.json that change what is an error, so that a cell is held to what lib is held to. */
const COMPILER_OPTIONS = {
  strict: true,
  noImplicitOverride: true,
  noFallthroughCasesInSwitch: true,
  lib: ["lib.es2023.d.ts"],
  types: ["node"],
};

/** The file as which tslab compiles a cell. */
const CELL = /(^|\/)__tslab__\.ts$/;

/** What marks JavaScript that is CommonJS already. */
const COMMONJS = "/* CommonJS */ ";

/** @param {string} file */
const isPackageFile = (file) => file.includes("/node_modules/");

/**
 * Must be called before tslab is loaded.
 *
 * @returns {{ cells: Cells, projectFiles: ProjectFiles, pollProjectFiles: () => void }}
 *   what it knows of cells and of the project's files, and a function that tells it which files have changed
 */
function prepareCompiler() {
  const modulePath = createRequire(require.resolve("tslab/package.json")).resolve("@tslab/typescript-for-tslab");
  /** @type {typeof import("@tslab/typescript-for-tslab")} */
  const ts = require(modulePath);
  /** @type {{ createWatchCompilerHost: Function }} */
  const { createWatchCompilerHost: createHost } = ts;
  const cells = new Cells(ts);
  const projectFiles = new ProjectFiles(process.cwd());

  /**
   * @param {unknown} files
   * @param {object} options
   * @param {import("@tslab/typescript-for-tslab").System} system
   * @param {unknown} _createProgram tslab leaves the choice to the compiler
   * @param {unknown[]} rest
   */
  function createWatchCompilerHost(files, options, system, _createProgram, ...rest) {
    /** @param {Parameters<typeof ts.createEmitAndSemanticDiagnosticsBuilderProgram>} args */
    const createProgram = (...args) =>
      adaptEmit(ts, ts.createEmitAndSemanticDiagnosticsBuilderProgram(...args), projectFiles);
    // A cell's source map leads from an error back to the line that a reader sees.
    const ours = { ...options, ...COMPILER_OPTIONS, inlineSourceMap: true };
    const host = createHost(files, ours, system, createProgram, ...rest);
    const packages = ts.createModuleResolutionCache(process.cwd(), (name) => name);
    // The project's own imports are resolved anew each time: a file that did not exist may exist now.
    host.hasInvalidatedResolutions = (/** @type {string} */ file) => !isPackageFile(file);
    host.resolveModuleNameLiterals = (
      /** @type {readonly { text: string }[]} */ names,
      /** @type {string} */ importer,
      /** @type {unknown} */ _redirect,
      /** @type {import("@tslab/typescript-for-tslab").CompilerOptions} */ resolved,
    ) =>
      names.map(({ text }) => {
        const cache = isPackageFile(importer) || !text.startsWith(".") ? packages : undefined;
        return ts.resolveModuleName(text, importer, resolved, system, cache);
      });
    return host;
  }

  const { poll, onChange } = watchByPolling(ts);
  onChange(() => projectFiles.forget());
  const getPreEmitDiagnosticsOfFiles = diagnoseOnce(ts, onChange, projectFiles);
  // The module's properties are read-only: tslab gets a copy of it.
  const loaded = require.cache[modulePath];
  if (loaded) {
    loaded.exports = {
      ...ts,
      createWatchCompilerHost,
      getPreEmitDiagnosticsOfFiles,
      transpileModule: transpileOnce(cells),
    };
  }
  return { cells, projectFiles, pollProjectFiles: poll };
}

/**
 * A cell goes through our transformers; a file of the project is compiled by esbuild, not by TypeScript.
 *
 * @typedef {import("@tslab/typescript-for-tslab").EmitAndSemanticDiagnosticsBuilderProgram} Builder
 * @param {typeof import("@tslab/typescript-for-tslab")} ts
 * @param {Builder} builder
 * @param {ProjectFiles} projectFiles
 * @returns {Builder}
 */
function adaptEmit(ts, builder, projectFiles) {
  const emit = builder.emit.bind(builder);
  builder.emit = (file, write, cancellation, onlyDeclarations, transformers = {}) => {
    if (file && write && projectFiles.owns(file.fileName)) {
      const code = projectFiles.compile(file, () => builder.getSourceFiles());
      const target = path.posix
        .join("outDir", path.posix.relative(process.cwd(), file.fileName))
        .replace(/\.tsx?$/, ".js");
      write(target, COMMONJS + code, false);
      return { emitSkipped: false, diagnostics: [] };
    }
    const before = [
      ...(transformers.before ?? []),
      expandShorthand(ts, builder.getProgram().getTypeChecker()),
      pauseInLoops(ts, ({ fileName }) => CELL.test(fileName)),
    ];
    return emit(file, write, cancellation, onlyDeclarations, { ...transformers, before });
  };
  return builder;
}

/**
 * The second translation of a file, from modules to CommonJS: only cells need it.
 *
 * @param {Cells} cells
 * @returns {Cells["transpile"]}
 */
function transpileOnce(cells) {
  return (input, options) =>
    input.startsWith(COMMONJS) ? { outputText: input.slice(COMMONJS.length) } : cells.transpile(input, options);
}

/**
 * tslab checks all files that a cell imports, for every cell. A file without errors needs no second look before a file
 * of the project changes.
 *
 * @param {object} ts
 * @param {(listener: () => void) => void} onChange
 * @param {ProjectFiles} projectFiles
 */
function diagnoseOnce(ts, onChange, projectFiles) {
  const { getPreEmitDiagnosticsOfFiles: diagnose } = /** @type {{ getPreEmitDiagnosticsOfFiles: Function }} */ (ts);
  /** @type {WeakSet<object>} */
  let clean = new WeakSet();
  onChange(() => (clean = new WeakSet()));
  /**
   * @param {import("@tslab/typescript-for-tslab").Program} program
   * @param {import("@tslab/typescript-for-tslab").SourceFile[]} files
   */
  return (program, files) => {
    const known = projectFiles.clean(program.getSourceFiles());
    const unchecked = files.filter((file) => !clean.has(file) && !known.has(file));
    /** @type {Diagnostic[]} */
    const diagnostics = diagnose(program, unchecked);
    for (const diagnostic of diagnostics) keepFromTslab(ts, diagnostic);
    const faulty = new Set(diagnostics.map(({ file }) => file));
    const found = unchecked.filter((file) => !faulty.has(file));
    for (const file of found) clean.add(file);
    known.add(found);
    return diagnostics;
  };
}

/** "await expressions are only allowed within async functions and at the top levels of modules" */
const MISPLACED_AWAIT = 1308;

/**
 * Of a message with this number tslab says that it means an await at the top level, and drops it, in a method or the
 * field of a class expression as well. Such a message gets another number.
 *
 * @typedef {import("@tslab/typescript-for-tslab").Diagnostic} Diagnostic
 * @param {object} ts its types leave this function out
 * @param {Diagnostic} diagnostic
 */
function keepFromTslab(ts, diagnostic) {
  const { code, file, start = 0 } = diagnostic;
  if (code !== MISPLACED_AWAIT || file === undefined) return;
  /** @typedef {import("@tslab/typescript-for-tslab").Node} Node */
  const { getTokenAtPosition } = /** @type {{ getTokenAtPosition(file: Node, position: number): Node }} */ (ts);
  if (!isAtTopLevel(ts, getTokenAtPosition(file, start))) diagnostic.code = -MISPLACED_AWAIT;
}

/**
 * @param {typeof import("@tslab/typescript-for-tslab")} ts
 * @returns {{ poll: () => void, onChange: (listener: () => void) => void }}
 */
function watchByPolling(ts) {
  /** @type {(() => void)[]} */
  const listeners = [];
  /** @type {Map<string, { state: string, notify: import("@tslab/typescript-for-tslab").FileWatcherCallback }>} */
  const watched = new Map();
  /** @param {string} file */
  const stateOf = (file) => {
    const stat = fs.statSync(file, { throwIfNoEntry: false });
    return stat ? `${stat.mtimeMs} ${stat.size}` : "";
  };
  ts.sys.watchDirectory = () => ({ close() {} });
  ts.sys.watchFile = (file, notify) => {
    if (!isPackageFile(file)) watched.set(file, { state: stateOf(file), notify });
    return { close: () => void watched.delete(file) };
  };
  function poll() {
    for (const [file, entry] of watched) {
      const state = stateOf(file);
      if (state === entry.state) continue;
      const { Created, Changed, Deleted } = ts.FileWatcherEventKind;
      const kind = state === "" ? Deleted : entry.state === "" ? Created : Changed;
      entry.state = state;
      entry.notify(file, kind);
      for (const listener of listeners) listener();
    }
  }
  return { poll, onChange: (listener) => void listeners.push(listener) };
}

module.exports = { prepareCompiler };
