// index.ts: the registry of codecs, by the names that jobs use: one line each.
import { f16 } from './f16.ts';
import { f32 } from './f32.ts';
import type { Codec } from './kind.ts';

export const codecs = { f32, f16 } as const satisfies Record<string, Codec>;

export type CodecName = keyof typeof codecs;
export const codecNames = Object.keys(codecs) as readonly CodecName[];
