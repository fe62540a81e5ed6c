/*
 * npm run setup [-- --with LISTS]: installs what npm start would, and with --with dev,rerun,hub what other commands need,
 * and starts nothing. Like start.mjs, only the check of Node's version stands here.
 */
import { hasNewEnoughNode } from "./setup/node-version.mjs";

if (hasNewEnoughNode("npm run setup")) {
  import("./setup/setup.mjs").then(({ setup }) => setup(process.argv.slice(2)));
}
