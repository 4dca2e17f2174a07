// held.ts: how PyTorch is held to the vectors that WebAssembly has, where the processor has wider ones. It starts nothing.
import { readFileSync } from 'node:fs';

/** Variables for a process, added to its own. */
export type Variables = Readonly<Record<string, string>>;

/** ATen and Inductor, oneDNN, MKL. JAX has no such variable: its products have 512 bits whatever XLA's max_isa says. */
const AVX2: Variables = {
  ATEN_CPU_CAPABILITY: 'avx2',
  ONEDNN_MAX_CPU_ISA: 'AVX2',
  MKL_ENABLE_INSTRUCTIONS: 'AVX2',
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
 * The ways to measure PyTorch: as it comes and, where the processor has 512-bit vectors, held to 256 bits too: where a figure of ours is behind
 * the first alone, what lacks is WebAssembly's.
 */
export function waysOfTorch(wide = hasAvx512()): { readonly name: string; readonly variables: Variables }[] {
  const asItComes = { name: 'pytorch', variables: {} };
  return wide ? [asItComes, { name: 'pytorch-avx2', variables: AVX2 }] : [asItComes];
}
