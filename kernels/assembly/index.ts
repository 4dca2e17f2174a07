// index.ts: what the kernel module exports: one line a kernel, named as in kernels/signatures.ts.
export { copy } from "./copy";
