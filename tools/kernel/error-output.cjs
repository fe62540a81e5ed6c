/** error-content.cjs in Node. */
const path = require("node:path");
const { format, inspect } = require("node:util");
const content = require("./error-content.cjs");

const FOREIGN_FRAME = /^\s+at .*(node:|[\\/]tslab[\\/]dist[\\/]|[\\/]tools[\\/]kernel[\\/])/;

/**
 * @param {unknown[][]} reports the arguments of the executor's console.error, one call each; at least one
 * @param {import("./error-content.cjs").Places} places
 */
function errorContent(reports, places) {
  const root = process.cwd() + path.sep;
  return content.errorContent(reports, places, { inspect, format, root, foreign: FOREIGN_FRAME });
}

module.exports = { ...content, errorContent };
