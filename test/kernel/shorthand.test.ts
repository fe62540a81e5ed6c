// A name in braces is a variable too, also when an earlier cell has declared it.
import { trap, untilHeard } from "./project";

trap(
  "an object takes a variable of an earlier cell by its name alone, and a function's own where it has one",
  { ours: ["{ batch: 5 }\n", "{ batch: 2 }\n", "4"], stock: ["", "{ batch: 2 }\n", "1"] },
  async (kernel) => {
    await kernel.execute("const batch = 5;");
    const outer = (await kernel.execute("console.log({ batch });")).stdout;
    await untilHeard(kernel);
    const own = (await kernel.execute("console.log(((batch: number) => ({ batch }))(2));")).stdout;
    const assigned = await kernel
      .execute("let size = 1;")
      .then(() => kernel.execute("({ size = 4 } = {} as { size?: number });\nconsole.log(size);"));
    return [outer, own, assigned.stdout.split("\n")[0]];
  },
);

trap(
  "a property of an earlier cell's variable can be taken under another name",
  { ours: ["a\n", "a 4\n", "a\n"], stock: ["", "", "a\n"] },
  async (kernel) => {
    await kernel.execute('const chips = [{ chip: "a", watts: 2 }], twice = (x: number) => 2 * x;');
    const printed = [
      "const { chip: first } = chips[0];\nconsole.log(first);",
      "const of = ({ chip: name, ...rest }: (typeof chips)[number]) => `${name} ${twice(rest.watts)}`;\nconsole.log(of(chips[0]));",
      'let found = "";\n({ chip: found } = chips[0]);\nconsole.log(found);',
    ];
    const outputs: string[] = [];
    for (const cell of printed) {
      outputs.push((await kernel.execute(cell)).stdout);
      await untilHeard(kernel);
    }
    return outputs;
  },
);
