// tensorboard.ts: scalars in event files that TensorBoard opens. Not images or histograms, nor what is measured when.
//
// A file is a row of TFRecords, each an Event message in protobuf's encoding. The few fields used are written by hand:
// a library would be larger than they are. Sources: tensorflow/core/util/event.proto, framework/summary.proto,
// tsl/lib/io/record_writer.h.

import { maskedCrc32c } from '../../base/crc32c.ts';
import { errnoOf } from '../../base/refused-write.ts';
import type { Files, OpenFile } from '../files.ts';
import { makeDirectories, writeFully } from '../files.ts';
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

const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
const ENCODER = new TextEncoder();

/** Records that wait for a flush, in one buffer that grows: every step of every run comes by here. */
class Records {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #end = 0;

  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
  }

  /** Forgets the first bytes, which are on the disk. */
  drop(count: number): void {
    this.#bytes.copyWithin(0, count, this.#end);
    this.#end -= count;
  }

  /** Length (u64), its checksum, data, its checksum; all little endian. */
  record(most: number, data: () => void): void {
    this.#reserve(16 + most);
    const start = this.#end;
    this.#end += 12;
    data();
    const length = this.#end - start - 12;
    this.#view.setUint32(start, length, true);
    this.#view.setUint32(start + 4, 0, true);
    this.#view.setUint32(start + 8, maskedCrc32c(this.#bytes.subarray(start, start + 8)), true);
    this.#view.setUint32(this.#end, maskedCrc32c(this.#bytes.subarray(start + 12, this.#end)), true);
    this.#end += 4;
  }

  /** Protobuf's variable-length number: 7 bits a byte, the lowest first. For numbers from 0 to 2^53. */
  varint(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#bytes[this.#end++] = (rest % 128) | 128;
    this.#bytes[this.#end++] = rest;
  }

  key(field: number, type: keyof typeof WIRE): void {
    this.#bytes[this.#end++] = (field << 3) | WIRE[type];
  }

  integer(field: number, value: number): void {
    this.key(field, 'varint');
    this.varint(value);
  }

  /** What is nested follows: so many bytes. */
  nested(field: number, length: number): void {
    this.key(field, 'bytes');
    this.varint(length);
  }

  text(field: number, bytes: Uint8Array): void {
    this.nested(field, bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  double(field: number, value: number): void {
    this.key(field, 'fixed64');
    this.#view.setFloat64(this.#end, value, true);
    this.#end += 8;
  }

  float(field: number, value: number): void {
    this.key(field, 'fixed32');
    this.#view.setFloat32(this.#end, value, true);
    this.#end += 4;
  }

  #reserve(more: number): void {
    if (this.#end + more <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#end + more));
    larger.set(this.written);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** Bytes of an event's own fields at most: wall_time, step, and the keys and lengths of what it tells. */
const EVENT_BYTES = 64;
const VERSION = ENCODER.encode('brain.Event:2');

/** Bytes of a varint. */
const sizeOf = (value: number): number => (value < 128 ? 1 : 1 + sizeOf(Math.floor(value / 128)));

/** Event { wall_time = 1, step = 2, what = 3.. } */
function event(to: Records, wallTime: number, step: number, most: number, what: () => void): void {
  to.record(EVENT_BYTES + most, () => {
    to.double(1, wallTime);
    to.integer(2, step);
    what();
  });
}

/** Event.summary = 5 { value = 1 { tag = 1, simple_value = 2 } }: the form that every reader of event files knows. */
function summary(to: Records, tag: Uint8Array, value: number): void {
  const inner = 1 + sizeOf(tag.length) + tag.length + 5;
  to.nested(5, 1 + sizeOf(inner) + inner);
  to.nested(1, inner);
  to.text(1, tag);
  to.float(2, value);
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
  const pending = new Records();
  // Event.file_version = 3: the first record of every file
  event(pending, started, 0, VERSION.length, () => pending.text(3, VERSION));
  if (firstStep !== undefined)
    event(pending, started, firstStep, 0, () => {
      pending.nested(7, 2); // Event.session_log = 7 { status = 1: START = 1 }
      pending.integer(1, 1);
    });
  const tags = new Map<string, Uint8Array>();
  let position = 0;
  let flushing = Promise.resolve();

  async function write(): Promise<void> {
    const batch = pending.written.slice(); // more is noted while it is written
    await writeFully(file, batch, position);
    position += batch.length;
    pending.drop(batch.length);
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
      const name = tags.get(tag) ?? ENCODER.encode(tag);
      tags.set(tag, name);
      event(pending, wallTime, step, name.length, () => summary(pending, name, value));
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
