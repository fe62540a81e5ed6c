/**
 * A model whose weights are variables, and what one step learns from some sequences: losses, loads, and a gradient for
 * each parameter. Everything is a tensor; nothing is read back.
 */
import * as tf from "@tensorflow/tfjs";
import type { ModelConfig } from "../model/config";
import { DeepSeekV3 } from "../model/model";
import { arithmeticFor, type Precision } from "../model/precision";
import { isCorrectionBias, mapWeights, namedTensors, type ModelWeights } from "../model/weights";
import type { Parameter } from "./adamw";
import { trainingLosses, type ObjectiveOptions, type TrainingLosses } from "./objective";

export interface TrainableModel {
  model: DeepSeekV3;
  /** All weights but the correction biases: these are moved by a rule, not by a gradient. */
  parameters: Parameter[];
}

/**
 * A model to train, in float32 or in another precision.
 *
 * @param weights become the model's
 */
export function trainableModel(config: ModelConfig, weights: ModelWeights, precision?: Precision): TrainableModel {
  const model = new DeepSeekV3(config, asVariables(weights), arithmeticFor(precision));
  const parameters = namedTensors(model.weights)
    .map(({ name, tensor }) => ({ name, variable: tensor as tf.Variable }))
    .filter(({ variable }) => variable.trainable);
  return { model, parameters };
}

/** The weights as variables, freeing the given ones. */
function asVariables(weights: ModelWeights): ModelWeights {
  return mapWeights(weights, (tensor, name) => {
    const variable = tf.variable(tensor, !isCorrectionBias(name));
    tensor.dispose();
    return variable;
  });
}

/** What a share of a step's sequences gives. The sums over all shares are what the whole batch gives at once. */
export interface StepGradients {
  /** Loss of the next token, times the share. */
  main: tf.Scalar;
  /** Loss of the token after it, times the share; 0 without a prediction module. */
  mtp: tf.Scalar;
  /** Tokens of each expert, rows as in TrainingLosses: [S, E] */
  loads: tf.Tensor2D;
  /** The gradients of the total loss times the share, in the order of the parameters. */
  gradients: tf.Tensor[];
}

/**
 * @param tokens [B][T + 2]
 * @param share how much of the step's sequences these are, above 0 and at most 1
 */
export function stepGradients(
  { model, parameters }: TrainableModel,
  tokens: number[][],
  options: ObjectiveOptions,
  share = 1,
): StepGradients {
  return tf.tidy(() => {
    const variables = parameters.map(({ variable }) => variable);
    const box: { losses?: TrainingLosses } = {};
    const { grads } = tf.variableGrads(() => {
      const losses = (box.losses = trainingLosses(model, tokens, options));
      Object.values(losses).forEach((loss) => tf.keep(loss)); // beyond the gradient's own tidy
      return losses.total.mul(share);
    }, variables);
    const { main, mtp, loads, total } = box.losses!;
    const gradients = variables.map(({ name }) => grads[name]);
    const result = {
      main: main.mul<tf.Scalar>(share),
      mtp: mtp.mul<tf.Scalar>(share),
      loads: loads.clone(),
      gradients,
    };
    tf.dispose([main, mtp, loads, total]);
    return result;
  });
}
