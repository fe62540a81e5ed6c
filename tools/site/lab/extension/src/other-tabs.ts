/*
 * One lesson in two tabs: each has a kernel and a notebook of its own, and saving one would replace what the other saved.
 * JupyterLab asks when it comes to that; here both tabs say so as soon as the second opens.
 */

interface Channel {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
}

interface Opened {
  kind: "opened" | "open here too";
  path: string;
  from: string;
}

/**
 * @param channel reaches this site's other tabs
 * @param isOpen whether a file is open in this tab
 * @param warn tells the learner
 * @returns tells the others that a file was opened here
 */
export function watchOtherTabs(
  channel: Channel,
  isOpen: (path: string) => boolean,
  warn: (path: string) => void,
): (path: string) => void {
  const from = `${Date.now()} ${Math.random()}`;
  channel.addEventListener("message", ({ data }) => {
    const { kind, path, from: sender } = data as Opened;
    if (sender === from || !isOpen(path)) return;
    if (kind === "opened") channel.postMessage({ kind: "open here too", path, from } satisfies Opened);
    warn(path);
  });
  return (path) => channel.postMessage({ kind: "opened", path, from } satisfies Opened);
}
