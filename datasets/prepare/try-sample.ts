// try-sample.ts: a preparation tried on one sample before any work: whether the format can hold it, and what it needs is installed. It
// writes nothing.
import { ShoalError } from '../../base/errors.ts';
import { isDataProblem, type Source } from '../source.ts';
import type { PrepareJob } from './job.ts';
import { prepareSample } from './sample.ts';
import { writers } from './writers/index.ts';

/** Samples that are tried until one is good: where they are all bad, the shards tell. */
const TRIES = 8;

/** @throws {ShoalError} SHOAL_USAGE for samples that the format cannot hold, SHOAL_OPTIONAL_PACKAGE */
export async function trySample(source: Source, job: PrepareJob): Promise<void> {
  const writer = await writers[job.format]!.create();
  for (const entry of source.entries.slice(0, TRIES)) {
    try {
      const content = await source.load(entry);
      if (job.tokens && content.kind !== 'text') throw noText(content.kind);
      if (job.tokens) return; // rows of ids, which every format holds
      const prepared = await prepareSample(entry, content, job);
      writer.add({ name: 'tried', entry, prepared, labelName: null, classes: source.classes });
      return;
    } catch (error) {
      if (!isDataProblem(error)) throw error;
    }
  }
}

const noText = (kind: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_USAGE',
    operation: 'make rows of ids',
    got: kind === 'image' ? 'images' : 'numbers',
    expected: 'texts',
    hint: 'Leave out --tokenizer and --length. Of a table, name the column of texts: --set text=COLUMN.',
  });
