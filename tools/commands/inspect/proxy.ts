/**
 * Requests through the proxy that HTTPS_PROXY or HTTP_PROXY names, as npm makes them: Node's own fetch knows proxies only
 * from version 22 on, and only when asked to (NODE_USE_ENV_PROXY).
 */
import http from "node:http";
import type { Socket } from "node:net";
import tls from "node:tls";
import type { Answer, Fetch } from "../../../lib/checkpoint/remote/follow";

type Environment = Record<string, string | undefined>;

/** fetch, or what makes requests through the environment's proxy where it names one for an address. */
export function fetchOf(env: Environment): Fetch {
  return async (address, options) => {
    const proxy = proxyFor(new URL(address), env);
    if (proxy === null) return fetch(address, options);
    return request(new URL(address), options, proxy);
  };
}

/**
 * The proxy for an address, null if there is none.
 *
 * @throws {Error} if the environment names one that is none
 */
export function proxyFor(url: URL, env: Environment): URL | null {
  const of = (name: string) => env[name.toLowerCase()] || env[name.toUpperCase()] || undefined;
  const named = of(url.protocol === "https:" ? "https_proxy" : "http_proxy");
  if (named === undefined || isDirect(url, of("no_proxy") ?? "")) return null;
  const proxy = toUrl(/^\w+:\/\//.test(named) ? named : `http://${named}`);
  if (proxy?.protocol !== "http:") throw new Error(`HTTPS_PROXY or HTTP_PROXY names no http:// proxy`);
  return proxy;
}

function toUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/** Whether NO_PROXY names the server: by its name, by a name that it ends with, or with a port. */
function isDirect({ hostname, port, protocol }: URL, list: string): boolean {
  const at = port || (protocol === "https:" ? "443" : "80");
  return list.split(/[\s,]+/).some((item) => {
    const [, name, only] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(item) ?? [];
    if (item === "*") return true;
    return Boolean(name) && (only === undefined || only === at) && (hostname === name || hostname.endsWith(`.${name}`));
  });
}

async function request(url: URL, { headers, signal }: Parameters<Fetch>[1], proxy: URL): Promise<Answer> {
  const plain = await tunnel(url, proxy, signal);
  const socket = url.protocol === "https:" ? tls.connect({ socket: plain, servername: url.hostname }) : plain;
  return new Promise((done, failed) => {
    http
      .request({
        createConnection: () => socket,
        path: url.pathname + url.search,
        headers: { ...headers, Host: url.host },
        signal,
      })
      .on("error", failed)
      .on("response", (message) => done(answerOf(message)))
      .end();
  });
}

/** A connection to the address's server, which the proxy has made. */
function tunnel(url: URL, proxy: URL, signal: AbortSignal): Promise<Socket> {
  const target = `${url.hostname}:${url.port || (url.protocol === "https:" ? 443 : 80)}`;
  const known =
    proxy.username === "" ? null : `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const headers = {
    Host: target,
    ...(known === null ? {} : { "Proxy-Authorization": `Basic ${Buffer.from(known).toString("base64")}` }),
  };
  return new Promise((done, failed) => {
    http
      .request({ host: proxy.hostname, port: proxy.port || 80, method: "CONNECT", path: target, headers, signal })
      .on("error", failed)
      .on("connect", ({ statusCode }, socket) => {
        if (statusCode === 200) return done(socket);
        socket.destroy();
        failed(new Error(`the proxy ${proxy.host} answers ${statusCode}`));
      })
      .end();
  });
}

function answerOf(message: http.IncomingMessage): Answer {
  const body = message[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return {
    status: message.statusCode ?? 0,
    type: "basic",
    headers: {
      get(name) {
        const value = message.headers[name.toLowerCase()];
        return Array.isArray(value) ? value.join(", ") : (value ?? null);
      },
    },
    body: {
      getReader: () => ({
        read: async () => {
          const { done = false, value } = await body.next();
          return done ? { done } : { done, value };
        },
        cancel: async () => void message.destroy(),
      }),
    },
  };
}
