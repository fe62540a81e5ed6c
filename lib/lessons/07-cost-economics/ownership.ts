/**
 * What an hour of an accelerator costs somebody who owns it: its loss of value, its share of the network, electricity
 * and operation, spread over the hours in which it works. Whether owning or renting is cheaper is a question about that
 * share of hours.
 */
import { HOURS_PER_YEAR } from "../../economics/training-cost";

export interface Machine {
  purchase: number; // dollars per GPU, with its part of the server
  /** Share of the cluster's cost that is network between servers. */
  interconnectShare: number;
  /** Orders of magnitude that its value loses per year. */
  depreciation: number;
  watts: number; // per GPU, with its part of the server
  overhead: number; // electricity for everything, per electricity for the computers (PUE)
  electricity: number; // dollars per kWh
  operation: number; // dollars per hour that it exists: building, people, repairs
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
  purchase, interconnectShare, depreciation,
}: Pick<Machine, "purchase" | "interconnectShare" | "depreciation">): number {
  return ((purchase / (1 - interconnectShare)) * depreciation * Math.LN10) / HOURS_PER_YEAR;
}

/**
 * Dollars per useful GPU-hour.
 *
 * @param busy share of all hours in which it does something useful; it draws power only then
 * @throws if busy is no share of 1
 */
export function ownedHour(machine: Machine, busy: number): OwnedHour {
  if (!(busy > 0 && busy <= 1)) throw new Error(`ownedHour: busy must be above 0 and at most 1, got ${busy}`);
  const hardware = hardwarePerHour(machine) / busy;
  const electricity = (machine.watts / 1000) * machine.overhead * machine.electricity;
  const operation = machine.operation / busy;
  return { hardware, electricity, operation, total: hardware + electricity + operation };
}

/** The share of hours from which on owning is cheaper than renting at `rent`; above 1, it never is. */
export function breakEvenBusy(machine: Machine, rent: number): number {
  const { electricity } = ownedHour(machine, 1);
  return rent > electricity ? (hardwarePerHour(machine) + machine.operation) / (rent - electricity) : Infinity;
}
