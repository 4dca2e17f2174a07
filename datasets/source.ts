// source.ts: what a format gives before decoding: keys, labels and raw contents, a sample at a time. Not samples of one shape (reader.ts).
import { ShoalError } from '../base/errors.ts';
import type { ReaderShare } from './reader.ts';

/** What a class may belong to, beside a sample. */
export type Places = 'boxes' | 'mask';
/** What is counted of a class there, in words. */
export const COUNTED = { boxes: 'boxes', mask: 'pixels' } as const satisfies Record<Places, string>;

export type Part = 'train' | 'validation' | 'test';

/** What is known of a sample before its contents are read. Plain data: it crosses threads. */
export interface Entry {
  /** Unique in the source and the same at each scan: a path, a row. Orders and splits are drawn by it. */
  readonly key: string;
  /** Where the source itself has a split. */
  readonly part: Part | null;
  /** 0 to classes - 1; null without a label. */
  readonly label: number | null;
  /** By which its loss may be multiplied. All entries of a source have one, or none. */
  readonly weight?: number;
  /** Samples of one group stay in one part of a split: pictures of one patient, say. */
  readonly group?: string;
  /** Where the contents lie, for the source that wrote it. */
  readonly at?: readonly number[];
  /** What is in the image, where the source's labels are those of boxes. */
  readonly boxes?: Boxes;
  /** What else the source says of it, kept beside the sample. */
  readonly meta?: Readonly<Record<string, unknown>>;
}

/** x and y of the corner, width, height; in pixels. */
export type Box = readonly [x: number, y: number, width: number, height: number];

/** Boxes in an image, each with its class. */
export interface Boxes {
  /** Of the image that they are measured in: its contents, before anything changes their size. */
  readonly rows: number;
  readonly columns: number;
  readonly boxes: readonly Box[];
  readonly labels: readonly number[];
}

/** A class for each pixel of an image. */
export interface Mask {
  readonly rows: number;
  readonly columns: number;
  /** (rows x columns) From 0 to classes - 1, or -1 where nothing is known. */
  readonly label: Int32Array;
}

export type Content =
  | { readonly kind: 'image'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'array';
      readonly shape: readonly number[];
      readonly data: Uint8Array | Float32Array | Int32Array;
    }
  | { readonly kind: 'text'; readonly text: string };

/** A sample that cannot be used, and why, in words that are the same for samples of the same trouble. */
export interface Bad {
  readonly key: string;
  readonly code: `SHOAL_${string}`;
  readonly reason: string;
}

export interface Source {
  /** Sorted by key in code units, or in the order of the file: the same at each scan. */
  readonly entries: readonly Entry[];
  /** Names by label; null without labels. */
  readonly classes: readonly string[] | null;
  /** What has the classes: boxes in each image, or every pixel. The samples then have no label. Default: the samples. */
  readonly places?: Places;
  /** What the scan met that is no sample. */
  readonly bad: readonly Bad[];
  /** @throws {ShoalError} SHOAL_DATA_* when this sample cannot be read; others may be */
  load(entry: Entry): Promise<Content>;
  /** Where the classes are those of pixels. @throws {ShoalError} SHOAL_DATA_* */
  mask?(entry: Entry): Promise<Mask>;
  /** Where its contents lie, paths or URLs: files that can change while the source is closed. Absent where all was read into memory. */
  files?(entry: Entry): readonly string[];
  /** From this another thread opens the loading side alone: `reopen(description)` returns a Loader. */
  share(): ReaderShare;
  close(): Promise<void>;
}

export type Loader = Pick<Source, 'load' | 'mask' | 'files' | 'close'>;

/** Opens in this thread what another thread shared. */
export async function reopenSource(share: ReaderShare): Promise<Loader> {
  const module = (await import(share.module)) as { reopenSource(description: unknown): Loader | Promise<Loader> };
  return module.reopenSource(share.description);
}

/** The part that a folder's or a shard's name stands for; null for any other name. */
export function partOf(name: string): Part | null {
  const parts: Readonly<Record<string, Part>> = {
    train: 'train',
    training: 'train',
    val: 'validation',
    valid: 'validation',
    validation: 'validation',
    dev: 'validation',
    test: 'test',
    testing: 'test',
  };
  const plain = name.toLowerCase();
  return Object.hasOwn(parts, plain) ? parts[plain]! : null;
}

/** Orders strings by code units: the same in every locale. */
export const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Whether one sample is at fault, and others may be good. */
export const isDataProblem = (error: unknown): error is ShoalError =>
  error instanceof ShoalError && /^SHOAL_DATA_/.test(error.code);
