/*
 * The folder that the course lies in: a few characters in its name are more than the programs that work there can bear.
 */
import path from "node:path";
import { SetupError, again } from "./say.mjs";

/**
 * What some program of the course takes for something else: a kernel that finds no library, a server that does not start.
 * @type {[RegExp, string][]}
 */
const UNUSABLE = [
  [/[\r\n]/, "a line break"],
  [/\\/, "a backslash, which Node reads as a slash"],
  [/\?/, "a question mark, which the kernel's compiler takes for the end of a path"],
  [/\*/, "an asterisk, which the kernel's compiler takes for any name"],
  [/"/, "a double quote, which the kernel's compiler takes for the end of a path"],
];

/**
 * @param {string} root
 * @param {string} delimiter what stands between the folders of PATH
 * @param {string} separator what stands between the folders of a path
 * @throws {SetupError} if the course can't run there, saying why and what to do
 */
export function requireUsableFolder(root, delimiter = path.delimiter, separator = path.sep) {
  const folder = separator === "\\" ? root.replace(/\\/g, "/") : root;
  const why = folder.includes(delimiter)
    ? `"${delimiter}", which separates the folders of PATH`
    : UNUSABLE.find(([pattern]) => pattern.test(folder))?.[1];
  if (why === undefined) return;
  throw new SetupError(
    `The course can't run in ${JSON.stringify(root)}: the path holds ${why}. Rename or move the folder, then ${again()}.`,
  );
}
