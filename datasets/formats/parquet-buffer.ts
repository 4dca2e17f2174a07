// parquet-buffer.ts: a RandomFile as hyparquet reads files. No format of its own.
import type { AsyncBuffer } from 'hyparquet';
import type { RandomFile } from '../files.ts';

export const asyncBufferOf = (file: RandomFile): AsyncBuffer => ({
  byteLength: file.size,
  async slice(start, end = file.size) {
    const from = start < 0 ? file.size + start : start;
    const bytes = await file.read(from, Math.min(end, file.size) - from);
    return bytes.slice().buffer as ArrayBuffer;
  },
});
