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
  --address URL  where the site will be: the pictures that chats show of a page need it
  --serve        shows it on this machine; builds it first if anything has changed
  --port N       the port for --serve (default: 8080)
  --help         this text`;

/**
 * @param {string | undefined} text
 * @returns {string} ending in "/", or empty where none is given
 * @throws {SetupError}
 */
function readAddress(text) {
  if (text === undefined) return "";
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new SetupError(`--address takes a whole address, such as https://example.org/course/; not "${text}"`);
  }
  return `${url.origin}${url.pathname.replace(/\/?$/, "/")}`;
}

/**
 * @param {string[]} argv
 * @returns {{ help: boolean, out: string | undefined, address: string, serve: boolean, port: number }}
 * @throws {SetupError}
 */
export function readSiteArguments(argv) {
  const string = /** @type {const} */ ({ type: "string" });
  const boolean = /** @type {const} */ ({ type: "boolean" });
  const options = { out: string, address: string, port: string, serve: boolean, help: { ...boolean, short: "h" } };
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
    address: readAddress(values.address),
    serve: values.serve ?? false,
    port: readPort(values.port ?? "8080"),
  };
}
