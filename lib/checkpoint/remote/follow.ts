/**
 * One request to a web server. Redirects are followed by hand, since hubs send to other servers for what is large: a
 * token goes to the server that it is for and to no other.
 */

/** What is used of a web server's answer: of fetch's Response. */
export interface Answer {
  status: number;
  type: string;
  headers: { get(name: string): string | null };
  body: { getReader(): BodyReader } | null;
}

export interface BodyReader {
  read(): Promise<{ done: boolean; value?: Uint8Array }>;
  cancel(): Promise<void>;
}

/** As `fetch` is called. */
export type Fetch = (
  address: string,
  options: { headers: Record<string, string>; redirect: "manual" | "follow"; signal: AbortSignal },
) => Promise<Answer>;

/** Who one is, to one server. */
export interface Token {
  /** Its scheme, name and port: "https://example.org". */
  origin: string;
  value: string;
}

const MOST_REDIRECTS = 5;

/**
 * Asks, and follows where the server sends to.
 *
 * @throws if redirects don't end, or lead where they may not; whatever fetch throws
 */
export async function follow(
  address: string,
  headers: Record<string, string>,
  { fetch, token, signal }: { fetch: Fetch; token: Token | null; signal: AbortSignal },
): Promise<Answer> {
  let at = new URL(address);
  let mayKnow = token !== null; // until a redirect has led to another server, even if a further one leads back
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    mayKnow &&= at.origin === token?.origin;
    const named = mayKnow ? { ...headers, Authorization: `Bearer ${token?.value}` } : headers;
    const answer = await fetch(at.href, { headers: named, redirect: "manual", signal });
    // A browser doesn't tell where to; it follows by itself, and has no token.
    if (answer.type === "opaqueredirect") return fetch(at.href, { headers, redirect: "follow", signal });
    const to = answer.headers.get("location");
    if (answer.status < 300 || answer.status > 399 || answer.status === 304 || to === null) return answer;
    await answer.body?.getReader().cancel();
    const next = new URL(to, at);
    if (next.protocol !== at.protocol && next.protocol !== "https:") {
      throw new Refused(`the server sends from ${at.protocol} to ${next.protocol}, which is not followed`);
    }
    at = next;
  }
  throw new Refused(`the server sends from one address to another more than ${MOST_REDIRECTS} times`);
}

/** What is wrong with an answer and stays wrong, however often one asks. */
export class Refused extends Error {}
