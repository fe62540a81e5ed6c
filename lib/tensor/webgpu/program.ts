/**
 * Programs of our own for the GPU, in WGSL, where a chain of tfjs operations would be slow or would have to read back.
 * tfjs writes the frame of a program: `main` is called with the number of the thread, counted through all workgroups;
 * inputs are arrays by name, uniforms stand in `uniforms`, `result` is the output, written at flat indices.
 *
 * What is written here is used on webgpu only. Each program has a plain twin in tfjs operations, and tests hold the two
 * together.
 */
import * as tf from "@tensorflow/tfjs";

export interface WebgpuProgram {
  /** Names the compiled program: one name, one code. */
  name: string;
  /** Names of the inputs in the code, in their order. */
  inputs: string[];
  /** Uniforms in their order: whole numbers (i32) or floats (f32). */
  uniforms: [name: string, type: "i32" | "f32"][];
  /** Threads that share workgroup memory. */
  workgroupSize: number;
  /** WGSL with `fn main(index : i32)`. */
  code: string;
}

export interface WebgpuCall {
  inputs: tf.Tensor[];
  uniforms?: Record<string, number>;
  shape: number[];
  dtype?: "float32" | "int32";
  /** How many workgroups run; a few more may run, and must write nothing. */
  workgroups: number;
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
 * @throws if inputs or uniforms do not fit the program
 */
export function runProgram<T extends tf.Tensor>(program: WebgpuProgram, call: WebgpuCall): T {
  if (call.inputs.length !== program.inputs.length) {
    throw new Error(`${program.name}: it takes ${program.inputs.join(", ")}; got ${call.inputs.length} tensors`);
  }
  const named = Object.fromEntries(call.inputs.map((tensor, i) => [program.inputs[i], tensor]));
  return tf.engine().runKernel(KERNEL, named, { program, call } as unknown as tf.NamedAttrMap) as T;
}

const KERNEL = "CourseWebgpuProgram";

/** What tfjs's backend takes as a program. */
interface BackendProgram {
  variableNames: string[];
  uniforms: string;
  outputShape: number[];
  shaderKey: string;
  workgroupSize: [number, number, number];
  dispatchLayout: { x: number[] };
  dispatch: [number, number, number];
  getUserCode: () => string;
}

interface UniformData {
  type: "int32" | "float32";
  data: number[];
}

interface WebgpuBackend {
  runWebGPUProgram(
    program: BackendProgram,
    inputs: tf.TensorInfo[],
    dtype: tf.DataType,
    uniforms: UniformData[],
  ): tf.TensorInfo;
}

/** Makes the programs known to tfjs; again is harmless. */
export function registerWebgpuPrograms(): void {
  if (tf.getKernel(KERNEL, "webgpu") !== undefined) tf.unregisterKernel(KERNEL, "webgpu");
  tf.registerKernel({
    kernelName: KERNEL,
    backendName: "webgpu",
    kernelFunc: ({ inputs, backend, attrs }) => {
      const { program, call } = attrs as unknown as { program: WebgpuProgram; call: WebgpuCall };
      const tensors = program.inputs.map((name) => (inputs as tf.NamedTensorInfoMap)[name]!);
      const uniforms = program.uniforms.map(([name, type]): UniformData => {
        const value = call.uniforms?.[name];
        if (value === undefined) throw new Error(`${program.name}: the uniform ${name} is missing`);
        return { type: type === "i32" ? "int32" : "float32", data: [value] };
      });
      return (backend as unknown as WebgpuBackend).runWebGPUProgram(
        frame(program, call),
        tensors,
        call.dtype ?? "float32",
        uniforms,
      );
    },
  });
}

function frame(program: WebgpuProgram, { shape, workgroups }: WebgpuCall): BackendProgram {
  return {
    variableNames: program.inputs,
    uniforms: program.uniforms.map(([name, type]) => `${name} : ${type},`).join(" "),
    outputShape: shape,
    shaderKey: program.name,
    workgroupSize: [program.workgroupSize, 1, 1],
    dispatchLayout: { x: shape.map((_, axis) => axis) },
    dispatch: [workgroups, 1, 1],
    getUserCode: () => program.code,
  };
}
