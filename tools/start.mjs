/*
 * npm start [-- LESSON] [--port N] [--no-browser]: sets up what is missing and opens the course in JupyterLab.
 * Here stands only the check of Node's version, in syntax that a Node far too old can read: everything else is loaded
 * once it has passed.
 */
import { hasNewEnoughNode } from "./setup/node-version.mjs";

if (hasNewEnoughNode("npm start")) {
  import("./setup/start.mjs").then(({ start }) => start(process.argv.slice(2)));
}
