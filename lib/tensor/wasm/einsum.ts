/**
 * The Einsum kernel, which tfjs lacks on wasm: one or two operands, brought into the form of one batched product.
 * (tfjs defines no gradient for einsum on any backend.)
 */
import * as tf from "@tensorflow/tfjs";
import { registerWasmKernel } from "./kernels";

/** An operand with the label of each of its axes: labels below the number of output axes are kept, others summed. */
interface Labelled {
  tensor: tf.Tensor;
  labels: number[];
}

/** Sums over the axes whose label is in no other place. */
function sumAlone({ tensor, labels }: Labelled, isNeeded: (label: number) => boolean): Labelled {
  const alone = labels.flatMap((label, axis) => (isNeeded(label) ? [] : [axis]));
  return alone.length === 0 ? { tensor, labels } : { tensor: tensor.sum(alone), labels: labels.filter(isNeeded) };
}

/** Brings the axes into the order of the wanted labels, all of which it has. */
function arrange({ tensor, labels }: Labelled, wanted: number[]): tf.Tensor {
  return wanted.length === 0 ? tensor : tensor.transpose(wanted.map((label) => labels.indexOf(label)));
}

function product(a: Labelled, b: Labelled, outputRank: number): Labelled {
  const both = a.labels.filter((label) => b.labels.includes(label));
  const batch = both.filter((label) => label < outputRank);
  const inner = both.filter((label) => label >= outputRank);
  const rows = a.labels.filter((label) => !both.includes(label));
  const columns = b.labels.filter((label) => !both.includes(label));
  const size = new Map(
    [a, b].flatMap(({ tensor, labels }) => labels.map((label, axis) => [label, tensor.shape[axis]])),
  );
  const sizes = (labels: number[]) => labels.map((label) => size.get(label)!);
  const flat = (labels: number[]) => tf.util.sizeFromShape(sizes(labels));
  const left = arrange(a, [...batch, ...rows, ...inner]).reshape([flat(batch), flat(rows), flat(inner)]);
  const right = arrange(b, [...batch, ...inner, ...columns]).reshape([flat(batch), flat(inner), flat(columns)]);
  const labels = [...batch, ...rows, ...columns];
  return { tensor: tf.matMul(left, right).reshape(sizes(labels)), labels };
}

function einsum(equation: string, tensors: tf.Tensor[]): tf.Tensor {
  const { allDims, summedDims, idDims } = tf.backend_util.decodeEinsumEquation(equation, tensors.length);
  tf.backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors);
  const outputRank = allDims.length - summedDims.length;
  const operands = tensors.map((tensor, i) =>
    sumAlone(
      { tensor, labels: idDims[i] },
      (label) => label < outputRank || idDims.some((others, j) => j !== i && others.includes(label)),
    ),
  );
  const result = operands.length === 1 ? operands[0] : product(operands[0], operands[1], outputRank);
  return arrange(
    result,
    Array.from({ length: outputRank }, (_, label) => label),
  );
}

/** Makes the kernel known to tfjs. */
export function registerEinsum(): void {
  registerWasmKernel("Einsum", (inputs, backend, attributes) => {
    const tensors = Object.values(inputs) as tf.Tensor[];
    const result = tf.tidy(() => einsum((attributes as { equation: string }).equation, tensors).clone());
    // The result leaves as plain numbers of the backend: keep them while the tensor around them goes.
    backend.incRef(result.dataId);
    const info = { dataId: result.dataId, shape: result.shape, dtype: result.dtype };
    result.dispose();
    return info;
  });
}
