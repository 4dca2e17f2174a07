// doctor.ts: `shoal doctor`: what this machine and this Node can do. The kernels' part of it is kernels/self-test.ts.
import type { ExitCode } from '../output/exit-codes.ts';
import type { Screen } from '../output/screen.ts';
export async function predictCommand(_: string, __: string[], ____: object, ___: Screen): Promise<ExitCode> {
  throw new Error('later');
}
