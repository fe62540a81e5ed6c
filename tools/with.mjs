/*
 * node tools/with.mjs LISTS SCRIPT ARGUMENTS…: sets up what is missing, with the Python packages of the lists
 * requirements-NAME.txt (names with commas between them, or none), then runs a TypeScript file of the project. The
 * scripts of package.json use it. Like start.mjs, only the check of Node's version stands here.
 */
import { hasNewEnoughNode } from "./setup/node-version.mjs";

if (hasNewEnoughNode(`npm run ${process.env.npm_lifecycle_event ?? "setup"}`)) {
  const [lists, script, ...args] = process.argv.slice(2);
  import("./setup/with.mjs").then(({ runWith }) =>
    runWith(
      lists.split(",").filter((name) => name !== "none"),
      script,
      args,
    ),
  );
}
