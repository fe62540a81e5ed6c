/** A server's answer, held to what was asked for. */
import { Refused, type Answer } from "./follow";
import type { About } from "./pieces";

/** The file is not the one of which parts are there already. */
export class Changed extends Refused {}

/** The server has no such file. */
export class Missing extends Refused {}

/** The bytes from `at` on, as a header asks for them. */
export function rangeOf(at: number, end: number): string {
  return `bytes=${at}-${end < Infinity ? end - 1 : ""}`;
}

/**
 * Holds the head of an answer to what was asked for.
 *
 * @returns from which byte on it is, and what it says of the file; a size of Infinity, if it doesn't say that
 * @throws Missing, Changed, or Refused for any other reason; the answer is left then
 */
export async function checked(
  answer: Answer,
  { at, end, about, whole }: { at: number; end: number; about: About | null; whole: boolean },
): Promise<{ from: number; about: About }> {
  try {
    const { status, headers } = answer;
    if (status === 404) throw new Missing("there is no such file (404)");
    if (status !== 200 && status !== 206) throw new Refused(meaningOf(status));
    const etag = headers.get("etag")?.replace(/^W\//, "") ?? null;
    const known = about?.etag ?? null;
    if (known !== null && etag !== null && known !== etag)
      throw new Changed("it has changed on the server; run this again");
    if (status === 200) {
      if (!whole) throw new Refused("the server sends whole files only, no parts (byte ranges): download it first");
      const length = headers.get("content-encoding") === null ? headers.get("content-length") : null;
      return { from: 0, about: { etag, size: length === null ? Infinity : Number(length) } };
    }
    const told = headers.get("content-range") ?? "";
    const [, from, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(told)?.map(Number) ?? [];
    const right = from === at && last >= from && last < end && last < total;
    const size = about?.size ?? Infinity;
    if (!right || (size < Infinity && total !== size)) {
      const asked = `${rangeOf(at, end)}${size < Infinity ? ` of ${size}` : ""}`;
      throw new Refused(`the server answers with "${told}" where ${asked} was asked for`);
    }
    return { from, about: { etag: etag ?? known, size: total } };
  } catch (error) {
    await answer.body?.getReader().cancel();
    throw error;
  }
}

function meaningOf(status: number): string {
  if (status === 401 || status === 403) {
    return `the server answers ${status}: it gives this to people whom it knows; HF_TOKEN may hold a token for it`;
  }
  if (status === 416) return "cut off: the server has no such part of it (416)";
  return `the server answers ${status}`;
}
