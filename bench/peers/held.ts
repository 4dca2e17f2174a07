// held.ts: how a Python peer is held to the vectors that WebAssembly has, where the processor has wider ones. It starts nothing.
import { readFileSync } from 'node:fs';

/** Variables for a process, added to its own. */
export type Variables = Readonly<Record<string, string>>;

/** After the name of a peer that is held to 256 bits. */
export const HELD = '-avx2';

/** PyTorch (ATen, Inductor), oneDNN, MKL; and XLA, by which JAX and TensorFlow compile. */
const AVX2: Variables = {
  ATEN_CPU_CAPABILITY: 'avx2',
  ONEDNN_MAX_CPU_ISA: 'AVX2',
  MKL_ENABLE_INSTRUCTIONS: 'AVX2',
  XLA_FLAGS: '--xla_cpu_max_isa=AVX2',
};

/** Whether the processor has 512-bit vectors, by what Linux tells of it; false where there is no such word. */
export function hasAvx512(cpuinfo = '/proc/cpuinfo'): boolean {
  try {
    return /^flags\s*:.*\bavx512f\b/m.test(readFileSync(cpuinfo, 'utf8'));
  } catch {
    return false; // not Linux
  }
}

/**
 * The ways to measure a Python peer: as it comes and, where the processor has 512-bit vectors, held to 256 bits too: which of the two a
 * figure of ours is behind tells what the kernels lack from what WebAssembly lacks.
 */
export function waysOf(peer: string, wide = hasAvx512()): { readonly name: string; readonly variables: Variables }[] {
  const asItComes = { name: peer, variables: {} };
  return wide ? [asItComes, { name: `${peer}${HELD}`, variables: AVX2 }] : [asItComes];
}
