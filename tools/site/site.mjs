/*
 * npm run site: the course as one folder of static files, and a look at it.
 */
import path from "node:path";
import { ROOT, projectAt } from "../setup/project.mjs";
import { SetupError } from "../setup/say.mjs";
import { portTrouble } from "../setup/server.mjs";
import { stopInstalling, whenStopped } from "../setup/setup.mjs";
import { SITE_HELP, readSiteArguments } from "./arguments.mjs";
import { buildSite, megabytes, sizeOf } from "./build.mjs";
import { serveSite } from "./serve.mjs";

/**
 * @param {string} out
 * @param {number} port
 */
async function serve(out, port) {
  const { url, close } = await serveSite({ folder: out, port });
  console.log(`\nTo read: ${url}\nTo run:  ${url}run/lab/index.html?path=00-start-here.ipynb\n\nCtrl-C stops it.`);
  await /** @type {Promise<void>} */ (new Promise((resolve) => whenStopped(resolve)));
  await close();
  process.exit(0); // what watches our parent would keep us
}

/** @param {string[]} argv what stands behind npm run site -- */
export async function main(argv) {
  const project = projectAt(ROOT);
  const { help, out: wanted, address, serve: wantsServer, port } = readSiteArguments(argv);
  if (help) {
    console.log(SITE_HELP);
    return;
  }
  // A path is meant from where the person is; npm runs scripts in the project's folder.
  const out = path.resolve(process.env.INIT_CWD ?? process.cwd(), wanted ?? path.join(project.root, "site"));
  if (out === project.root || project.root.startsWith(out + path.sep)) {
    throw new SetupError(`The site can't be written over the course itself (${out}): name a folder for it with --out.`);
  }
  const trouble = wantsServer ? await portTrouble(port) : null;
  if (trouble !== null) {
    const other = (port % 65_535) + 1;
    throw new SetupError(`Port ${port} is ${trouble}: take another: npm run site -- --serve --port ${other}`);
  }
  const done = whenStopped(stopInstalling);
  const built = await buildSite(project, { out, address });
  done();
  const shown = path.relative(process.cwd(), out) || out;
  console.log(
    `\n${shown} ${built ? "is built" : "is up to date"}: ${megabytes(sizeOf(out))}. Put it on any web host, or look at ` +
      "it here: npm run site -- --serve",
  );
  if (wantsServer) await serve(out, port);
}
