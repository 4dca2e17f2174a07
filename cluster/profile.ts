// profile.ts: what this process computes with: tested once. Not the comparing of profiles: membership.ts.
import type { KernelModule } from '../kernels/load.ts';
import { testKernels } from '../kernels/self-test.ts';
import { profileOf } from '../trainer/engine.ts';
import type { Profile } from '../trainer/executor.ts';

export interface Arithmetic {
  readonly kernels: KernelModule;
  readonly profile: Profile;
}

let known: Arithmetic | null = null;

/** The kernels of this process and their profile. */
export function arithmetic(): Arithmetic {
  if (!known) {
    const { kernels } = testKernels();
    known = { kernels, profile: profileOf(kernels) };
  }
  return known;
}
