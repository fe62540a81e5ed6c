/**
 * node --import tsx test/support/main.ts FILE ARGUMENTS…: a command in a process of its own, without the set-up that
 * tools/run.mjs does before it.
 */
import { createRequire } from "node:module";
import path from "node:path";

const [file, ...args] = process.argv.slice(2);
const { main } = createRequire(__filename)(path.resolve(file)) as { main: (args: string[]) => Promise<void> };
void main(args);
