/**
 * Programs of our own for the GPU, in WGSL, where a chain of tfjs operations would be slow or would have to read back.
 * The frame of a program is written here: `main` is called with the number of the thread, counted through all
 * workgroups, or with its workgroup and its place in that; inputs and outputs are arrays by name, uniforms stand in
 * `uniforms`.
 *
 * What is written here is used on webgpu only. Each program has a plain twin in tfjs operations, and tests hold the two
 * together.
 */
import * as tf from "@tensorflow/tfjs";
import { recorderOf, type GpuBuffer, type WebgpuBackend } from "./recorder";

export interface WebgpuProgram {
  /** Names the compiled program: one name, one code. */
  name: string;
  /** Names of the inputs in the code, in their order. */
  inputs: string[];
  /** Names of the outputs; `result` where left out. */
  outputs?: string[];
  /** Inputs and outputs that the code sees as vec4<f32>: they hold a multiple of four numbers. */
  vectors?: string[];
  /** Uniforms in their order: whole numbers (i32) or floats (f32). */
  uniforms: [name: string, type: "i32" | "f32"][];
  /** Threads that share workgroup memory. */
  workgroupSize: number;
  /** WGSL with `fn main(index : i32)`, or `fn main(group : i32, lane : i32)` where byGroup. */
  code: string;
  byGroup?: boolean;
}

export interface WebgpuCall<Input = tf.Tensor> {
  inputs: Input[];
  uniforms?: Record<string, number>;
  /** Of the first output. */
  shape: number[];
  /** Of the others, in their order. */
  moreShapes?: number[][];
  dtype?: "float32" | "int32";
  /** How many workgroups run; a few more may run, and must write nothing. */
  workgroups: number;
  /**
   * Names the uniforms where they have other values in each training step, yet the same for many calls in one: they are
   * then kept in one place and overwritten, so that the calls' bind groups stay what they were.
   */
  changing?: string;
}

/** A function that writes programs, made to write each only once. */
export function remembered<Arguments extends unknown[]>(
  write: (...given: Arguments) => WebgpuProgram,
): (...given: Arguments) => WebgpuProgram {
  const written = new Map<string, WebgpuProgram>();
  return (...given) => {
    const key = JSON.stringify(given);
    const program = written.get(key) ?? write(...given);
    written.set(key, program);
    return program;
  };
}

/** Whether programs of this file can run now. */
export function onWebgpu(): boolean {
  return tf.getBackend() === "webgpu";
}

/** So many workgroups that each of n things has a thread. */
export function workgroupsFor(n: number, program: WebgpuProgram): number {
  return Math.ceil(n / program.workgroupSize);
}

/**
 * Runs a program on the current backend, which must be webgpu. Without a gradient: see differentiable.ts.
 *
 * @returns the first output
 * @throws if inputs or uniforms do not fit the program
 */
export function runProgram<T extends tf.Tensor>(program: WebgpuProgram, call: WebgpuCall): T {
  return runForAll(program, call)[0] as T;
}

/** The same; returns all outputs. */
export function runForAll(program: WebgpuProgram, call: WebgpuCall): tf.Tensor[] {
  const named = Object.fromEntries(call.inputs.map((tensor, i) => [program.inputs[i], tensor]));
  return tf.engine().runKernel(KERNEL, named, { program, call } as unknown as tf.NamedAttrMap) as tf.Tensor[];
}

/**
 * Runs a program whose outputs are tensors that are there already: it reads and overwrites them.
 *
 * @throws if inputs or uniforms do not fit the program
 */
export function runInPlace(
  program: WebgpuProgram,
  changed: tf.Tensor[],
  call: Omit<WebgpuCall, "shape" | "moreShapes" | "dtype">,
): void {
  const backend = tf.backend() as unknown as WebgpuBackend;
  record(backend, program, call, changed);
  changed.forEach(({ dataId }) => (backend.tensorMap.get(dataId).values = null)); // if they were read: of before
}

/** Whether other tensors hold the same numbers in the same memory, so that changing it would change them too. */
export function isShared(tensor: tf.Tensor): boolean {
  return (tf.backend() as unknown as WebgpuBackend).refCount(tensor.dataId) > 1;
}

const KERNEL = "CourseWebgpuProgram";

/** Makes the programs known to tfjs; again is harmless. */
export function registerWebgpuPrograms(): void {
  if (tf.getKernel(KERNEL, "webgpu") !== undefined) tf.unregisterKernel(KERNEL, "webgpu");
  tf.registerKernel({
    kernelName: KERNEL,
    backendName: "webgpu",
    kernelFunc: ({ backend, attrs }) => {
      const { program, call } = attrs as unknown as { program: WebgpuProgram; call: WebgpuCall };
      return runOnBackend(backend as unknown as WebgpuBackend, program, call);
    },
  });
}

