/**
 * How much of a machine a run uses. Model FLOPs utilisation (MFU) is the arithmetic that the model needs, divided by
 * what the accelerator could do at its peak; hardware FLOPs utilisation (HFU) also counts what is computed twice
 * (Chowdhery et al., 2022, appendix B). Neither means anything without its denominator, so both ask for it: the same
 * run is 35% of one format's peak and 17% of another's.
 */

/** Tokens per second and GPU, from what a run took altogether. */
export function tokensPerGpuSecond(tokens: number, gpuHours: number): number {
  return tokens / (gpuHours * 3600);
}

export interface Utilisation {
  flopsPerToken: number;
  tokensPerSecond: number; // per GPU
  peak: number; // FLOP/s of one GPU, dense, in a stated format
}

/** Model FLOPs utilisation, a share of 1. */
export function mfu({ flopsPerToken, tokensPerSecond, peak }: Utilisation): number {
  return (flopsPerToken * tokensPerSecond) / peak;
}

/** Hardware FLOPs utilisation: with the FLOPs per token that are computed a second time. */
export function hfu(run: Utilisation & { recomputed: number }): number {
  return mfu({ ...run, flopsPerToken: run.flopsPerToken + run.recomputed });
}
