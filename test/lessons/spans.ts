/*
 * Reads the code spans (`…`) of exercises' texts and hints as somebody does who types them into the answer.
 *
 * A code span is one of these, and everything else is prose or a formula and is written as such:
 *   - an expression, statement or type that compiles inside the answer's function: in scope are its parameters, what the
 *     lesson imports, and the answers of earlier exercises, also checked ones (`solvedOr`). Variables of the lesson's other cells are not: they are not
 *     the answer's input, and a name that happens to exist there means something else. A call may stand there as its
 *     signature reads, with the names that the function gives its parameters: `largest(values, n)`;
 *   - a name of a field of the parameters or of the result, by itself, or several as an object: `{ low, high }`. Code may
 *     use fields of the result as variables: the answer computes them;
 *   - a text that the parameters or the result can be, in quotes: `"weights"`;
 *   - a file of the project, or an npm command of it.
 *
 * A block of code (```ts) is held to the same, and what it declares is in scope of the spans of its own exercise.
 */
import fs from "node:fs";
import path from "node:path";
import ts from "typescript";
import { exercisesIn } from "../../lib/notebook/exercise/announced";

export interface ReadExercise {
  /** As given: the master's name. */
  lesson: string;
  id: string;
  /** What does not compile: the span, and what the compiler says to it. */
  failing: { span: string; message: string }[];
  /** Fields of the result that the text, hints apart, does not name. */
  unnamed: string[];
}

export interface Master {
  lesson: string;
  text: string;
  /** The id of the one exercise to read. */
  only?: string;
}

const ROOT = path.resolve(__dirname, "../..");
const RESULT = "__Result";

interface Section {
  id: string;
  /** The declarations of the answer's cell. */
  answer: string;
  /** What the lesson has made of earlier answers: `const vio = await solvedOr(maxVioExercise, violation);` */
  checked: string;
  /** The function that the learner writes. */
  name: string;
  exercise: string;
  text: string;
  hints: string;
}

/** The exercises of the given masters, or `only` one of each, by its id. One program reads them all. */
export function readExercises(masters: Master[]): ReadExercise[] {
  const files = masters.flatMap(({ lesson, text, only }) => {
    const imports = importsOf(text);
    const sections = sectionsOf(text, lesson);
    const probed = sections.map((section, i) => probeFile(lesson, imports, section, sections.slice(0, i)));
    return probed.filter(({ section }) => only === undefined || section.id === only);
  });
  const program = programOf(new Map(files.map(({ file, source }) => [file, source])));
  return files.map((file) => judge(program, file));
}

function sectionsOf(master: string, lesson: string): Section[] {
  return exercisesIn(master, lesson).map(({ id, title, names }) => {
    if (names === undefined) throw new Error(`${id}: no check that stands by itself`);
    const start = master.indexOf(` · ${title}\n`);
    const hintsEnd = master.indexOf("// %%", master.indexOf("<details><summary>Hint", start) + 1);
    const cells = master.slice(start, hintsEnd < 0 ? undefined : hintsEnd).split(/^(?=\/\/ %%)/m);
    // The first piece begins within a markdown cell; the check's own code is no text.
    const markdown = cells.filter((cell, i) => i === 0 || cell.startsWith("// %% [markdown]"));
    const prose = markdown.map((cell) => cell.replace(/^\/\/ ?/gm, "")).join("\n");
    const hints = prose.indexOf("<details>");
    const answer = cells.find((cell) => cell.includes(`"grade_id": "${id}"`)) ?? "";
    return {
      id,
      answer: answer.slice(answer.indexOf("\n") + 1),
      checked: [...master.slice(0, start).matchAll(/^const (\w+) = await solvedOr\(\w+, (\w+)\);/gm)]
        .map(([, checked, given]) => `const ${checked} = ${given};`)
        .join("\n"),
      name: names.answer,
      exercise: names.exercise,
      text: hints < 0 ? prose : prose.slice(0, hints),
      hints: hints < 0 ? "" : prose.slice(hints),
    };
  });
}

