/**
 * Numbers as a person says them. Lessons put computed figures into sentences; these functions give each kind of figure
 * one form throughout the course. Thousands are separated by commas, whatever the machine's language.
 */

/** With a fixed number of digits after the point: fixed(3.14159) is "3.14". What rounds to zero has no sign. */
export function fixed(value: number, digits = 2): string {
  const text = value.toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return /^-[0.]+$/.test(text) ? text.slice(1) : text;
}

/** A whole number with commas: "671,026,404,352". */
export function whole(value: number | bigint): string {
  return typeof value === "bigint" ? value.toLocaleString("en-GB") : fixed(Math.round(value), 0);
}

/** A share of 1 in per cent, with at least two significant digits: "3.1%", "98%", "0.40%". */
export function percent(share: number): string {
  const value = 100 * share;
  const size = Math.abs(value);
  return `${fixed(value, size >= 10 || size === 0 ? 0 : size >= 1 ? 1 : 2)}%`;
}

/** A count in billions, three digits: "671B", "36.6B", "1.64B". */
export function billions(value: number): string {
  return `${significant(value / 1e9)}B`;
}

/** A ratio: "18 times", "1.4 times". */
export function times(ratio: number): string {
  return `${ratio >= 10 ? fixed(ratio, 0) : fixed(ratio, 1)} times`;
}

/**
 * An amount of money in words, since Markdown would take two dollar signs in a paragraph for the ends of a formula:
 * "5.58 million dollars", "1.60 billion francs", "87,072 dollars", "0.30 dollars".
 *
 * @param digits significant digits of millions and billions
 */
export function money(amount: number, currency = "dollars", digits = 3): string {
  const size = Math.abs(amount);
  const inUnit = (unit: number) => {
    const places = Math.max(0, digits - 1 - Math.floor(Math.log10(size / unit)));
    return fixed(amount / unit, places);
  };
  if (size >= 1e9) return `${inUnit(1e9)} billion ${currency}`;
  if (size >= 1e6) return `${inUnit(1e6)} million ${currency}`;
  return `${size >= 100 ? whole(amount) : fixed(amount, 2)} ${currency}`;
}

/** Three significant digits, or all digits of a longer whole part: "1,571", "46.7". */
function significant(value: number): string {
  const size = Math.abs(value);
  return fixed(value, size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

/** "router, experts and block": names or numbers, as a sentence lists them. */
export function listed(items: readonly (string | number)[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;
}
