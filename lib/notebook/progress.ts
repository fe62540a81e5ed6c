/**
 * A progress bar for loops that take more than a moment. It says how far the loop is, how fast, and how long it will
 * still take. It also makes such a loop react to Interrupt: every 50 ms or so it lets signals in.
 *
 *     for await (const step of progress(200, "training", { unit: "steps" })) { … }
 *
 * With `const bar = progress(…)`, `bar.note("loss 2.31")` shows something beside the bar.
 */
import { host } from "../host";
import { inNotebook, newOutput, type MimeBundle } from "./display";
import { whole } from "./format";
import { BAD, GOOD, LINE, plainHtml } from "./html";
import { breathe } from "./interrupt";
import { COLOURS } from "./plot/theme";

/** Milliseconds between two looks for signals, and between two drawings. */
const BREATH = 50;
const DRAWING = 120;

export interface Progress extends AsyncIterable<number> {
  /** Shows a short text beside the bar from its next drawing on: "loss 2.31". */
  note(text: string): void;
}

interface State {
  done: number;
  total: number;
  label: string;
  unit: string;
  note: string;
  seconds: number;
}

/**
 * Counts from 0 to total − 1 and shows how far it is.
 *
 * @param label what is being done: "training"
 * @param options.unit what is counted: "steps"
 * @throws if the total is not a whole number; when looped over, if Interrupt was pressed
 */
export function progress(total: number, label: string, { unit = "" }: { unit?: string } = {}): Progress {
  if (!Number.isInteger(total) || total < 0)
    throw new Error(`progress "${label}": the total must be a whole number, got ${total}`);
  const state: State = { done: 0, total, label, unit, note: "", seconds: 0 };
  return {
    note: (text) => void (state.note = text),
    [Symbol.asyncIterator]: () => count(state),
  };
}

async function* count(state: State): AsyncGenerator<number, void, undefined> {
  const draw = drawing();
  const begin = performance.now();
  let breathed = begin;
  let drawn = begin;
  draw(bar(state));
  try {
    await breathe(); // the notebook draws the bar before the first step, however long that takes
    for (let i = 0; i < state.total; i++) {
      const now = performance.now();
      state.seconds = (now - begin) / 1000;
      if (now - drawn >= DRAWING) {
        draw(bar(state));
        drawn = now;
      }
      if (now - breathed >= BREATH) {
        await breathe();
        breathed = performance.now();
      }
      yield i;
      state.done = i + 1;
    }
  } finally {
    // Here after the last round, and also after break, an error or Interrupt.
    state.seconds = (performance.now() - begin) / 1000;
    draw(lastLine(state), true);
  }
}

type Draw = (bundle: MimeBundle, last?: boolean) => void;

/** Where bars go: to the notebook; in a terminal to one line that is overwritten; nowhere if output goes to a file. */
function drawing(): Draw {
  if (inNotebook()) {
    const output = newOutput();
    return (bundle) => output.show(bundle);
  }
  const write = host.terminal();
  if (write === null) return () => {};
  return (bundle, last = false) => write(`\r\x1b[K${bundle["text/plain"]}${last ? "\n" : ""}`);
}

function bar(state: State): MimeBundle {
  const { done, total, label, note } = state;
  const share = total === 0 ? 1 : done / total;
  const percent = `${Math.floor(100 * share)}%`;
  const texts = [counted(state), ...speed(state), ...(note === "" ? [] : [note])];
  const rail = "display: inline-block; width: 200px; height: 10px; border-radius: 5px; margin-right: 10px";
  const filled = `display: block; width: ${(100 * share).toFixed(1)}%; height: 10px; border-radius: 5px`;
  const html = [
    '<div style="display: flex; align-items: center; flex-wrap: wrap; font-size: 13px">',
    `<span style="margin-right: 10px">${plainHtml(label)}</span>`,
    `<span style="${rail}; background-color: ${LINE}">`,
    `<span style="${filled}; background-color: ${COLOURS[0]}"></span></span>`,
    `<span>${plainHtml([percent, ...texts].join(" · "))}</span></div>`,
  ].join("");
  return { "text/html": html, "text/plain": `${label}: ${[percent, ...texts].join(", ")}` };
}

function counted({ done, total, unit }: State): string {
  return `${whole(done)} of ${whole(total)}${unit === "" ? "" : ` ${unit}`}`;
}

/** Rounds a second and the time left, once they can be estimated. */
function speed({ done, total, seconds, unit }: State): string[] {
  if (done === 0 || seconds < 0.2) return [];
  return [
    `${rate(done / seconds)}${unit === "" ? "" : ` ${unit}`} a second`,
    `${duration(((total - done) * seconds) / done)} left`,
  ];
}

function rate(value: number): string {
  return value >= 9.95 ? whole(value) : value.toPrecision(2);
}

/** Seconds as a person says them: "0.4 s", "12 s", "3 min 20 s", "1 h 5 min". */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 60) return `${rounded} s`;
  if (rounded < 3600) return `${Math.floor(rounded / 60)} min ${rounded % 60} s`;
  return `${Math.floor(rounded / 3600)} h ${Math.floor((rounded % 3600) / 60)} min`;
}

/**
 * What stays when the loop is over. Only the HTML has the time: the plain text is the same in every run, so that two
 * runs of a lesson can be compared.
 */
function lastLine(state: State): MimeBundle {
  const { done, total, label, unit, note } = state;
  const complete = done === total;
  const what = complete ? `${whole(total)}${unit === "" ? "" : ` ${unit}`}` : `stopped at ${counted(state)}`;
  const text = `${complete ? "✔" : "✘"} ${label}: ${what}${note === "" ? "" : `, ${note}`}`;
  const time = ` in ${duration(state.seconds)}`;
  const html =
    `<div style="font-size: 13px"><span style="color: ${complete ? GOOD : BAD}">${plainHtml(text.slice(0, 1))}</span>` +
    `${plainHtml(text.slice(1))}${complete ? time : ` after ${duration(state.seconds)}`}</div>`;
  return { "text/html": html, "text/plain": text };
}
