// problems.ts: why the coordinator or a server turns a peer away, in words. Each code is in docs/errors.md.
import type { Problem } from '../base/errors.ts';
import { type Node, nodeName } from '../trainer/tree.ts';

const join = (name: string): string => `let ${name} join`;

export const otherProfile = (name: string, got: string, expected: string): Problem => ({
  code: 'SHOAL_JOIN_PROFILE',
  operation: join(name),
  got: `the profile ${got}`,
  expected: `the run's, ${expected}`,
  hint: 'Run the same versions of Shoal and Node on every machine; for other executors the job must state a tolerance: docs/job.md.',
});

export const otherData = (name: string, got: string, expected: string): Problem => ({
  code: 'SHOAL_JOIN_DATA',
  operation: join(name),
  got: `data with the hash ${got}`,
  expected: `the run's, ${expected}`,
  hint: 'Give it the same files, or let it fetch them from the coordinator.',
});

export const otherDecoder = (name: string, got: string, expected: string): Problem => ({
  code: 'SHOAL_JOIN_DECODER',
  operation: join(name),
  got: `images decoded by ${got}`,
  expected: `the run's decoder, ${expected}`,
  hint: 'Install the same sharp on machines of one kind; or prepare the data (shoal data prep --encode raw), and nothing is decoded in training.',
});

export const otherBits = (name: string, got: string, expected: string): Problem => ({
  code: 'SHOAL_JOIN_BITS',
  operation: join(name),
  got: `other bits of the reference micro-shard, ${got}`,
  expected: `the run's, ${expected}`,
  hint: 'Its processor or engine computes differently: please report this with both machines named.',
});

export const beyondTolerance = (name: string, profile: string, difference: number, tolerance: number): Problem => ({
  code: 'SHOAL_JOIN_TOLERANCE',
  operation: join(name),
  got: `sums of the reference micro-shard, by the profile ${profile}, that differ from the run's by ${difference.toExponential(2)} of their norm`,
  expected: `at most the job's tolerance, ${tolerance}`,
  hint: 'Raise the tolerance of the job if that is as exact as you need it.',
});

export const wrongUnit = (name: string, unit: number, most: number): Problem => ({
  code: 'SHOAL_JOIN_UNIT',
  operation: join(name),
  got: `an executor that computes ${unit} micro-shards at once`,
  expected: `a power of two up to ${most}`,
  hint: 'Raise microShards in the job.',
});

export const full = (name: string, most: number): Problem => ({
  code: 'SHOAL_JOIN_FULL',
  operation: join(name),
  got: 'one worker more',
  expected: `at most ${most}`,
  hint: 'Raise the upper number of --workers.',
});

export const noSeat = (name: string, seats: number): Problem => ({
  code: 'SHOAL_JOIN_SEAT',
  operation: join(name),
  got: 'one server more',
  expected: `${seats}, each at an address that workers reach`,
  hint: 'The number of servers is fixed when a run starts: --servers.',
});

export const replaced = (name: string): Problem => ({
  code: 'SHOAL_REPLACED',
  operation: `stay connected as ${name}`,
  got: 'another process of that name',
  expected: 'one',
  hint: 'Was it started twice? Each process of a run needs its own --name.',
});

export const notFiniteSums = (name: string, step: number, node: Node): Problem => ({
  code: 'SHOAL_PUSH_NOT_FINITE',
  operation: `take the sums of ${name}`,
  got: `NaN or infinity in those of node ${nodeName(node)} of step ${step + 1}`,
  expected: 'finite sums, as others compute them',
  hint: 'Its memory or processor is at fault: test that machine. Its leases went to others.',
});

export const badPush = (operation: string, got: string, expected: string): Problem => ({
  code: 'SHOAL_PUSH',
  operation,
  got,
  expected,
  hint: 'Do both ends run the same version of Shoal?',
});
