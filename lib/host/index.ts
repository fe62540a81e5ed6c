/** The place where lib runs: Node. The build of the site (tools/site/worker) takes ./browser in place of ./node. */
export { host } from "./node";
