// An await at the top level of a cell, however it is spelt. Many of these are something else in a script, in which `await`
// is a name like any other: a call, an element, a division, a sum.
import { expect, it } from "vitest";
import { trap, withSharedKernel } from "./project";

const PROMISES = "const four = Promise.resolve(4), five = async () => 5, list = [four, 1] as const;\n";

trap(
  "an await may stand before a parenthesis",
  { ours: "4\n", stock: "" },
  async (kernel) => (await kernel.execute("const four = await (async () => 4)();\nconsole.log(four);")).stdout,
);

it.each([
  ["(declaration)", "const x = await (five());\nx", "5"],
  ["(call of a function)", "await (async () => 4)()", "4"],
  ["(argument)", "console.log(await (four))", "4"],
  ["(template)", "console.log(`${await (four)} ${await (five())}`)", "4 5"],
  ["(nothing else)", "await (1)", "1"],
  ["(twice)", "await (await (four)) + await (four)", "8"],
  ["(on the next line)", "const x = await\n  (four); x", "4"],
  ["(block)", "if (true) { console.log(await (four)); }", "4"],
  ["[array]", "const [x, y] = await [1, 2];\nx + y", "3"],
  ["[spread]", "console.log(...(await [1, 2]))", "1 2"],
  ["regular expression", 'const found = await /re/.exec("are");\nfound?.index', "1"],
  ["plus", "await +1", "1"],
  ["minus", "await -1", "-1"],
  ["template", "await `x`", "x"],
  ["type", "await <Promise<number>>four", "4"],
  ["head of a for", "for (let i = await (four); i < await (five()); i++) console.log(i);", "4"],
  ["loop with a label", "outer: for (const x of await (list)) { await (four); if (x === 1) continue outer; }\n6", "6"],
  ["default of a pattern", "const { x = await (four) }: { x?: number } = {};\nx", "4"],
  ["computed name", "const o = { [await (four)]: await [1] };\nJSON.stringify(o)", '{"4":[1]}'],
  ["base of a class", "class A extends (await (async () => class { x = 7; })()) {}\nnew A().x", "7"],
  ["export", "export const x = await (four);\nx", "4"],
  ["for await", "for await (const x of [four]) console.log(x);", "4"],
])("await before %s", async (_, cell, printed) => {
  const seen = await withSharedKernel("ours", (kernel) => kernel.execute(PROMISES + cell));
  expect([seen.stdout, seen.error]).toEqual([`${printed}\n`, undefined]);
});

it.each([
  ["comment and text", '// await (x)\nconst text = "await (1)", found = /await (x)/.test(text);\ntext', "await (1)"],
  ["async function", "async function f(): Promise<number> { return await (four); }\ntypeof f", "function"],
  ["async method", "const o = { async m() { return await (four); } };\ntypeof o.m", "function"],
  ["async arrow", "const f = async () => [await (four), await (async () => await (five()))()];\ntypeof f", "function"],
  ["async generator", "async function* all() { yield await (four); }\ntypeof all", "function"],
])("an await elsewhere makes no cell wait: %s", async (_, cell, printed) => {
  // The last line's value is shown at once, before the turn of what was there already; where the cell waits, after it.
  const order = 'void Promise.resolve().then(() => console.log("later"));\n';
  const { stdout, error } = await withSharedKernel("ours", (kernel) => kernel.execute(PROMISES + order + cell));
  expect([stdout, error]).toEqual([`${printed}\nlater\n`, undefined]);
});

const ONLY_IN_ASYNC = "'await' expressions are only allowed within async functions";
it.each([
  ["method", "const o = {\n  m() { return await four; } };", `2:16 - ${ONLY_IN_ASYNC}`],
  ["getter", "const o = {\n  get g() { return await four; } };", `2:20 - ${ONLY_IN_ASYNC}`],
  ["field", "class A {\n  x = await four; }", `2:7 - ${ONLY_IN_ASYNC}`],
  ["field of a class expression", "const A = class {\n  x = await four; };", `2:7 - ${ONLY_IN_ASYNC}`],
  ["field, with a parenthesis", "class A {\n  x = await (four); }", "2:7 - Cannot find name 'await'."],
  ["function", "function f() {\n  return await (four); }", "2:10 - Cannot find name 'await'."],
  ["arrow", "const f = () =>\n  await (four);", "2:3 - Cannot find name 'await'."],
  ["static block", "class A {\n  static { await four; } }", "2:12 - Await expression cannot be used"],
  ["default of a parameter", "const f = (\n  x = await four) => x;", `2:7 - ${ONLY_IN_ASYNC}`],
  ["unclosed parenthesis", "const x =\n  await (four;", "2:14 - ')' expected."],
  ["wrong type", "const x = 1;\nconst y: string = await (four);", "2:7 - Type 'number' is not assignable"],
])("where no await may stand, or what it gives is wrong, the message has the place: %s", async (_, cell, message) => {
  const { error } = await withSharedKernel("ours", async (kernel) => {
    await kernel.execute(PROMISES);
    return kernel.execute(cell);
  });
  expect([error?.ename, error?.evalue.slice(0, message.length)]).toEqual(["CompileError", message]);
});

it("an error behind an await has its line", async () => {
  const cell = `async function later(): Promise<void> {\n  await (four);\n  throw new Error("no");\n}\n\nawait (later());`;
  const { error } = await withSharedKernel("ours", (kernel) => kernel.execute(PROMISES + cell));
  expect(error?.traceback).toEqual([
    "Error: no",
    expect.stringMatching(/^ {4}at later \(cell \d+, line 4\)$/),
    expect.stringMatching(/^ {4}at async cell \d+, line 7$/),
  ]);
});

trap(
  "a promise without its await is shown in words",
  {
    ours: "a promise: await gives its value\n[ a promise: await gives its value ]\n",
    stock: expect.stringContaining("Promise {") as string,
  },
  async (kernel) => {
    await kernel.execute("const later = async () => 4;");
    const last = await kernel.execute("later()");
    return last.stdout + (await kernel.execute("console.log([later()]);")).stdout;
  },
);
