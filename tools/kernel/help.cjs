/**
 * Two answers that an editor gives and tslab does not: Shift-Tab between the brackets of a call shows what is called, and
 * Tab in the path of an import offers the project's folders and files.
 */
/** @typedef {import("tslab/dist/converter").Converter} Converter */

/** What has brackets behind it and is no call. */
const NO_CALLS = new Set(["if", "for", "while", "switch", "catch", "function", "return", "await", "of", "in"]);

/** Strings and comments, in which brackets say nothing; the last may still be open. */
const UNREAD = /\/\*[^]*?(?:\*\/|$)|\/\/.*|(["'`])(?:\\[^]|(?!\1)[^\\])*(?:\1|$)/g;

/**
 * The position of the name that is called around a position: in `f(1, g(2), ` that of f. Null if there is none.
 *
 * @param {string} source
 * @param {number} position
 * @returns {number | null} of the name's last character
 */
function calleeAround(source, position) {
  const before = source.slice(0, position).replace(UNREAD, (text) => " ".repeat(text.length));
  let open = 0;
  for (let i = before.length - 1; i >= 0; i--) {
    if (")]}".includes(before[i])) open++;
    else if ("([{".includes(before[i]) && open > 0) open--;
    else if (before[i] === "(") {
      const name = /([\w$]+)\s*$/.exec(before.slice(0, i));
      if (name !== null && !NO_CALLS.has(name[1])) return name.index + name[1].length - 1;
    }
  }
  return null;
}

/** An import's path up to the cursor. */
const IMPORTED = /\b(?:from|import)\s*\(?\s*["'](\.{1,2}\/(?:[^"'\n]*\/)?)([^"'\n/]*)$/;

/**
 * The folders and TypeScript files that may follow in an import's path; null elsewhere.
 *
 * @param {string} root cells import from here
 * @param {string} source
 * @param {number} position
 * @param {(folder: string) => string[]} list the names in a folder; those of folders end in a slash
 */
function pathsAt(root, source, position, list) {
  const [, folder, begun] = IMPORTED.exec(source.slice(0, position)) ?? [];
  if (folder === undefined) return null;
  let entries;
  try {
    entries = list(root === "" ? folder : `${root}/${folder}`);
  } catch {
    return null;
  }
  const names = entries.flatMap((entry) => {
    if (/^(\.|node_modules\/$)/.test(entry)) return [];
    if (entry.endsWith("/")) return [entry];
    return /(?<!\.d)\.ts$/.test(entry) ? [entry.slice(0, -".ts".length)] : [];
  });
  return { start: position - begun.length, end: position, candidates: names.filter((n) => n.startsWith(begun)).sort() };
}

/**
 * Wraps a converter of tslab.
 *
 * @param {Converter} converter
 * @param {string} root
 * @param {(folder: string) => string[]} list as of pathsAt
 * @returns {Converter}
 */
function withHelp(converter, root, list) {
  return {
    ...converter,
    inspect(previous, source, position) {
      const found = converter.inspect(previous, source, position);
      const callee = found ? null : calleeAround(source, position);
      return callee === null ? found : converter.inspect(previous, source, callee);
    },
    complete(previous, source, position) {
      const paths = pathsAt(root, source, position, list);
      return paths === null ? converter.complete(previous, source, position) : { ...paths, original: undefined };
    },
  };
}

module.exports = { calleeAround, pathsAt, withHelp };
