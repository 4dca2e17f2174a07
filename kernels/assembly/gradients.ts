// gradients.ts: what the small module for tfjs' WASM backend exports (trainer/tfjs-wasm): the kernels of its missing gradients.
export { conv } from "./conv";
export { conv_dw } from "./conv_dw";
export { depthwise } from "./depthwise";
export { depthwise_dw } from "./depthwise_dw";
export { embedding_backward } from "./embedding";
export { maxpool_gradient } from "./maxpool_gradient";
export { move } from "./move";
export { pack_taps } from "./pack_taps";
