import { execFileSync } from "node:child_process";
import path from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../../tools/setup/project.mjs";

/** A module of one function, which returns i8x16.relaxed_swizzle of two vectors. */
const RELAXED = "AGFzbQEAAAABBQFgAAF7AwIBAAoPAQ0AQQH9D0EC/Q/9gAIL";

it("host.allowRelaxedSimd lets modules with relaxed SIMD in, which Node 20 hides", () => {
  // A process of its own: what is allowed once stays allowed.
  const script = `
    import { host } from ${JSON.stringify(path.join(ROOT, "lib", "host"))};
    const isKnown = () => WebAssembly.validate(Buffer.from("${RELAXED}", "base64"));
    const before = isKnown();
    host.allowRelaxedSimd();
    console.log(JSON.stringify([before, isKnown()]));`;
  const output = execFileSync(process.execPath, [require.resolve("tsx/cli"), "-e", script], { cwd: ROOT });
  const hidden = Number(process.versions.node.split(".")[0]) < 21;
  expect(JSON.parse(output.toString())).toEqual([!hidden, true]);
});
