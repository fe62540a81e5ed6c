/** Text from a file or a call, fit for the one line of an error. */

/** On one line and no longer than `most`: of what is longer, the middle is left out. */
export function shorten(text: string, most = 100): string {
  const ends = text.length > 4 * most ? text.slice(0, 2 * most) + text.slice(-2 * most) : text; // megabytes are not searched
  // eslint-disable-next-line no-control-regex
  const line = ends.replace(/[\s\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").trim();
  if (line.length <= most) return line;
  const head = Math.ceil((most - 3) * 0.6);
  return `${line.slice(0, head)} … ${line.slice(line.length - (most - 3 - head))}`;
}

/** A value of a JSON file as it is told in an error: 64, "relu", [1,2]. */
export function tell(value: unknown, most = 100): string {
  try {
    return shorten(JSON.stringify(value) ?? String(value), most);
  } catch {
    return Array.isArray(value) ? "an array of too many levels" : "an object of too many levels";
  }
}
