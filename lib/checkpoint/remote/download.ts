/** Part of a file, or all of it, from a web server: asked for again where it broke off, and held to what was asked. */
import { Changed, checked, Missing, rangeOf } from "./checked";
import { follow, Refused, type Answer, type BodyReader, type Fetch, type Token } from "./follow";
import type { About, Sink } from "./pieces";
import { describe, secondsToWait, TEMPORARY } from "./trouble";

/** How a server is asked. */
export interface Asking {
  fetch: Fetch;
  token: Token | null;
  /** Ends it. */
  signal: AbortSignal;
  /** Waits for so many seconds. */
  wait(seconds: number): Promise<void>;
  /** Told of each piece that arrives. */
  received(bytes: number): void;
}

export interface Wanted {
  address: string;
  begin: number;
  /** Infinity: to the file's end. */
  end: number;
  /** What is known of the file. */
  about: About | null;
  /** Whether a server that knows no ranges may send all of it. */
  whole: boolean;
  /** Whether all of it is there already, and the server is only asked if that is still it. */
  there?: boolean;
  /** Called with what the first answer says of the file; returns where its bytes go. */
  opened(about: About): Sink | Promise<Sink>;
}

/** Failures in a row without a byte in between. */
const MOST_FAILURES = 5;
/** Longer than this nobody waits for a busy server. */
const MOST_SECONDS = 120;
/** A connection that is silent for so long is given up. */
const SILENT_SECONDS = 60;

/**
 * Receives it.
 *
 * @returns what is known of the file afterwards
 * @throws with the address and one line on what is wrong; Missing, if there is no such file; Changed, if it is no
 *   longer the one that `about` tells of
 */
export async function download(wanted: Wanted, asking: Asking): Promise<About> {
  let [at, failures] = [wanted.begin, 0];
  let { about, end } = wanted;
  let sink: Sink | null = null;
  try {
    for (;;) {
      asking.signal.throwIfAborted();
      const reached = at;
      let pause: number | null = null;
      const attempt = attemptOf(asking.signal);
      try {
        const headers = headersOf(wanted, at, end);
        const answer = await follow(wanted.address, headers, { ...asking, signal: attempt.signal });
        if (TEMPORARY.includes(answer.status)) {
          pause = secondsToWait(answer.headers.get("retry-after"));
          await answer.body?.getReader().cancel();
          throw new Error(`the server answers ${answer.status}`);
        }
        if (answer.status === 304 && about !== null) return about;
        const { from, about: told } = await checked(answer, { at, end, about, whole: wanted.whole });
        if (wanted.there) {
          await answer.body?.getReader().cancel();
          if (told.size !== about?.size) throw new Changed("it has changed on the server; run this again");
          return about;
        }
        [about, end] = [told, Math.min(end, told.size)];
        sink ??= await opened(wanted, about, answer);
        let skip = at - from;
        for await (const part of partsOf(answer, attempt.heard)) {
          asking.received(part.length);
          const bytes = part.subarray(Math.min(skip, part.length));
          skip -= part.length - bytes.length;
          if (at + bytes.length > end) throw new Refused(`the server sends more than the ${end - at} bytes asked for`);
          keep(sink, bytes);
          at += bytes.length;
        }
        if (at >= end) return Number.isFinite(about.size) ? about : { ...about, size: at };
        if (end === Infinity) return { ...about, size: at };
        throw new Error("the connection was cut off");
      } catch (error) {
        asking.signal.throwIfAborted();
        if (error instanceof Refused || error instanceof Own) throw error;
        failures = at > reached ? 1 : failures + 1;
        if (failures >= MOST_FAILURES) throw new Refused(`${describe(error)}, ${failures} times in a row`);
        if ((pause ?? 0) > MOST_SECONDS) throw new Refused(`${describe(error)}: try again in ${pause} seconds`);
        await asking.wait(pause ?? 0.5 * 2 ** (failures - 1));
      } finally {
        attempt.end();
      }
    }
  } catch (error) {
    asking.signal.throwIfAborted();
    if (error instanceof Own) throw error.error;
    const Kind = error instanceof Changed ? Changed : error instanceof Missing ? Missing : Error;
    throw new Kind(`${wanted.address}: ${describe(error)}`);
  } finally {
    sink?.close();
  }
}

/** Asks for bytes as they are stored, not compressed for the way: parts of those would be parts of something else. */
function headersOf({ there, about }: Wanted, at: number, end: number): Record<string, string> {
  const headers: Record<string, string> = { "Accept-Encoding": "identity" };
  if (there && about?.etag) headers["If-None-Match"] = about.etag;
  else if (!there && (at > 0 || end < Infinity)) headers.Range = rangeOf(at, end);
  return headers;
}

/** What goes wrong on this side, which asking again does not help. */
class Own {
  constructor(readonly error: unknown) {}
}

/** @throws Own, if the caller does not want it */
async function opened(wanted: Wanted, about: About, answer: Answer): Promise<Sink> {
  try {
    return await wanted.opened(about);
  } catch (error) {
    await answer.body?.getReader().cancel();
    throw new Own(error);
  }
}

/** @throws Refused, if they can't be kept: asking again would not help a full disk */
function keep(sink: Sink, bytes: Uint8Array): void {
  try {
    sink.write(bytes);
  } catch (error) {
    throw new Refused(describe(error));
  }
}

/** A signal of one attempt: of the whole work's, and after a silence. */
function attemptOf(signal: AbortSignal): { signal: AbortSignal; heard(): void; end(): void } {
  const controller = new AbortController();
  const stop = () => controller.abort(signal.reason);
  const silence = () => controller.abort(new Error(`the server was silent for ${SILENT_SECONDS} seconds`));
  let timer = setTimeout(silence, SILENT_SECONDS * 1000);
  signal.addEventListener("abort", stop);
  return {
    signal: controller.signal,
    heard() {
      clearTimeout(timer);
      timer = setTimeout(silence, SILENT_SECONDS * 1000);
    },
    end() {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    },
  };
}

/** The body as it arrives; a reader that leaves early ends it. */
async function* partsOf({ body }: Answer, heard: () => void): AsyncGenerator<Uint8Array, void, undefined> {
  const reader: BodyReader | undefined = body?.getReader();
  if (reader === undefined) return;
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      heard();
      ended = done;
      if (done) return;
      if (value !== undefined) yield value;
    }
  } finally {
    if (!ended) await reader.cancel().catch(() => {});
  }
}
