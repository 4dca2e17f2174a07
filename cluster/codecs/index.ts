// index.ts: how the sums of one leaf travel, by the job's codec: one line each. Sums of several leaves, and parameters, travel as f32.
import type { CodecName } from '../../trainer/codecs/index.ts';
import { f16 } from './f16.ts';
import { f32 } from './f32.ts';
import type { Encoding } from './kind.ts';

export const encodings = { f32, f16 } as const satisfies Record<CodecName, Encoding>;

/** The encoding that a header's flags name; undefined for those that mean none. */
export const encodingOf = (flags: number): Encoding | undefined =>
  Object.values(encodings).find((encoding) => encoding.flags === flags);
