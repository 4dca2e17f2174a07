// index.ts: what the kernel module exports: one line a kernel, named as in kernels/signatures.ts.
export { adam } from "./adam";
export { add } from "./add";
export { avgpool, avgpool_backward } from "./avgpool";
export { bias_gradient } from "./bias_gradient";
export { clear_halo } from "./clear_halo";
export { copy } from "./copy";
export { conv } from "./conv";
export { conv_dw } from "./conv_dw";
export { depthwise } from "./depthwise";
export { depthwise_dw } from "./depthwise_dw";
export { gemm } from "./gemm";
export { gemm_nt } from "./gemm_nt";
export { gemm_tn } from "./gemm_tn";
export { pack_panels } from "./pack_panels";
export { pack_taps } from "./pack_taps";
export { pack_transposed } from "./pack_transposed";

// no kernels: what self-test.ts and the benchmarks measure the core's peak with
export { probe12, probe12apart, probe24 } from "./generated/probes";
export { confusion, confusion_binary, count_binary, count_correct, count_top_k } from "./counts";
export { dropout } from "./dropout";
export { input_f32, input_u8 } from "./input";
export { maxpool } from "./maxpool";
export { maxpool_backward } from "./maxpool_backward";
export { mean_squared_error } from "./mean_squared_error";
export { ladder_f64, reduce_f32, reduce_f64 } from "./reduce";
export { relu, relu_backward } from "./relu";
export { sgd } from "./sgd";
export { sgd_momentum } from "./sgd_momentum";
export { sigmoid, sigmoid_backward } from "./sigmoid";
export { sigmoid_crossentropy } from "./sigmoid_crossentropy";
export { softmax, softmax_backward } from "./softmax";
export { softmax_crossentropy } from "./softmax_crossentropy";
export { tanh, tanh_backward } from "./tanh";
