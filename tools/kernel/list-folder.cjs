const fs = require("node:fs");

/**
 * The names in a folder; those of folders end in a slash.
 *
 * @param {string} folder
 */
function listFolder(folder) {
  const entries = fs.readdirSync(folder, { withFileTypes: true });
  return entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
}

module.exports = { listFolder };
