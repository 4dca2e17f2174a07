// kind.ts: what a format of shards is to the job that writes them. Not the registry (index.ts).
import type { Entry } from '../../source.ts';
import type { Prepared } from '../sample.ts';

/** A sample with its place. */
export interface Written {
  /** Unique in the dataset, without dots: shard and place in it. */
  readonly name: string;
  readonly entry: Entry;
  readonly prepared: Prepared;
  /** Its class's name. */
  readonly labelName: string | null;
  /** Of the dataset, by label. */
  readonly classes: readonly string[] | null;
}

export interface ShardWriter {
  /** Bytes that follow what was given before. Of the sample's own bytes a writer keeps a copy at most: their memory is given back when it returns. */
  add(sample: Written): Uint8Array[];
  end(): Promise<Uint8Array[]>;
}

export interface WriterKind {
  /** Of the shards' files. */
  readonly ending: string;
  create(): Promise<ShardWriter>;
}
