// shard-process.ts: a process that writes shards, one after another, seen from the one that asks for them. What it does: prepare-process.ts.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { fromWire, ShoalError, toWire } from '../../base/errors.ts';
import { workerFile } from '../../base/worker-file.ts';
import type { Loader } from '../source.ts';
import type { FromProcess, PrepareSetup, ToProcess } from './prepare-process.ts';
import type { ShardRecord, ShardTask } from './shard.ts';
import { removePartials } from './whole-file.ts';

export interface ShardProcess {
  /** One at a time. @throws {ShoalError} what writing it throws; SHOAL_PROCESS when the process ends meanwhile */
  write(task: ShardTask): Promise<ShardRecord>;
  /** At once, whatever it is doing: half a shard is none. */
  end(): Promise<void>;
}

/**
 * A process, and no thread: sharp hands an image from thread to thread, and within one process those of several images push each other
 * from core to core: two processes make 2.0 times as many images as one, two threads 1.2 to 1.5 times.
 * @param contents asked for them where the setup's share lies in memory that threads have in common: no other process has it
 */
export function startShardProcess(setup: PrepareSetup, contents: Loader): ShardProcess {
  const child = fork(fileURLToPath(workerFile('./prepare-process', import.meta.url)), {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  let waiting: { resolve(record: ShardRecord): void; reject(error: unknown): void } | null = null;
  let end: string | null = null;
  const note = (how: string): void => {
    end ??= how;
    waiting?.reject(gone(end));
  };
  const ended = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => resolve(note(signal ?? `exit status ${code}`)));
    child.once('error', ({ message }) => resolve(note(message))); // it could not be started
  });
  const send = (message: ToProcess): void => {
    try {
      child.send(message, () => {}); // what does not arrive, the end of the process tells
    } catch (error) {
      note(error instanceof Error ? error.message : String(error)); // it cannot be cloned
    }
  };
  child.on('message', async (message: FromProcess) => {
    if (message.kind === 'wanted') {
      const { number, what, entry } = message;
      const given = await contents[what]!(entry).then(
        (value) => ({ value }),
        (error: unknown) => ({ problem: toWire(error) }),
      );
      return send({ kind: 'given', number, given });
    }
    const { written } = message;
    if ('problem' in written) waiting!.reject(fromWire(written.problem));
    else waiting!.resolve(written.record);
  });
  send({ kind: 'setup', setup: sharesMemory(setup.share) ? { ...setup, share: null } : setup });
  return {
    write: (task) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        if (end === null) send({ kind: 'task', task });
        else reject(gone(end));
      }),
    async end() {
      child.kill('SIGKILL');
      await ended;
      if (child.pid !== undefined) removePartials(setup.out, child.pid);
    },
  };
}

/** Whether shared memory is somewhere in it. */
function sharesMemory(value: unknown): boolean {
  if (ArrayBuffer.isView(value)) return value.buffer instanceof SharedArrayBuffer;
  if (value instanceof SharedArrayBuffer) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(sharesMemory);
}

const gone = (how: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_PROCESS',
    operation: 'write a shard',
    got: `a process that ended: ${how}`,
    expected: 'a process that writes it',
    hint: 'Was it killed for its memory? Run the command again, with fewer --threads: it goes on where this one ended.',
  });
