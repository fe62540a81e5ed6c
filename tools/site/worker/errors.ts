/** Errors as Node shows them: other browsers than Chromium write stacks in their own way. */
import { format, inspect } from "node-inspect-extracted";

/** A frame as Firefox and Safari write it: "name@cell-3:4:5". */
const OTHER_FRAME = /^(?<name>[^@]*)@(?<place>.*:\d+:\d+)$/;

/** The frame of a cell's top level, which a browser calls after what evaluates it. */
const TOP_LEVEL = /^(\s+at (?:async )?)eval \((cell-\d+:\d+:\d+)\)$/gm;

function inspectError(value: unknown): string {
  if (!(value instanceof Error) || typeof value.stack !== "string" || /^\s+at /m.test(value.stack)) {
    return inspect(value).replaceAll(TOP_LEVEL, "$1$2");
  }
  const frames = value.stack.split("\n").flatMap((line) => {
    const { name, place } = OTHER_FRAME.exec(line)?.groups ?? {};
    if (place === undefined) return [];
    const own = place.replace(/^.* > eval:/, "");
    return [`    at ${name === "" ? own : `${name.replace(/^(async)\*/, "$1 ")} (${own})`}`];
  });
  return [`${value.name}: ${value.message}`, ...frames].join("\n");
}

/** What error-content.cjs has to know of the tab. Frames of the worker's own script are of no use to a reader. */
export const runtime = { inspect: inspectError, format, root: "/", foreign: /^\s+at .*(:\/\/|<anonymous>)/ };
