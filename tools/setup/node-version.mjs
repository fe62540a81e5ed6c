/*
 * Is this Node new enough? Read by any Node that can load a module at all, so no syntax newer than ES2018 here: a too
 * old Node must get as far as saying so.
 */

export const OLDEST_NODE = 20;

/**
 * What a person types to run a command.
 * @param {string} command such as "start"
 */
export function asTyped(command) {
  return (command === "start" || command === "test" ? "npm " : "npm run ") + command;
}

/**
 * What to say to this Node version, or "" if it will do.
 * @param {string} version such as "20.11.1"
 * @param {string} command what the person ran, such as "npm start"
 * @returns {string} one line
 */
export function nodeComplaint(version, command) {
  if (Number(version.split(".")[0]) >= OLDEST_NODE) return "";
  return (
    "Node " +
    version +
    " is too old: install Node " +
    OLDEST_NODE +
    " or newer (nodejs.org, or your system's packages), then run " +
    command +
    " again."
  );
}

/**
 * Says so and sets exit code 1 if this Node is too old.
 * @param {string} command what the person ran
 * @returns {boolean}
 */
export function hasNewEnoughNode(command) {
  const complaint = nodeComplaint(process.versions.node, command);
  if (complaint !== "") {
    console.error(complaint);
    process.exitCode = 1;
  }
  return complaint === "";
}
