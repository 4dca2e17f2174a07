// commit-log.ts: the commit log's file: lines added in order, flushed where asked. Not what they say (messages.ts), nor what they prove
// (audit.ts). Written synchronously: a step is not told of before its line is with the system.
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { StepTotals } from '../trainer/narrator.ts';
import { writeError } from '../trainer/write-error.ts';
import { fileLines } from './log-lines.ts';
import type { LogRecord } from './log-record.ts';

export interface CommitLog {
  /** 0 before the first term. */
  readonly lastTerm: number;
  /** Of the lineage that survived so far: what its steps counted, in order; from the step that the log begins with. */
  readonly lineage: readonly StepTotals[];
  /** Versions that the lineage reaches; null for an empty log. */
  readonly version: number | null;
  /** Of the file. */
  readonly bytes: number;
  /** Adds a line. What a full disk refuses is kept and written with the next one; `sync` throws then. */
  append(record: LogRecord, sync: boolean): void;
  /** All lines are on the disk. @throws the file system's errors */
  sync(): void;
  close(): void;
}

/** Opens a log, made if absent. A last line that a crash cut short is cut off. @throws SHOAL_RUN_WRITE */
export function openCommitLog(path: string): CommitLog {
  try {
    return opened(path);
  } catch (error) {
    throw writeError(error, `write ${path}`);
  }
}

function opened(path: string): CommitLog {
  const file = openSync(path, 'a+');
  const lines = fileLines(file);
  const known = survived(lines);
  let position = fstatSync(file).size - lines.rest;
  if (lines.rest > 0) ftruncateSync(file, position);
  let pending = Buffer.alloc(0);

  function flush(): void {
    while (pending.length > 0) {
      const written = writeSync(file, pending);
      position += written;
      pending = pending.subarray(written);
    }
  }

  return {
    ...known,
    get bytes() {
      return position;
    },
    append(record, sync) {
      pending = Buffer.concat([pending, Buffer.from(`${JSON.stringify(record)}\n`)]);
      try {
        flush();
      } catch (error) {
        if (sync) throw error;
      }
      if (sync) fsyncSync(file);
    },
    sync() {
      flush();
      fsyncSync(file);
    },
    close: () => closeSync(file),
  };
}

/** What a log tells whoever goes on with it, by its whole lines. */
export function survived(lines: Iterable<string>): Pick<CommitLog, 'lastTerm' | 'lineage' | 'version'> {
  let lineage: StepTotals[] = [];
  let version: number | null = null;
  let lastTerm = 0;
  for (const line of lines) {
    const record = JSON.parse(line) as LogRecord;
    if (record.record === 'open') {
      version = record.version;
      lastTerm = record.term;
      lineage = lineage.filter((past) => past.step < record.version);
    } else if (record.record === 'adopt') {
      version = Math.max(version ?? 0, record.version);
    } else if (record.record === 'commit') {
      version = record.version;
      lineage.push({ step: record.step, samples: record.rows, totals: record.totals });
    }
  }
  return { lastTerm, lineage, version };
}
