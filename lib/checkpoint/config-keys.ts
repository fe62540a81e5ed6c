import { tell } from "./shorten";

/**
 * The keys of one JSON object of a config.json, read with their types checked. Every error names the key, with the path
 * to it, and the value found. null counts as left out, as it does in transformers.
 */
export class ConfigKeys {
  private readonly object: Record<string, unknown>;

  constructor(
    json: unknown,
    private readonly path = "",
  ) {
    if (typeof json !== "object" || json === null || Array.isArray(json)) {
      throw new Error(`config${path && `: ${path.slice(0, -1)}`} must be a JSON object; it is ${tell(json)}`);
    }
    this.object = json as Record<string, unknown>;
  }

  has(key: string): boolean {
    return (this.object[key] ?? undefined) !== undefined;
  }

  /** Whether the key is there and says null, which differs from being forgotten. */
  isNull(key: string): boolean {
    return this.object[key] === null;
  }

  value(key: string): unknown {
    return this.object[key] ?? undefined;
  }

  number(key: string, fallback?: number): number {
    const value = this.typed(key, "number", fallback);
    if (!Number.isFinite(value)) throw new Error(`config: ${this.path}${key} must be a finite number`);
    return value;
  }

  /** @throws also if the number is 0 or less */
  positive(key: string, fallback?: number): number {
    const value = this.number(key, fallback);
    if (value <= 0) throw new Error(`config: ${this.path}${key} is ${value}; it must be a positive number`);
    return value;
  }

  boolean(key: string, fallback: boolean): boolean {
    return this.typed(key, "boolean", fallback);
  }

  mustHave(key: string): void {
    if (!this.has(key)) throw new Error(`config: ${this.path}${key} is missing`);
  }

  /**
   * @param why what is said of a value that is not supported
   * @throws if the key is there with a value that is not among the supported ones
   */
  mustBe(key: string, supported: unknown[], why = ""): void {
    if (!this.has(key) || supported.includes(this.value(key))) return;
    const allowed = supported.map((value) => JSON.stringify(value)).join(" or ") || "leaving it out";
    const reason = why === "" ? "" : `: ${why}`;
    throw new Error(
      `config: ${this.path}${key} ${tell(this.value(key))} is not supported; supported: ${allowed}${reason}`,
    );
  }

  section(key: string): ConfigKeys | undefined {
    return this.has(key) ? new ConfigKeys(this.value(key), `${this.path}${key}.`) : undefined;
  }

  private typed<T extends number | boolean>(key: string, type: "number" | "boolean", fallback?: T): T {
    if (fallback === undefined) this.mustHave(key);
    const value = this.value(key) ?? fallback;
    if (typeof value !== type) throw new Error(`config: ${this.path}${key} must be a ${type}; it is ${tell(value)}`);
    return value as T;
  }
}
