/**
 * Model FLOPs utilisation (MFU): the arithmetic that a run's model needs, divided by what the GPUs could do at their
 * peak (Chowdhery et al., 2022, appendix B). It depends on whose peak that is: the same run reaches 35% of one format's
 * and 17% of another's.
 */

/** Tokens per second on one GPU, from the totals of a run. */
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
