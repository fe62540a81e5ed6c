/**
 * What an hour of a GPU costs its owner: its loss of value, its share of the network, electricity and operation, spread
 * over the hours in which it is used. Whether owning or renting is cheaper depends on the share of these hours.
 */
import { HOURS_PER_YEAR } from "../../economics/training-cost";

export interface OwnedGpu {
  purchase: number; // dollars per GPU, with its part of the server
  /** Share of the cluster's cost that is network between servers. */
  interconnectShare: number;
  /** Loss of value, in powers of ten a year. */
  depreciation: number;
  watts: number; // per GPU, with its part of the server
  overhead: number; // electricity of the whole building over that of the computers (PUE)
  electricity: number; // dollars per kWh
  operation: number; // dollars per hour, used or not: building, people, repairs
}

export interface OwnedHour {
  hardware: number;
  electricity: number;
  operation: number;
  total: number;
}

/**
 * Loss of value per hour in the first year, as Epoch AI counts it: price × rate × ln 10 / 8760, and the network on top
 * (cost_analysis_standalone.py of training-cost-trends).
 */
export function hardwarePerHour({
  purchase,
  interconnectShare,
  depreciation,
}: Pick<OwnedGpu, "purchase" | "interconnectShare" | "depreciation">): number {
  return ((purchase / (1 - interconnectShare)) * depreciation * Math.LN10) / HOURS_PER_YEAR;
}

/**
 * Dollars per hour in which the GPU is used.
 *
 * @param busy share of all hours in which it is used; it draws power only then
 * @throws if busy is not above 0 and at most 1
 */
export function ownedHour(gpu: OwnedGpu, busy: number): OwnedHour {
  if (!(busy > 0 && busy <= 1)) throw new Error(`ownedHour: busy must be above 0 and at most 1, got ${busy}`);
  const hardware = hardwarePerHour(gpu) / busy;
  const electricity = (gpu.watts / 1000) * gpu.overhead * gpu.electricity;
  const operation = gpu.operation / busy;
  return { hardware, electricity, operation, total: hardware + electricity + operation };
}

/** The share of hours from which on owning is cheaper than renting at `rent` dollars an hour; above 1: never. */
export function breakEvenBusy(gpu: OwnedGpu, rent: number): number {
  const { electricity } = ownedHour(gpu, 1);
  return rent > electricity ? (hardwarePerHour(gpu) + gpu.operation) / (rent - electricity) : Infinity;
}
