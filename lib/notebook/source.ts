/**
 * Shows the code that a lesson runs, as it is in lib now. A copy in a lesson would be wrong after the next change.
 *
 * This needs no compiler: a declaration at the top level of a file begins in the first column, and ends before the next
 * line that begins there with anything but a closing bracket. All of lib is written that way.
 */
import { host } from "../host";
import { display } from "./display";

const DECLARATION = /^export (?:async )?(?:function\*?|const|class|interface|type|enum) ([\w$]+)/;

/** A declaration as it stands in a file. */
export interface Declaration {
  /** With its doc comment. */
  code: string;
  /** Number of the declaration's line, after the comment. */
  line: number;
}

/**
 * Finds an exported declaration in a file's text: all overloads of a function, its comment in front.
 * @param file what errors call the source
 * @throws if there is none of that name, listing what is exported
 */
export function findDeclaration(source: string, name: string, file: string): Declaration {
  const lines = source.split(/\r?\n/);
  const names = lines.map((line) => DECLARATION.exec(line)?.[1]);
  const first = names.indexOf(name);
  if (first === -1) {
    const exported = [...new Set(names.filter((found) => found !== undefined))];
    const has = exported.length === 0 ? "exports nothing" : `exports ${exported.join(", ")}`;
    throw new Error(`showSource: ${file} exports no "${name}"; it ${has}`);
  }
  let end = names.lastIndexOf(name) + 1;
  while (end < lines.length && !/^[^\s})\]>]/.test(lines[end])) end++;
  return { code: lines.slice(beginOfComment(lines, first), end).join("\n").trimEnd(), line: first + 1 };
}

/** The line in which the comments directly above a declaration begin. */
function beginOfComment(lines: string[], declaration: number): number {
  let begin = declaration;
  while (begin > 0 && /^( ?\*|\/\*|\/\/)/.test(lines[begin - 1])) begin--;
  return begin;
}

/**
 * Shows the current source of something that a file of lib exports, its doc comment included.
 *
 * @param file from the project's root: "lib/model/router.ts"
 * @throws if the file does not exist or exports no such name (the error lists those it does)
 */
export function showSource(file: string, name: string): void {
  if (host.look(file) === null) throw new Error(`showSource: there is no file ${file} in the project`);
  const { code, line } = findDeclaration(host.readText(file), name, file);
  const caption = `${file}:${line}`;
  const fence = "`".repeat(Math.max(3, ...[...code.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)));
  display({
    "text/markdown": `[\`${caption}\`](${linkTo(file)})\n\n${fence}ts\n${code}\n${fence}`,
    "text/plain": `${caption}\n\n${code}`,
  });
}

/**
 * The path to a file of the project from the notebook's folder. Jupyter tells the kernel where its notebook is; if it
 * doesn't, the notebook is one folder below the root, as in work/ and notebooks/.
 */
export function linkTo(file: string): string {
  const notebook = host.notebook() ?? "work/lesson.ipynb";
  return host.paths.relative(host.paths.dirname(notebook), file);
}
