/** WebGPU's GPUBufferUsage: in Node these globals come with the package, which may not be there. */
export const GpuBufferUsage = { COPY_DST: 0x8, UNIFORM: 0x40 } as const;