/** Runs a program inside a kernel of tfjs: the tensors are the kernel's to free. */
export function runOnBackend(
  backend: WebgpuBackend,
  program: WebgpuProgram,
  call: WebgpuCall<tf.TensorInfo>,
): tf.TensorInfo[] {
  const { shape, moreShapes = [], dtype = "float32" } = call;
  const outputs = [shape, ...moreShapes].map((shape) => backend.makeTensorInfo(shape, dtype));
  if (tf.util.sizeFromShape(shape) > 0) record(backend, program, call, outputs);
  else outputs.forEach(({ dataId }) => (backend.tensorMap.get(dataId).values = new Float32Array(0)));
  return outputs;
}

function record(
  backend: WebgpuBackend,
  program: WebgpuProgram,
  { inputs, uniforms = {}, workgroups, changing }: Omit<WebgpuCall<tf.TensorInfo>, "shape" | "moreShapes" | "dtype">,
  outputs: tf.TensorInfo[],
): void {
  if (inputs.length !== program.inputs.length) {
    throw new Error(`${program.name}: it takes ${program.inputs.join(", ")}; got ${inputs.length} tensors`);
  }
  const recorder = recorderOf(backend);
  let types = "";
  const buffers = [...outputs, ...inputs].map(({ dataId }): GpuBuffer => {
    backend.uploadToGPU(dataId);
    const { resource, dtype } = backend.tensorMap.get(dataId);
    types += dtype === "float32" ? "f" : "i";
    return resource;
  });
  let key = `own ${program.name}`;
  const values = program.uniforms.map(([name]) => {
    const value = uniforms[name];
    if (value === undefined) throw new Error(`${program.name}: the uniform ${name} is missing`);
    key += `,${value}`;
    return value;
  });
  const bytes = () => uniformBytes(program, values);
  if (changing !== undefined) buffers.push(recorder.changingUniforms(`${program.name} ${changing}`, key, bytes));
  else if (values.length > 0) buffers.push(recorder.uniformBuffer(key, bytes));
  recorder.dispatch(pipelineOf(backend, program, types), buffers, spread(backend, workgroups));
}

function uniformBytes({ uniforms }: WebgpuProgram, values: number[]): ArrayBuffer {
  const bytes = new DataView(new ArrayBuffer(Math.ceil(values.length / 4) * 16));
  values.forEach((value, i) => {
    if (uniforms[i][1] === "i32") bytes.setInt32(4 * i, value, true);
    else bytes.setFloat32(4 * i, value, true);
  });
  return bytes.buffer;
}

/** So many workgroups in two dimensions: one alone has a limit. */
function spread({ device }: WebgpuBackend, workgroups: number): [number, number, number] {
  const y = Math.ceil(workgroups / device.limits.maxComputeWorkgroupsPerDimension);
  return [Math.ceil(workgroups / y), y, 1];
}

type Pipeline = ReturnType<WebgpuBackend["device"]["createComputePipeline"]>;
const pipelines = new WeakMap<WebgpuBackend, Map<string, Pipeline>>();

function pipelineOf(backend: WebgpuBackend, program: WebgpuProgram, types: string): Pipeline {
  let known = pipelines.get(backend);
  if (known === undefined) pipelines.set(backend, (known = new Map<string, Pipeline>()));
  const label = program.name;
  let pipeline = known.get(label + types);
  if (pipeline === undefined) {
    const module = backend.device.createShaderModule({ code: frame(program, types), label });
    const compute = { module, entryPoint: "begin" };
    known.set(label + types, (pipeline = backend.device.createComputePipeline({ compute, label, layout: "auto" })));
  }
  return pipeline;
}

/** @param types f or i for each output and input */
function frame(program: WebgpuProgram, types: string): string {
  const { inputs, outputs = ["result"], vectors = [], uniforms, workgroupSize, code, byGroup = false } = program;
  const arrays = [...outputs, ...inputs].map((name, i) => {
    const element = vectors.includes(name) ? "vec4<f32>" : types[i] === "f" ? "f32" : "i32";
    const access = i < outputs.length ? "read_write" : "read";
    return `@group(0) @binding(${i}) var<storage, ${access}> ${name} : array<${element}>;`;
  });
  const fields = uniforms.map(([name, type]) => `${name} : ${type},`).join(" ");
  const declared = `
    struct Uniforms { ${fields} };
    @group(0) @binding(${arrays.length}) var<uniform> uniforms : Uniforms;`;
  return `
    ${arrays.join("\n    ")}
    ${uniforms.length === 0 ? "" : declared}
    ${code}
    @compute @workgroup_size(${workgroupSize})
    fn begin(
      @builtin(workgroup_id) place : vec3<u32>,
      @builtin(num_workgroups) places : vec3<u32>,
      @builtin(local_invocation_index) lane : u32,
    ) {
      let group = i32(place.y * places.x + place.x);
      ${byGroup ? "main(group, i32(lane));" : `main(group * ${workgroupSize} + i32(lane));`}
    }`;
}
