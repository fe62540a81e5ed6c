/** What the compiled module has. lib/tensor/wasm/compiled-module.ts says it in TypeScript. */
export { causalAttention } from "./attention";
export { causalAttentionGradients } from "./attention-gradients";
export { copyPieces } from "./copy";
export { crossEntropy } from "./cross-entropy";
export { addTo } from "./elements";
export { experts, expertScratchBytes, expertsGradients } from "./experts";
export { chooseExperts, gatesGradient } from "./expert-choice";
export { exponentials } from "./exponential";
export { largestMask, largestPlaces } from "./largest";
export { rmsNorm, rmsNormGradients } from "./norm";
export { attend, gatedNetwork } from "./decoding";
export { adamw, sumOfSquares } from "./optimiser";
export { multiply, scratchBytes } from "./products";
export { rotate } from "./rotary";
export { causalSoftmax, causalSoftmaxGradient } from "./softmax";
export { swiGlu, swiGluGradients } from "./swi-glu";
