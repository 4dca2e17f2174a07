// profile.ts: what this process computes with: tested once. Not the comparing of profiles: membership.ts.
import type { KernelModule } from '../kernels/load.ts';
import { testKernels } from '../kernels/self-test.ts';
import { profileOf } from '../trainer/engine.ts';
import type { Profile } from '../trainer/executor.ts';

export interface Arithmetic {
  readonly kernels: KernelModule;
  readonly profile: Profile;
  /** Share of the speed that the fastest engine reaches on such a core (KernelReport). */
  readonly speed: number;
}

let known: Arithmetic | null = null;

/** The kernels of this process and their profile. */
export function arithmetic(): Arithmetic {
  if (!known) {
    const { kernels, report } = testKernels();
    known = { kernels, profile: profileOf(kernels), speed: report.speed };
  }
  return known;
}
