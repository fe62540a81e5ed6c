// A name in braces is a variable too, also when an earlier cell has declared it.
import { trap } from "./project";

trap(
  "an object takes a variable of an earlier cell by its name alone, and a function's own where it has one",
  { ours: ["{ batch: 5 }\n", "{ batch: 2 }\n", "4"], stock: ["", "{ batch: 2 }\n", "1"] },
  async (kernel) => {
    await kernel.execute("const batch = 5;");
    const outer = (await kernel.execute("console.log({ batch });")).stdout;
    await new Promise((done) => setTimeout(done, 250));
    const own = (await kernel.execute("console.log(((batch: number) => ({ batch }))(2));")).stdout;
    const assigned = await kernel
      .execute("let size = 1;")
      .then(() => kernel.execute("({ size = 4 } = {} as { size?: number });\nconsole.log(size);"));
    return [outer, own, assigned.stdout.split("\n")[0]];
  },
);
