/**
 * Compiles the project's own files (lib) fast, and remembers between kernels which of them have no errors.
 *
 * tslab's compiler translated each file twice and checked all of them for every new kernel: most of the time that a
 * lesson's import cell took. Here esbuild translates all files at once. The check of types
 * stays TypeScript's; what it found clean is kept in .cache/kernel, under a key made of all that could change the answer:
 * the text of every file of the project that is compiled, the packages, and the compiler. An edited file is checked again.
 */
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const { SourceMap } = require("node:module");
const path = require("node:path");
const { buildSync } = require("esbuild");

/** How many states of lib are remembered: some branches' worth. */
const REMEMBERED = 8;

/**
 * @typedef {import("@tslab/typescript-for-tslab").SourceFile} SourceFile
 */

class ProjectFiles {
  #root;
  #folder;
  /** What esbuild made of a file, by its path. @type {Map<string, { text: string, code: string, map: string }>} */
  #compiled = new Map();
  /** @type {{ key: string, clean: Set<string> } | null} */
  #known = null;

  /** @param {string} root */
  constructor(root) {
    this.#root = root;
    this.#folder = path.join(root, ".cache", "kernel");
  }

  /** @param {string} file */
  owns(file) {
    const relative = path.relative(this.#root, file);
    const outside =
      relative.startsWith("..") || path.isAbsolute(relative) || /(^|[\\/])node_modules[\\/]/.test(relative);
    return !outside && !/^__(tslab|prev)__\./.test(relative) && /\.tsx?$/.test(file) && !file.endsWith(".d.ts");
  }

  /**
   * A file as CommonJS, compiled together with all others that the program has and that are not compiled yet.
   *
   * @param {SourceFile} file
   * @param {() => readonly SourceFile[]} all
   * @returns {string}
   */
  compile(file, all) {
    if (this.#compiled.get(file.fileName)?.text !== file.text) {
      const pending = all().filter(
        (one) => this.owns(one.fileName) && this.#compiled.get(one.fileName)?.text !== one.text,
      );
      const { outputFiles } = buildSync({
        entryPoints: pending.map(({ fileName }) => fileName),
        outdir: this.#root,
        outbase: this.#root,
        absWorkingDir: this.#root,
        bundle: false,
        write: false,
        format: "cjs",
        platform: "node",
        target: `node${process.versions.node}`,
        sourcemap: "external",
        logLevel: "silent",
        tsconfigRaw: { compilerOptions: { target: "ES2022", experimentalDecorators: true } },
      });
      const made = new Map(outputFiles.map((output) => [output.path, output.text]));
      for (const { fileName, text } of pending) {
        const out = path.join(this.#root, path.relative(this.#root, fileName)).replace(/\.tsx?$/, ".js");
        this.#compiled.set(fileName, { text, code: made.get(out) ?? "", map: made.get(`${out}.map`) ?? "" });
      }
    }
    return this.#compiled.get(file.fileName)?.code ?? "";
  }

  /**
   * The source map of a compiled file.
   * @param {string} file its path, ending in .ts
   * @returns {SourceMap | null}
   */
  mapOf(file) {
    const map = this.#compiled.get(file)?.map;
    return map ? new SourceMap(JSON.parse(map)) : null;
  }

  /**
   * The files among these that were found to have no errors, by this kernel or one before it.
   *
   * @param {readonly SourceFile[]} all every file of the program
   * @returns {{ has(file: SourceFile): boolean, add(files: SourceFile[]): void }}
   */
  clean(all) {
    this.#known ??= this.#recall(all);
    const { key, clean } = this.#known;
    const name = (/** @type {SourceFile} */ file) => path.relative(this.#root, file.fileName).split(path.sep).join("/");
    return {
      has: (file) => clean.has(name(file)),
      add: (files) => {
        const before = clean.size;
        for (const file of files) if (this.owns(file.fileName)) clean.add(name(file));
        if (clean.size > before) this.#write(key, clean);
      },
    };
  }

  /** A file has changed: what is known holds no more. */
  forget() {
    this.#known = null;
  }

  /** @param {readonly SourceFile[]} all */
  #recall(all) {
    const key = this.#keyOf(all.filter(({ fileName }) => this.owns(fileName)));
    return { key, clean: this.#read(key) };
  }

  /**
   * All TypeScript of the folders that the program's own files are in (lib), imported by this cell or not: so all lessons
   * share one state, and what one has checked the next needs not.
   *
   * @param {SourceFile[]} files
   */
  #keyOf(files) {
    const folders = new Set(files.map(({ fileName }) => path.relative(this.#root, fileName).split(path.sep)[0] ?? ""));
    const hash = createHash("sha256").update(this.#environment());
    for (const folder of [...folders].sort()) {
      const top = path.join(this.#root, folder);
      const names = fs.statSync(top).isDirectory()
        ? fs.readdirSync(top, { recursive: true, encoding: "utf8" }).map((name) => path.join(top, name))
        : [top];
      for (const name of names.filter((name) => /\.tsx?$/.test(name)).sort()) {
        hash.update(`\0${path.relative(this.#root, name)}\0`).update(fs.readFileSync(name));
      }
    }
    return hash.digest("hex").slice(0, 32);
  }

  /** @type {string | undefined} */
  #packages;

  /** What else decides whether a file has errors: the packages' versions and this folder's compiler options. */
  #environment() {
    this.#packages ??= [path.join(this.#root, "package-lock.json"), path.join(__dirname, "compiler.cjs")]
      .map((file) => (fs.existsSync(file) ? fs.readFileSync(file, "utf8") : ""))
      .join("\0");
    return this.#packages;
  }

  /** @param {string} key */
  #read(key) {
    try {
      return new Set(/** @type {string[]} */ (JSON.parse(fs.readFileSync(this.#file(key), "utf8"))));
    } catch {
      return new Set(); // none yet, or half written by a machine that stopped
    }
  }

  /** @param {string} key @param {Set<string>} clean */
  #write(key, clean) {
    try {
      fs.mkdirSync(this.#folder, { recursive: true });
      const aside = `${this.#file(key)}.${process.pid}`;
      fs.writeFileSync(aside, JSON.stringify([...clean].sort()));
      fs.renameSync(aside, this.#file(key));
      this.#forgetOldest();
    } catch {
      // A folder that can't be written, as on a hub: the next kernel checks again.
    }
  }

  #forgetOldest() {
    const files = fs.readdirSync(this.#folder).filter((name) => /^checked-\w+\.json$/.test(name));
    const age = (/** @type {string} */ name) => fs.statSync(path.join(this.#folder, name)).mtimeMs;
    for (const name of files.sort((a, b) => age(b) - age(a)).slice(REMEMBERED))
      fs.rmSync(path.join(this.#folder, name));
  }

  /** @param {string} key */
  #file(key) {
    return path.join(this.#folder, `checked-${key}.json`);
  }
}

module.exports = { ProjectFiles };
