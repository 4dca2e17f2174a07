// index.ts: what the kernel module exports: one line a kernel, named as in kernels/signatures.ts.
export { copy } from "./copy";
export { conv } from "./conv";
export { conv_dw } from "./conv_dw";
export { gemm } from "./gemm";
export { gemm_nt } from "./gemm_nt";
export { gemm_tn } from "./gemm_tn";
export { pack_panels } from "./pack_panels";
export { pack_taps } from "./pack_taps";
export { pack_transposed } from "./pack_transposed";

// no kernels: what self-test.ts and the benchmarks measure the core's peak with
export { probe12, probe12apart, probe24 } from "./generated/probes";
