/*
 * npm run reset -- LESSON …: gives a fresh copy of a lesson in work/ and keeps the old one beside it under a dated
 * name. Like start.mjs, only the check of Node's version stands here.
 */
import { hasNewEnoughNode } from "./setup/node-version.mjs";

if (hasNewEnoughNode("npm run reset")) {
  import("./setup/reset.mjs").then(({ reset }) => reset(process.argv.slice(2)));
}
