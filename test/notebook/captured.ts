/** What a piece of work shows. */
import { withDisplay, type MimeBundle } from "../../lib/notebook/display";

export interface Shown {
  bundle: MimeBundle;
  id: string;
  update: boolean;
}

/** Everything that `work` displays, updates included, and what it returns. */
export async function captured<T>(work: () => T | Promise<T>): Promise<{ shown: Shown[]; result: T }> {
  const shown: Shown[] = [];
  const result = await withDisplay((bundle, output) => shown.push({ bundle, ...output }), work);
  return { shown, result };
}

/** The plain text of the one output that `work` shows. */
export async function shownText(work: () => unknown): Promise<string> {
  const { shown } = await captured(work);
  return shown.map(({ bundle }) => bundle["text/plain"]).join("\n");
}
