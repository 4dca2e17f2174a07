// profile.ts: what this process computes with. Not the comparing of profiles: membership.ts.
import type { KernelModule } from '../kernels/load.ts';
import { testedKernels } from '../kernels/self-test.ts';
import { profileOf } from '../trainer/engine.ts';
import type { Profile } from '../trainer/executor.ts';

export interface Arithmetic {
  readonly kernels: KernelModule;
  readonly profile: Profile;
  /** Share of the speed that the fastest engine reaches on such a core (KernelReport). */
  readonly speed: number;
}

/** The kernels of this process and their profile. */
export function arithmetic(): Arithmetic {
  const { kernels, report } = testedKernels();
  return { kernels, profile: profileOf(kernels), speed: report.speed };
}
