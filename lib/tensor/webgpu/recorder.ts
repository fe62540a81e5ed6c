/**
 * Queueing programs on the GPU. tfjs makes a new bind group and a new buffer of uniforms for every program, which took
 * more than half of a training step's time in Node. A step runs the same programs on the same buffers as the one before,
 * so both are kept here and found again.
 */
import type * as tf from "@tensorflow/tfjs";

/** WebGPU's GPUBufferUsage: in Node that global comes with the package, which may not be there. */
const GpuBufferUsage = { COPY_DST: 0x8, UNIFORM: 0x40 } as const;

/** What is used of WebGPU's objects. */
export interface GpuBuffer {
  size: number;
  usage: number;
}
interface Pipeline {
  getBindGroupLayout(index: number): object;
}
interface Pass {
  setPipeline(pipeline: Pipeline): void;
  setBindGroup(index: number, group: object): void;
  dispatchWorkgroups(x: number, y: number, z: number): void;
}
interface Device {
  limits: { maxComputeWorkgroupsPerDimension: number };
  createBuffer(description: { size: number; usage: number }): GpuBuffer;
  createBindGroup(description: object): object;
  createShaderModule(description: { code: string; label: string }): object;
  createComputePipeline(description: object): Pipeline;
}

interface UniformData {
  type: string;
  data: number[];
}
/** What tfjs's backend takes as a program. */
interface BackendProgram {
  pipeline: Pipeline | Promise<Pipeline>;
  dispatch: [number, number, number];
  outputShape: number[];
  outputComponent?: number;
  size?: boolean;
  pixelsOpType?: unknown;
}

/** What is used of tfjs's backend. */
export interface WebgpuBackend {
  device: Device;
  queue: { writeBuffer(buffer: GpuBuffer, offset: number, data: ArrayBuffer): void };
  tensorMap: { get(id: object): { resource: GpuBuffer; values: unknown; dtype: tf.DataType } };
  bufferManager: {
    freeBuffers: Map<string, GpuBuffer[]>;
    releaseBuffer(buffer: GpuBuffer, reuse?: boolean): void;
  };
  commandEncoder: { beginComputePass(description: object): Pass } | null;
  computePassEncoder: Pass | null;
  dispatchCountInPass: number;
  activeTimers?: unknown;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  uploadToGPU(id: object): void;
  disposeData(id: object): boolean;
  refCount(id: object): number;
  makeTensorInfo(shape: number[], dtype: tf.DataType): tf.TensorInfo;
  makeUniforms(uniforms: UniformData[]): object;
  recordAndSubmit(
    program: BackendProgram,
    output: tf.TensorInfo,
    inputs: tf.TensorInfo[],
    uniforms?: UniformData[],
  ): void;
}

/**
 * How many programs go to the GPU together. A submission costs Node 0.6 ms: with tfjs's 15 at a time, submitting took a
 * fifth of a training step (measured on an H100).
 */
const PROGRAMS_A_SUBMISSION = 100;

/** Values by key, of which those that were not asked for lately are forgotten. */
class Recent<Value> {
  private young = new Map<string, Value>();
  private old = new Map<string, Value>();

  constructor(private readonly room: number) {}

  get(key: string, make: () => Value): Value {
    let value = this.young.get(key);
    if (value !== undefined) return value;
    value = this.old.get(key) ?? make();
    if (this.young.size >= this.room) [this.old, this.young] = [this.young, new Map<string, Value>()];
    this.young.set(key, value);
    return value;
  }
}

/** Records programs of one backend. */
export class Recorder {
  private readonly groups = new Recent<object>(8192);
  private readonly uniforms = new Recent<GpuBuffer>(4096);
  private readonly places = new Map<string, { buffer: GpuBuffer; key: string }>();
  private readonly layouts = new WeakMap<Pipeline, object>();
  private readonly numbers = new WeakMap<object, number>();
  private counted = 0;
  private pass: Pass | null = null;
  private current: Pipeline | null = null;

  constructor(private readonly backend: WebgpuBackend) {}

  /** A number of its own for each object. */
  numberOf(object: object): number {
    let number = this.numbers.get(object);
    if (number === undefined) this.numbers.set(object, (number = this.counted++));
    return number;
  }

  /** The buffer with these uniforms; `key` says what is in it. */
  uniformBuffer(key: string, bytes: () => ArrayBuffer): GpuBuffer {
    return this.uniforms.get(key, () => {
      const data = bytes();
      const usage = GpuBufferUsage.COPY_DST | GpuBufferUsage.UNIFORM;
      const buffer = this.backend.device.createBuffer({ size: data.byteLength, usage });
      this.backend.queue.writeBuffer(buffer, 0, data); // new, so no program that is recorded already reads it
      return buffer;
    });
  }

  /** The same in a place that keeps its buffer, whatever is in it. */
  changingUniforms(place: string, key: string, bytes: () => ArrayBuffer): GpuBuffer {
    const { backend } = this;
    const found = this.places.get(place);
    if (found?.key === key) return found.buffer;
    const data = bytes();
    const usage = GpuBufferUsage.COPY_DST | GpuBufferUsage.UNIFORM;
    const buffer = found?.buffer ?? backend.device.createBuffer({ size: data.byteLength, usage });
    // Writing overtakes what is recorded and not submitted, which may still want what is there.
    if (backend.commandEncoder !== null) {
      backend.endComputePassEncoder();
      backend.submitQueue();
    }
    backend.queue.writeBuffer(buffer, 0, data);
    this.places.set(place, { buffer, key });
    return buffer;
  }

