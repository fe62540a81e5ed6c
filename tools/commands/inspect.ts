/**
 * npm run inspect -- SOURCE
 *
 * Looks into a model without loading it: what its config says, what the headers of its files hold, and, if asked, numbers
 * of single tensors. Of a model on the web only those parts of its files are fetched.
 */
import path from "node:path";
import { routerFacts, routerTensors } from "../../lib/checkpoint/inspect/routers";
import { scaleFacts, scaleTensors } from "../../lib/checkpoint/inspect/scales";
import { factsNeed, tensorFacts } from "../../lib/checkpoint/inspect/statistics";
import { shorten } from "../../lib/checkpoint/shorten";
import { command, fromCaller, print, readCall, toCaller } from "../cli";
import { overviewOf } from "./inspect/overview";
import { clearProgress, openSource, type Source } from "./inspect/source";
import { overviewText, routersText, scalesText, tensorText } from "./inspect/text";
import { size } from "./inspect/words";

const HELP = `usage: npm run inspect -- SOURCE [options]

SOURCE is a model's folder, a .safetensors file, or an address: a model's page on a hub, or any web folder with config.json,
model.safetensors.index.json and the files that it names. Of a model on the web, headers are fetched, and what is asked for.

  --tensor NAME  statistics of a tensor's numbers; may be given several times
  --router       for each layer the correction biases of its experts, and how long the router's rows are
  --scales       the distribution of FP8 block scales
  --json         all of it as JSON
  --yes          fetch without asking
  --cache DIR    where what is fetched is kept, and not fetched again (.cache/remote of the project)
  --help         prints this

HF_TOKEN is sent to the hub that it is for (HF_ENDPOINT names another). A proxy is taken
from HTTPS_PROXY, HTTP_PROXY and NO_PROXY.`;

const OPTIONS = {
  tensor: { type: "string", multiple: true, default: [] as string[] },
  router: { type: "boolean", default: false },
  scales: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  yes: { type: "boolean", default: false },
  cache: { type: "string" },
} as const;

export const main = command("inspect", HELP, async (call) => {
  const { values, positionals } = readCall(call, OPTIONS, { positionals: true });
  if (positionals.length !== 1) {
    throw new Error(`give one model; got ${positionals.length === 0 ? "none" : positionals.join(" and ")}`);
  }
  const cache = values.cache === undefined ? path.join(".cache", "remote") : fromCaller(values.cache);
  const ending = new AbortController();
  const end = () => ending.abort();
  process.on("SIGINT", end); // npm passes on the press that the terminal has sent already
  try {
    const source = await openSource(positionals[0], { yes: values.yes, cache, signal: ending.signal });
    await print(await inspected(source, values));
    const received = source.received();
    if (received !== null) console.error(`${size(received)} came over the network; they stay in ${toCaller(cache)}`);
  } catch (error) {
    clearProgress();
    if (!ending.signal.aborted) throw error;
    console.error(
      `inspect: stopped; what was received stays in ${toCaller(cache)}, and the same command goes on from there`,
    );
    process.exitCode = 130; // as a shell says of Ctrl-C
  } finally {
    if (!ending.signal.aborted) process.off("SIGINT", end);
  }
});

async function inspected(
  source: Source,
  { tensor, router, scales, json }: { tensor: string[]; router: boolean; scales: boolean; json: boolean },
): Promise<string> {
  const { tensors } = source;
  const overview = overviewOf(source.config, tensors);
  const wanted = tensor.flatMap((name) => factsNeed(tensors, name));
  await source.bring(wanted, tensor.length === 1 ? shorten(tensor[0], 80) : `${tensor.length} tensors`);
  const facts = tensor.map((name) => tensorFacts(tensors, name));
  const routers = routerTensors(tensors);
  const names = routers.flatMap(({ bias, weight }) => (tensors.has(weight) ? [bias, weight] : [bias]));
  if (router) await source.bring(names, `the routers of ${routers.length} layers`);
  if (scales) await source.bring(scaleTensors(tensors), "all scales");
  const found = {
    overview,
    tensors: facts,
    routers: router ? routerFacts(tensors, { norms: true }) : null,
    scales: scales ? scaleFacts(tensors, overview.config?.numHiddenLayers ?? Infinity) : null,
  };
  if (json) return `${JSON.stringify({ source: source.name, ...found }, null, 2)}\n`;
  const parts = [
    overviewText(source.name, overview),
    ...facts.map(tensorText),
    ...(found.routers === null ? [] : [routersText(found.routers)]),
    ...(found.scales === null ? [] : [scalesText(found.scales)]),
  ];
  return `${parts.join("\n\n")}\n`;
}
