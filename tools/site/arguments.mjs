/*
 * What stands behind npm run site --.
 */
import { parseArgs } from "node:util";
import { readPort } from "../setup/arguments.mjs";
import { SetupError } from "../setup/say.mjs";

export const SITE_HELP = `npm run site [-- options]

Builds the course as one folder of static files: the lessons to read, and to run in a browser tab with nothing to install.
Put the folder on any web host.

  --out DIR      the folder to write (default: site, in the course's folder)
  --serve        shows it on this machine; builds it first if anything has changed
  --port N       the port for --serve (default: 8080)
  --help         this text`;

/**
 * @param {string[]} argv
 * @returns {{ help: boolean, out: string | undefined, serve: boolean, port: number }}
 * @throws {SetupError}
 */
export function readSiteArguments(argv) {
  const string = /** @type {const} */ ({ type: "string" });
  const boolean = /** @type {const} */ ({ type: "boolean" });
  const options = { out: string, port: string, serve: boolean, help: { ...boolean, short: "h" } };
  let values;
  try {
    ({ values } = parseArgs({ args: argv, options }));
  } catch (error) {
    const [first] = String(/** @type {Error} */ (error).message).split(/\. |\n/);
    throw new SetupError(`${first.replace(/\.$/, "")}: npm run site -- --help lists the options.`);
  }
  if (values.port !== undefined && !values.serve)
    throw new SetupError("--port is for --serve: npm run site -- --serve --port N");
  return {
    help: values.help ?? false,
    out: values.out,
    serve: values.serve ?? false,
    port: readPort(values.port ?? "8080"),
  };
}