  /** Records one program: the buffers are its bindings in their order. */
  dispatch(pipeline: Pipeline, buffers: GpuBuffer[], [x, y, z]: [number, number, number]): void {
    const { backend } = this;
    let key = `${this.numberOf(pipeline)}`;
    for (const buffer of buffers) key += `,${this.numberOf(buffer)}`;
    const group = this.groups.get(key, () =>
      backend.device.createBindGroup({
        layout: this.layoutOf(pipeline),
        entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
      }),
    );
    backend.ensureCommandEncoderReady();
    backend.computePassEncoder ??= backend.commandEncoder!.beginComputePass({});
    const pass = backend.computePassEncoder;
    if (pass !== this.pass || pipeline !== this.current) pass.setPipeline(pipeline);
    [this.pass, this.current] = [pass, pipeline];
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(x, y, z);
    backend.dispatchCountInPass++;
    if (backend.dispatchCountInPass >= PROGRAMS_A_SUBMISSION) {
      backend.endComputePassEncoder();
      backend.submitQueue();
    }
  }

  /** Others record too: it is not known any more what is set in the pass. */
  forgetPass(): void {
    [this.pass, this.current] = [null, null];
  }

  private layoutOf(pipeline: Pipeline): object {
    let layout = this.layouts.get(pipeline);
    if (layout === undefined) this.layouts.set(pipeline, (layout = pipeline.getBindGroupLayout(0)));
    return layout;
  }
}

const recorders = new WeakMap<WebgpuBackend, Recorder>();

/** The recorder of a backend; the first call lets tfjs's own programs go through it too. */
export function recorderOf(backend: WebgpuBackend): Recorder {
  let recorder = recorders.get(backend);
  if (recorder === undefined) {
    recorders.set(backend, (recorder = new Recorder(backend)));
    takeOver(backend, recorder);
  }
  return recorder;
}

/**
 * Replaces tfjs's recordAndSubmit. One more difference: a freed tensor's buffer can be taken at once, not only after the
 * next submission. That is safe, since all that touches such buffers is recorded in order, and it takes less memory.
 */
function takeOver(backend: WebgpuBackend, recorder: Recorder): void {
  const theirs = backend.recordAndSubmit.bind(backend);
  backend.recordAndSubmit = (program, output, inputs, uniforms = []) => {
    const { pipeline } = program;
    const tensors = [output, ...inputs];
    const isPlain =
      (program.pixelsOpType ?? null) === null &&
      !(pipeline instanceof Promise) &&
      (backend.activeTimers ?? null) === null;
    if (!isPlain) {
      recorder.forgetPass();
      return theirs(program, output, inputs, uniforms);
    }
    const shapes = [...inputs, output].map(({ shape }) => shape);
    const all: UniformData[] = [
      ...shapes.flatMap((shape) => [int(shape), int(strides(shape))]),
      ...(program.size ? [int([output.shape.reduce((a, b) => a * b, 1) / (program.outputComponent ?? 1)])] : []),
      ...uniforms,
    ];
    let key = "";
    for (const { type, data } of all) key += `${type === "float32" ? "f" : "i"}${data.join()};`;
    const buffers = tensors.map(({ dataId }) => backend.tensorMap.get(dataId).resource);
    buffers.push(recorder.uniformBuffer(key, () => bytesOf(backend, [float(NaN), float(Infinity), ...all])));
    recorder.dispatch(pipeline as Pipeline, buffers, program.dispatch);
  };
  keepInOrder(backend, recorder);
}

const int = (data: number[]): UniformData => ({ type: "int32", data });
const float = (value: number): UniformData => ({ type: "float32", data: [value] });

function strides(shape: number[]): number[] {
  const found = new Array<number>(Math.max(0, shape.length - 1));
  for (let i = found.length - 1, size = 1; i >= 0; i--) found[i] = size *= shape[i + 1];
  return found;
}

/** Uniforms as tfjs lays them out in memory: its own function does it, on a stand-in that catches the bytes. */
function bytesOf(backend: WebgpuBackend, uniforms: UniformData[]): ArrayBuffer {
  const caught: ArrayBuffer[] = [];
  const standIn = {
    bufferManager: { acquireBuffer: () => ({}) },
    queue: { writeBuffer: (_: object, __: number, bytes: ArrayBuffer) => caught.push(bytes) },
    uniformPendingDisposal: [],
  };
  backend.makeUniforms.call(standIn as unknown as WebgpuBackend, uniforms);
  return caught[0];
}

/**
 * Of the free buffers of a size the oldest is taken first, so that a step takes the buffers that the step before took:
 * tfjs takes the last one freed, and the order would wander.
 */
function keepInOrder({ bufferManager }: WebgpuBackend, recorder: Recorder): void {
  const release = bufferManager.releaseBuffer.bind(bufferManager);
  bufferManager.releaseBuffer = (buffer, reuse = true) => {
    release(buffer, reuse);
    const free = bufferManager.freeBuffers.get(`${buffer.size}_${buffer.usage}`);
    if (!reuse || free === undefined) return;
    // The last one is new here; those before it are in falling order, since tfjs takes from the end.
    for (let i = free.length - 1; i > 0 && recorder.numberOf(free[i - 1]) < recorder.numberOf(free[i]); i--) {
      [free[i - 1], free[i]] = [free[i], free[i - 1]];
    }
  };
}
