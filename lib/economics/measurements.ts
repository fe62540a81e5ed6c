/**
 * What a real GPU did: the records of tools/measure/gpu.py in data/measurements/. A row is one measurement, with its
 * median time, spread and number of repetitions, or with the reason why it was not made.
 */
import { host } from "../host";

export interface Provenance {
  date: string;
  script: string;
  script_sha256: string;
  quick: boolean; // a run that only tests the script: its figures mean nothing
  device: string;
  torch: string;
  cuda: string | null;
  triton: string | null;
  driver: string | null;
  multiprocessors?: number;
}

/** One measurement. Each part has further fields of its own, as tools/measure/gpu.py writes them. */
export interface Measured {
  seconds: number; // median
  low: number; // 10th percentile
  high: number; // 90th
  repetitions: number;
  flop?: number;
  bytes?: number;
  [field: string]: number | string | boolean | undefined;
}

export interface Clock {
  min: number;
  median: number;
  max: number;
}

export interface Part {
  status: "ok" | "failed";
  error: string | null;
  /**
   * What nvidia-smi showed while the part ran: "clocks.sm" in MHz, "power.draw" in watts; `samples` counts readings.
   */
  clocks: Record<string, Clock | number> | null;
  rows: (Measured | { error?: string; skipped?: string; seconds?: undefined })[];
}

export interface Measurements {
  format: number;
  provenance: Provenance;
  parts: Record<string, Part>;
}

/** The files of the course's own records. */
export const H200 = "data/measurements/h200.json";
export const H100 = "data/measurements/h100.json";

/**
 * Reads a record; null if there is no such file.
 *
 * @throws if the file has another format, or comes from a run that only tests the script
 */
export function readMeasurements(file: string = H200): Measurements | null {
  if (host.look(file) === null) return null;
  const record = JSON.parse(host.readText(file)) as Measurements;
  if (record.format !== 1) throw new Error(`${file}: format ${record.format}; this reads format 1`);
  if (record.provenance.quick) throw new Error(`${file}: a quick run tests the script and measures nothing`);
  return record;
}

/** The measurements of a part that have the given values; none if the part failed. */
export function measured(record: Measurements, part: string, where: Record<string, unknown> = {}): Measured[] {
  const rows = record.parts[part]?.rows ?? [];
  return rows
    .filter((row): row is Measured => row.seconds !== undefined)
    .filter((row) => Object.entries(where).every(([key, value]) => row[key] === value));
}

/** A clock while a part ran; null where it was not read. */
export function clock(record: Measurements, part: string, name = "clocks.sm"): Clock | null {
  const found = record.parts[part]?.clocks?.[name];
  return typeof found === "object" ? found : null;
}

/** FLOP/s that were measured. */
export function rate({ flop = NaN, seconds }: Measured): number {
  return flop / seconds;
}

/** Bytes/s that were measured. */
export function throughput({ bytes = NaN, seconds }: Measured): number {
  return bytes / seconds;
}

/** Device, libraries and date of a record, in words, to be named under a figure. */
export function describe({ provenance: p }: Measurements): string {
  const libraries = [`torch ${p.torch}`, ...(p.cuda === null ? [] : [`CUDA ${p.cuda}`])];
  const driver = p.driver === null ? "" : `, driver ${p.driver}`;
  const script = `script ${p.script_sha256.slice(0, 12)}`;
  return `${p.device}, ${libraries.join(", ")}${driver}, ${p.date.slice(0, 10)}, ${script}`;
}
