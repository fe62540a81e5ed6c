/** A fingerprint of weights: two models have the same if they agree in every bit, and else different ones. */
import { host } from "../../host";
import type { DeepSeekV3 } from "../../model/model";
import { namedTensors } from "../../model/weights";

/** The sha256 over all weights, names and shapes included, in hexadecimal. Reads every tensor back. */
export async function weightsFingerprint(model: DeepSeekV3): Promise<string> {
  const hash = host.hash();
  for (const { name, tensor } of namedTensors(model.weights)) {
    const values = (await tensor.data()) as Float32Array;
    hash.update(`${name} ${tensor.shape.join()} `);
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest();
}
