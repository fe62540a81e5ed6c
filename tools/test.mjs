/*
 * npm test [-- --only STEP,…] [--nodes]: sets up what is missing, runs every test, ends with "N passed, N failed".
 * Like start.mjs, only the check of Node's version stands here.
 */
import { hasNewEnoughNode } from "./setup/node-version.mjs";

if (hasNewEnoughNode("npm test")) {
  import("./setup/test.mjs").then(({ test }) => test(process.argv.slice(2)));
}