function importsOf(master: string): string {
  const source = ts.createSourceFile("master.ts", master, ts.ScriptTarget.ES2022, true);
  return source.statements
    .filter(ts.isImportDeclaration)
    .map((it) => it.getText(source))
    .join("\n");
}

/** The fenced blocks and the spans of a text; a span that goes over the end of a line is one line. */
function codeIn(text: string): { blocks: string[]; spans: string[] } {
  const blocks = [...text.matchAll(/^```(?:ts|typescript)?\n([^]*?)^```/gm)].map(([, code]) => code);
  const rest = text.replace(/^```[^]*?^```/gm, "");
  return { blocks, spans: [...rest.matchAll(/`([^`]+)`/g)].map(([, span]) => span.replace(/\s+/g, " ").trim()) };
}

type Kind = "expression" | "statement" | "type" | "block";

interface Probe {
  span: string;
  kind: Kind;
  from: number;
  to: number;
}

interface ProbeFile {
  lesson: string;
  file: string;
  source: string;
  section: Section;
  probes: Probe[];
  spans: string[];
}

/** The answer's cell, with what is to be tried in place of the function's body. */
function probeFile(lesson: string, imports: string, section: Section, earlier: Section[]): ProbeFile {
  const { blocks, spans } = codeIn(`${section.text}\n${section.hints}`);
  const before = earlier.map(({ answer }) => withBodies(answer, () => "throw 0;")).join("\n");
  const [head, tail] = withBodies(section.answer, (name) => (name === section.name ? "/*BODY*/" : "throw 0;")).split(
    "/*BODY*/",
  );
  if (tail === undefined) throw new Error(`${section.id}: its cell declares no function ${section.name}`);
  let source =
    `${imports}\n${before}\n${section.checked}\ntype ${RESULT} = Awaited<ReturnType<(typeof ${section.exercise})["reference"]>>;\n` +
    `declare const __result: ${RESULT};\n${head}`;
  const probes: Probe[] = [];
  const add = (span: string, kind: Kind, before: string, code: string, after: string) => {
    const from = source.length + before.length;
    source += `${before}${code}${after}\n`;
    probes.push({ span, kind, from, to: from + code.length });
  };
  for (const block of blocks) add(block, "block", "", block, "");
  for (const span of spans) {
    if (parses(`(${span});`)) add(span, "expression", "{ (", span, "); }");
    else if (parses(`function f() { ${span} }`)) add(span, "statement", "{ ", span, " }");
    if (parses(`type T = ${span};`)) add(span, "type", "{ type __T = ", span, "; }");
  }
  source += `throw 0;${tail}`;
  const file = path.join(ROOT, "notebooks/source", `${lesson}.${section.id}.probe.ts`);
  return { lesson, file, source, section, probes, spans };
}

/** Code with other bodies in its top-level functions. */
function withBodies(code: string, body: (name: string) => string): string {
  const source = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.ES2022, true);
  let result = code;
  for (const node of [...source.statements].reverse()) {
    if (!ts.isFunctionDeclaration(node) || node.body === undefined) continue;
    result = `${result.slice(0, node.body.pos)} { ${body(node.name?.text ?? "")} }${result.slice(node.body.end)}`;
  }
  return result;
}

function parses(code: string): boolean {
  const { diagnostics = [] } = ts.transpileModule(code, {
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2022 },
  });
  return diagnostics.length === 0;
}

function programOf(sources: Map<string, string>): ts.Program {
  const config = ts.readConfigFile(path.join(ROOT, "tsconfig.json"), ts.sys.readFile).config as object;
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: ["x"] }, ts.sys, ROOT);
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (file) => sources.has(path.resolve(file)) || fileExists.call(host, file);
  host.readFile = (file) => sources.get(path.resolve(file)) ?? readFile.call(host, file);
  host.getSourceFile = (file, ...rest) => {
    const source = sources.get(path.resolve(file));
    return source === undefined
      ? getSourceFile.call(host, file, ...rest)
      : ts.createSourceFile(file, source, ts.ScriptTarget.ES2022, true);
  };
  return ts.createProgram([...sources.keys()], options, host);
}

function judge(program: ts.Program, { lesson, file, section, probes, spans }: ProbeFile): ReadExercise {
  const source = program.getSourceFile(file);
  if (source === undefined) throw new Error(`${section.id}: nothing to compile`);
  const checker = program.getTypeChecker();
  const diagnostics = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  const inside = ({ from, to }: Probe) => diagnostics.filter(({ start }) => start! >= from && start! < to);
  const probed = new Set(probes.flatMap(inside));
  const elsewhere = diagnostics.filter((it) => !probed.has(it));
  if (elsewhere.length > 0) throw new Error(`${section.id}: ${elsewhere.map(messageOf).join("; ")}`);

  const result = fieldsOf(checker, typeNamed(checker, source, "__result"));
  const inputs = inputFields(checker, source, section.name);
  /** Names that don't exist and need not: fields of the result, and a signature's own parameter names. */
  const excused = (diagnostic: ts.Diagnostic, { span, kind }: Probe): boolean => {
    const name = missingName(diagnostic);
    if (name === null || kind === "type") return false;
    if (result.has(name)) return true;
    if (inputs.has(name) && (span === name || isObjectOf(span, inputs))) return true;
    return kind === "expression" && isSignature(checker, source, diagnostic.start ?? 0, name);
  };
  const complaints = new Map<string, string[]>();
  for (const probe of probes) {
    const messages = inside(probe)
      .filter((it) => !excused(it, probe))
      .map(messageOf);
    const so = complaints.get(probe.span);
    if (so === undefined || messages.length === 0) complaints.set(probe.span, messages);
  }
  const texts = textsOf(checker, source, section.name);
  const failing = [...new Set([...complaints.keys(), ...spans])].flatMap((span) => {
    const messages = [...(complaints.get(span) ?? ["neither an expression nor a type"])];
    const text = /^"([^"]*)"$/.exec(span)?.[1];
    if (text !== undefined && !texts.has(text)) messages.push("no parameter and no result can be this text");
    return messages.length === 0 || isFile(span) || isCommand(span) ? [] : [{ span, message: messages[0] }];
  });
  const { blocks, spans: inText } = codeIn(section.text);
  const words = new Set([...blocks, ...inText].flatMap((code) => code.match(/[\w$]+/g) ?? []));
  return { lesson, id: section.id, failing, unnamed: [...result].filter((field) => !words.has(field)) };
}

const messageOf = ({ messageText }: ts.Diagnostic) => ts.flattenDiagnosticMessageText(messageText, " ");

/** The name of "Cannot find name", "… Did you mean", "No value exists in scope for the shorthand property". */
function missingName({ code, messageText }: ts.Diagnostic): string | null {
  if (![2304, 2552, 2663, 18004].includes(code)) return null;
  return /'([\w$]+)'/.exec(ts.flattenDiagnosticMessageText(messageText, " "))?.[1] ?? null;
}

/** Whether the name at a place stands in a call, in the place that the called function gives the same name. */
function isSignature(checker: ts.TypeChecker, source: ts.SourceFile, at: number, name: string): boolean {
  let node: ts.Node = source;
  for (let inner: ts.Node | undefined = source; inner !== undefined;) {
    node = inner;
    inner = ts.forEachChild(node, (child) => (child.pos <= at && at < child.end ? child : undefined));
  }
  const call = node.parent;
  if (!ts.isCallExpression(call)) return false;
  const place = call.arguments.findIndex((argument) => argument === node);
  const signatures = checker.getTypeAtLocation(call.expression).getCallSignatures();
  return signatures.some(({ parameters }) => parameters[place]?.name === name);
}

/** Whether a span is `{ a, b }` with these names and no other. */
function isObjectOf(span: string, names: Set<string>): boolean {
  const inner = /^\{([\w$, ]+)\}$/.exec(span)?.[1].split(",") ?? [];
  return inner.length > 0 && inner.every((name) => names.has(name.trim()));
}

function typeNamed(checker: ts.TypeChecker, source: ts.SourceFile, name: string): ts.Type {
  const symbol = checker.getSymbolsInScope(source, ts.SymbolFlags.Variable).find((it) => it.name === name);
  if (symbol === undefined) throw new Error(`no ${name} in ${source.fileName}`);
  return checker.getTypeOfSymbolAtLocation(symbol, source);
}

/** The names of the fields of an object or of the places of a tuple; none where it is a number, a list, a tensor … */
function fieldsOf(checker: ts.TypeChecker, type: ts.Type): Set<string> {
  if (type.isUnion()) return new Set(type.types.flatMap((it) => [...fieldsOf(checker, it)]));
  if (checker.isTupleType(type)) {
    const { labeledElementDeclarations = [] } = (type as ts.TypeReference).target as ts.TupleType;
    return new Set(labeledElementDeclarations.flatMap((it) => (it === undefined ? [] : [it.name.getText()])));
  }
  if (checker.isArrayType(type)) return fieldsOf(checker, checker.getTypeArguments(type as ts.TypeReference)[0]);
  if ((type.flags & ts.TypeFlags.Object) === 0 || type.getCallSignatures().length > 0) return new Set();
  const ours = checker
    .getPropertiesOfType(type)
    .filter(({ declarations = [] }) =>
      declarations.every((it) => !it.getSourceFile().fileName.includes("/node_modules/")),
    );
  return new Set(ours.map(({ name }) => name));
}

/** The fields of all parameters of a function, and of what functions among them take and give. */
function inputFields(checker: ts.TypeChecker, source: ts.SourceFile, name: string): Set<string> {
  const types = parameterTypes(checker, source, name);
  const called = types.flatMap((type) =>
    type
      .getCallSignatures()
      .flatMap((signature) => [
        signature.getReturnType(),
        ...signature.parameters.map((parameter) => checker.getTypeOfSymbolAtLocation(parameter, source)),
      ]),
  );
  return new Set([...types, ...called].flatMap((type) => [...fieldsOf(checker, type)]));
}

/** The texts that parameters and the result can be, where their types list them; also as keys and in lists. */
function textsOf(checker: ts.TypeChecker, source: ts.SourceFile, name: string): Set<string> {
  const result = typeNamed(checker, source, "__result");
  const literals = (type: ts.Type): string[] => {
    if (type.isStringLiteral()) return [type.value];
    if (type.isUnion()) return type.types.flatMap(literals);
    if (checker.isArrayType(type)) return literals(checker.getTypeArguments(type as ts.TypeReference)[0]);
    return [...fieldsOf(checker, type)];
  };
  return new Set([result, ...parameterTypes(checker, source, name)].flatMap(literals));
}

function parameterTypes(checker: ts.TypeChecker, source: ts.SourceFile, name: string): ts.Type[] {
  const declared = source.statements.find(
    (it): it is ts.FunctionDeclaration => ts.isFunctionDeclaration(it) && it.name?.text === name,
  );
  return declared?.parameters.map((parameter) => checker.getTypeAtLocation(parameter)) ?? [];
}

function isFile(span: string): boolean {
  return /^[\w-][\w./-]*$/.test(span) && /[./]/.test(span) && fs.existsSync(path.join(ROOT, span));
}

function isCommand(span: string): boolean {
  const name = /^npm (?:run )?([\w-]+)/.exec(span)?.[1];
  const { scripts } = JSON.parse(fs.readFileSync(path.join(ROOT, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  return name !== undefined && Object.hasOwn(scripts, name);
}
