/**
 * The code of a page, run as a learner would: one snippet after the other, as cells of a notebook. Below a snippet, a
 * block of text is what it prints; below one marked as an error, it is what the compiler says.
 */
import fs from "node:fs";
import path from "node:path";
import ts from "typescript";

export interface Snippet {
  /** Line of the page where its code begins. */
  line: number;
  code: string;
  isError: boolean;
  /** The block of text below it, if there is one. */
  claimed: string | null;
}

/** The TypeScript of a page, in order. */
export function snippetsIn(markdown: string): Snippet[] {
  const blocks = [...markdown.matchAll(/^```(ts|ts error|text|\w*)\n([^]*?)^```$/gm)];
  return blocks.flatMap((block, i) => {
    const [whole, kind, code] = block;
    if (!kind.startsWith("ts")) return [];
    const next = blocks[i + 1] as RegExpMatchArray | undefined;
    const between = next === undefined ? "" : markdown.slice(block.index + whole.length, next.index);
    const claimed = next?.[1] === "text" && between.trim() === "" ? next[2].trimEnd() : null;
    const line = markdown.slice(0, block.index).split("\n").length + 1;
    return [{ line, code, isError: kind === "ts error", claimed }];
  });
}

/** Imports stand in front, whatever cell they come from, and lead to the project's lib. */
function programOf(snippets: Snippet[], mark: (line: number) => string): string {
  const imports: string[] = [];
  const rest = snippets.map(({ code, line }) => {
    const own = code.replace(/^import [^;]+;\n/gm, (statement) => {
      imports.push(statement.replace('"./lib/', `"${path.resolve("lib")}/`));
      return "";
    });
    return `${mark(line)}\n${own}`;
  });
  return [...imports, ...rest, "export {};\n"].join("\n");
}

/** A folder of this project for the programs: packages are found from there. */
const FOLDER = path.resolve(".cache", "snippets");

function write(name: string, program: string): string {
  fs.mkdirSync(FOLDER, { recursive: true });
  const file = path.join(FOLDER, `${name}-${process.pid}.ts`);
  fs.writeFileSync(file, program);
  return file;
}

/** What the compiler says of programs, by file; each message without its details. */
export function messagesOf(files: string[]): Map<string, string[]> {
  const { config } = ts.readConfigFile("tsconfig.json", (file) => fs.readFileSync(file, "utf8")) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, process.cwd());
  const program = ts.createProgram(files, { ...options, types: ["node"] });
  return new Map(
    files.map((file) => [
      file,
      ts.getPreEmitDiagnostics(program, program.getSourceFile(file)).map(({ messageText }) => {
        return typeof messageText === "string" ? messageText : messageText.messageText;
      }),
    ]),
  );
}

export interface Page {
  /** The snippets that run, as one program. */
  file: string;
  runs: Snippet[];
  /** Each snippet with an error, after all that run before it. */
  errors: { file: string; snippet: Snippet }[];
}

/** Writes the programs of a page. `remove` them afterwards. */
export function programsOf(name: string, snippets: Snippet[]): Page {
  const runs = snippets.filter(({ isError }) => !isError);
  const file = write(
    name,
    programOf(runs, (line) => `console.log("snippet in line ${line}");`),
  );
  const errors = snippets
    .filter(({ isError }) => isError)
    .map((snippet) => {
      const before = runs.filter(({ line }) => line < snippet.line);
      return {
        snippet,
        file: write(
          `${name}-${snippet.line}`,
          programOf([...before, snippet], () => ""),
        ),
      };
    });
  return { file, runs, errors };
}

export function remove({ file, errors }: Page): void {
  for (const each of [file, ...errors.map(({ file }) => file)]) fs.rmSync(each, { force: true });
}

/** Runs a page's program; what each snippet printed, by its line. */
export async function printedBy(file: string): Promise<Map<number, string>> {
  const { format } = await import("node:util");
  const printed = new Map<number, string[]>();
  let lines: string[] = [];
  const log = console.log;
  console.log = (...values: unknown[]) => {
    const text = format(...values);
    const line = /^snippet in line (\d+)$/.exec(text)?.[1];
    if (line === undefined) lines.push(text);
    else printed.set(Number(line), (lines = []));
  };
  try {
    await import(file);
  } finally {
    console.log = log;
  }
  return new Map([...printed].map(([line, texts]) => [line, texts.join("\n").trimEnd()]));
}
