/*
 * npm run webgpu: puts the 132 MB package that gives Node a GPU into this project, and says whether there is one to
 * use. Like start.mjs, only the check of Node's version stands here.
 */
import { hasNewEnoughNode } from "./setup/node-version.mjs";

if (hasNewEnoughNode("npm run webgpu")) {
  import("./setup/webgpu.mjs").then(({ webgpu }) => webgpu());
}
