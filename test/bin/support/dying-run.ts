// dying-run.ts: a training process that kills itself at the n-th operation on a checkpoint file: `node dying-run.ts N`, in a folder of
// newFolder(). A write that it dies in is half done. With N = 0 it lives, and prints how many operations there were.
import { readFileSync } from 'node:fs';
import type { Files, OpenFile } from '../../../trainer/files.ts';
import { parseJob } from '../../../trainer/job.ts';
import { nodeFiles } from '../../../trainer/node-files.ts';
import { createRun } from '../../../trainer/run-folder.ts';
import { recordRun } from '../../../trainer/run-recorder.ts';
import { openJobData, runSession } from '../../../trainer/session.ts';

const fatal = Number(process.argv[2]);
let operations = 0;
const operationsAt: number[] = [];

/** Counts an operation on a checkpoint; true for the one to die in. */
const counts = (path: string): boolean => path.includes('/checkpoints') && ++operations === fatal;
const die = (): void => process.kill(process.pid, 'SIGKILL') as unknown as undefined;

function dying(file: OpenFile, path: string): OpenFile {
  const act = <T>(action: () => Promise<T>): Promise<T> => {
    if (counts(path)) die();
    return action();
  };
  return {
    read: (into, position) => file.read(into, position),
    async write(from, position) {
      if (counts(path)) {
        await file.write(from.subarray(0, from.length >> 1), position);
        die();
      }
      return file.write(from, position);
    },
    size: () => file.size(),
    sync: () => act(() => file.sync()),
    close: () => act(() => file.close()),
  };
}

const act = <T>(path: string, action: () => Promise<T>): Promise<T> => {
  if (counts(path)) die();
  return action();
};
const files: Files = {
  open: async (path, mode) =>
    mode === 'read' ? nodeFiles.open(path, mode) : act(path, async () => dying(await nodeFiles.open(path, mode), path)),
  list: (path) => nodeFiles.list(path),
  makeDirectory: (path) => act(path, () => nodeFiles.makeDirectory(path)),
  syncDirectory: (path) => act(path, () => nodeFiles.syncDirectory(path)),
  rename: (from, to) => act(to, () => nodeFiles.rename(from, to)),
  remove: (path) => act(path, () => nodeFiles.remove(path)),
};

const job = parseJob(JSON.parse(readFileSync('job.json', 'utf8')), 'job.json');
const path = await createRun('runs', job, files);
const dataset = await openJobData(job);
const data = { train: dataset.train.hash, test: dataset.test.hash };
const recorder = await recordRun({ path, job, tool: 'test', data, from: null, emit() {}, files });
await runSession({
  job,
  dataset,
  threads: 1,
  onEvent: (event) => recorder.note(event),
  async onSave(snapshot, info) {
    await recorder.save(snapshot, info);
    operationsAt.push(operations);
  },
});
await recorder.close();
process.stdout.write(JSON.stringify(operationsAt));
