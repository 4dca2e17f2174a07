// about.ts: what decides the bits on a machine, told before anything is started there; and the comparing. Not the joining gate, which
// every process passes again (membership.ts).
import { ShoalError } from '../../base/errors.ts';
import { parseJob } from '../../trainer/job.ts';
import { availableThreads } from '../../trainer/pool.ts';
import { openJobData } from '../../trainer/session.ts';
import { arithmetic } from '../profile.ts';
import { datasetHash } from '../remote-data.ts';

export interface About {
  /** Of shoal. */
  readonly version: string;
  readonly node: string;
  readonly arithmetic: string;
  /** Hash of the kernel module. */
  readonly kernels: string;
  /** Hash of the job's data; null where they are not there and will be fetched. */
  readonly data: string | null;
  readonly threads: number;
}

/** @throws what parseJob throws, and what reading data throws that are there but cannot be used */
export async function aboutThis(version: string, job: unknown): Promise<About> {
  const { profile } = arithmetic();
  return {
    version,
    node: process.version,
    arithmetic: profile.arithmetic,
    kernels: profile.kernels,
    data: await dataHash(job),
    threads: availableThreads(),
  };
}

async function dataHash(json: unknown): Promise<string | null> {
  try {
    return datasetHash(await openJobData(parseJob(json, "the run's job")));
  } catch (error) {
    if (error instanceof ShoalError && error.code === 'SHOAL_DATA_MISSING') return null;
    throw error;
  }
}

/** In which the machines of a run must agree. Node may differ: what it computes is in the kernels and the arithmetic. */
const AGREE = { version: 'shoal', kernels: 'kernels', arithmetic: 'arithmetic', data: 'data' } as const;

/**
 * Whether a host may take part.
 * @throws SHOAL_LAUNCH_DIFFERS, with everything in which it differs
 */
export function mustAgree(host: string, theirs: About, ours: About): void {
  const short = (value: string | null): string => (value && value.length > 20 ? value.slice(0, 12) : String(value));
  const keys = (Object.keys(AGREE) as (keyof typeof AGREE)[]).filter(
    (key) => theirs[key] !== ours[key] && !(key === 'data' && theirs.data === null),
  );
  if (keys.length === 0) return;
  const list = (of: About) => keys.map((key) => `${AGREE[key]} ${short(of[key])}`).join(', ');
  throw new ShoalError({
    code: 'SHOAL_LAUNCH_DIFFERS',
    operation: `start a run on ${host}`,
    got: list(theirs),
    expected: list(ours),
    hint: 'Install the same version of Shoal there, and copy the data again or remove them: they are fetched then.',
  });
}
