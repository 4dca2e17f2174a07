// tensorboard.ts: scalars in event files that TensorBoard opens. Not images or histograms, nor what is measured when.
//
// A file is a row of TFRecords, each an Event message in protobuf's encoding. The few fields used are written by hand:
// a library would be larger than they are. Sources: tensorflow/core/util/event.proto, framework/summary.proto,
// tsl/lib/io/record_writer.h.

import { crc32c } from '../../base/crc32c.ts';
import type { Files, OpenFile } from '../files.ts';
import { errnoOf, makeDirectories, writeFully } from '../files.ts';
import { nodeFiles } from '../node-files.ts';

/** An open event file. */
export interface EventFile {
  readonly path: string;
  /** Notes one value, kept as f32. `step` counts steps done; `wallTime` is in seconds since 1970, by default now. */
  scalar(tag: string, value: number, step: number, wallTime?: number): void;
  /** Writes what was noted: TensorBoard sees it from then on. If it fails, nothing is lost: a later flush writes it. */
  flush(): Promise<void>;
  /** Flushes, waits until all is on the disk, and closes. */
  close(): Promise<void>;
}

export interface EventFileOptions {
  /** Milliseconds since 1970: by default the clock. */
  readonly now?: () => number;
  /** Part of the file's name: tells the writers of one directory apart. Default "shoal". */
  readonly host?: string;
  /** Set by a resumed run: TensorBoard drops what earlier files hold of this step and later ones. */
  readonly firstStep?: number;
  readonly files?: Files;
}

/** Protobuf's variable-length number: 7 bits a byte, the lowest first. For numbers from 0 to 2^53. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
const key = (field: number, type: keyof typeof WIRE): number => (field << 3) | WIRE[type];

const integer = (field: number, value: number): number[] => [key(field, 'varint'), ...varint(value)];
const nested = (field: number, bytes: ArrayLike<number>): number[] => [
  key(field, 'bytes'),
  ...varint(bytes.length),
  ...Array.from(bytes),
];
const text = (field: number, value: string): number[] => nested(field, new TextEncoder().encode(value));
const double = (field: number, value: number): number[] => [
  key(field, 'fixed64'),
  ...new Uint8Array(Float64Array.of(value).buffer),
];
const float = (field: number, value: number): number[] => [
  key(field, 'fixed32'),
  ...new Uint8Array(Float32Array.of(value).buffer),
];

/** Event { wall_time = 1, step = 2, what = 3.. } */
const event = (wallTime: number, step: number, what: number[]): number[] => [
  ...double(1, wallTime),
  ...integer(2, step),
  ...what,
];
/** Event.file_version = 3: the first record of every file. */
const fileVersion = (): number[] => text(3, 'brain.Event:2');
/** Event.summary = 5 { value = 1 { tag = 1, simple_value = 2 } }: the form that every reader of event files knows. */
const summary = (tag: string, value: number): number[] => nested(5, nested(1, [...text(1, tag), ...float(2, value)]));
/** Event.session_log = 7 { status = 1: START = 1 } */
const sessionStart = (): number[] => nested(7, integer(1, 1));

/** TFRecord's checksum: rotated and offset, so that the checksum of data that holds checksums stays useful. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Length (u64), its checksum, data, its checksum; all little endian. */
function record(data: number[]): Uint8Array {
  const bytes = new Uint8Array(8 + 4 + data.length + 4);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, masked(bytes.subarray(12, 12 + data.length)), true);
  return bytes;
}

/** A new file: one that exists is another writer's, or an earlier run's of the same second. */
async function createUnique(files: Files, path: string): Promise<{ file: OpenFile; path: string }> {
  for (let attempt = 0; ; attempt++) {
    const name = attempt > 0 ? `${path}.${attempt}` : path;
    try {
      return { file: await files.open(name, 'create'), path: name };
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
  }
}

/**
 * Starts an event file `events.out.tfevents.<seconds>.<host>` in a directory, made if absent. TensorBoard takes each
 * directory as a run. Throws the file system's errors.
 */
export async function createEventFile(directory: string, options: EventFileOptions = {}): Promise<EventFile> {
  const { now = Date.now, host = 'shoal', firstStep, files = nodeFiles } = options;
  const started = now() / 1000;
  await makeDirectories(files, directory);
  const seconds = String(Math.floor(started)).padStart(10, '0'); // TensorBoard reads files in the order of their names
  const { file, path } = await createUnique(files, `${directory}/events.out.tfevents.${seconds}.${host}`);
  let pending = [record(event(started, 0, fileVersion()))];
  if (firstStep !== undefined) pending.push(record(event(started, firstStep, sessionStart())));
  let position = 0;
  let flushing = Promise.resolve();

  async function write(): Promise<void> {
    const batch = Uint8Array.from(pending.flatMap((bytes) => [...bytes]));
    const count = pending.length;
    await writeFully(file, batch, position);
    position += batch.length;
    pending = pending.slice(count);
  }
  const flush = () => {
    const done = flushing.then(write);
    flushing = done.catch(() => {}); // told to who asked for it; the next flush tries again, at the same position
    return done;
  };
  await flush();

  return {
    path,
    scalar(tag, value, step, wallTime = now() / 1000) {
      pending.push(record(event(wallTime, step, summary(tag, value))));
    },
    flush,
    async close() {
      try {
        await flush();
        await file.sync();
      } finally {
        await file.close();
      }
    },
  };
}
