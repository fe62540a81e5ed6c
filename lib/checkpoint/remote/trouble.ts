/** What goes wrong on the way to a web server, in words. */

/** Answers of a server that is busy or not well: asking again later may help. */
export const TEMPORARY = [408, 429, 500, 502, 503, 504];

/** What the system's words for a connection that fails mean. */
const CONNECTIONS: Record<string, string> = {
  ENOTFOUND: "no network, or there is no such server",
  EAI_AGAIN: "no network, or there is no such server",
  ECONNREFUSED: "no server answers there",
  ECONNRESET: "the connection was cut off",
  UND_ERR_SOCKET: "the connection was cut off",
  EPIPE: "the connection was cut off",
  ENETUNREACH: "no network",
  EHOSTUNREACH: "no network",
  ETIMEDOUT: "the server does not answer in time",
  UND_ERR_CONNECT_TIMEOUT: "the server does not answer in time",
  UND_ERR_HEADERS_TIMEOUT: "the server does not answer in time",
  UND_ERR_BODY_TIMEOUT: "the server does not answer in time",
};

/** An error of fetch, of the connection under it, or of one's own, in a line. */
export function describe(error: unknown): string {
  for (let inner: unknown = error; inner instanceof Error; inner = inner.cause) {
    const { code } = inner as Error & { code?: unknown };
    if (typeof code !== "string") continue;
    if (CONNECTIONS[code] !== undefined) return `${CONNECTIONS[code]} (${code})`;
    if (/CERT|SIGNED|TLS|SSL/.test(code)) return `the server's certificate is not accepted (${code})`;
  }
  const message = error instanceof Error ? error.message : String(error);
  if (message === "terminated") return "the connection was cut off";
  return message === "fetch failed" || message === "Failed to fetch" ? "no connection" : message;
}

/** What a Retry-After says, in seconds from now; null if nothing. */
export function secondsToWait(header: string | null): number | null {
  if (header === null) return null;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : null;
}
