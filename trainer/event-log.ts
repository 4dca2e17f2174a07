// event-log.ts: a run's events as lines of JSON, added to the end of a file. Not what is in them (events.ts), nor when it is flushed.
import type { RunEvent } from './events.ts';
import type { Files, OpenFile } from './files.ts';
import { ifThere, readFully, replaceDurably, writeFully } from './files.ts';

export interface EventLog {
  /** Takes an event; the next flush writes it. */
  note(event: RunEvent): void;
  /** Writes what was noted. If it fails, nothing is lost: a later flush writes it. */
  flush(): Promise<void>;
  /** Flushes, waits until all is on the disk, and closes. */
  close(): Promise<void>;
}

const BLOCK = 2 ** 16;
const NEW_LINE = 10;

/**
 * Opens events.jsonl, made if absent. A last line that a crash cut short is dropped; whole lines stay, those too that tell of
 * steps after the checkpoint from which a run is resumed: the next `start` event says from which step on they no longer count.
 * @throws the file system's errors
 */
export async function openEventLog(path: string, files: Files): Promise<EventLog> {
  let position = await whole(path, files);
  const file = await files.open(path, position === null ? 'create' : 'update');
  position ??= 0;
  let pending = '';
  let flushing = Promise.resolve();

  async function write(): Promise<void> {
    const text = pending;
    const bytes = new TextEncoder().encode(text);
    if (bytes.length === 0) return;
    await writeFully(file, bytes, position!);
    position! += bytes.length;
    pending = pending.slice(text.length);
  }
  const flush = () => {
    const done = flushing.then(write);
    flushing = done.catch(() => {}); // told to who asked for it; the next flush tries again, at the same position
    return done;
  };

  return {
    note(event) {
      pending += `${JSON.stringify(event)}\n`;
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

/** Cuts a torn line off, however long the file is. Returns the bytes of what is left, null if there is no file. */
async function whole(path: string, files: Files): Promise<number | null> {
  const file = await ifThere(files.open(path, 'read'));
  if (file === null) return null;
  try {
    const size = await file.size();
    const end = await lastLineEnd(file, size);
    if (end < size) await replaceDurably(files, path, beginning(file, end));
    return end;
  } finally {
    await file.close();
  }
}

/** Where the last whole line ends, sought from the file's end on. */
async function lastLineEnd(file: OpenFile, size: number): Promise<number> {
  for (let to = size; to > 0; ) {
    const block = new Uint8Array(Math.min(BLOCK, to));
    const from = to - block.length;
    await readFully(file, block, from);
    const at = block.lastIndexOf(NEW_LINE);
    if (at >= 0) return from + at + 1;
    to = from;
  }
  return 0;
}

/** The file's beginning, block by block. */
async function* beginning(file: OpenFile, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < length; at += BLOCK) {
    const block = new Uint8Array(Math.min(BLOCK, length - at));
    await readFully(file, block, at);
    yield block;
  }
}
