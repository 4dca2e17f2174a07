// f32.ts: the codec that loses nothing.
import type { Codec } from './kind.ts';

export const f32: Codec = { round: null };
