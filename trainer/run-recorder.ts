// run-recorder.ts: fills the folder of a run while it goes on: events, curves, checkpoints, models. It decides nothing of the run.

import { type Problem, ShoalError, toWire } from '../base/errors.ts';
import { canonicalJson } from '../base/hash.ts';
import { errnoOf } from '../base/refused-write.ts';
import type { Fields } from '../datasets/reader.ts';
import { type Best, bestOf, betterOf, measureOf } from './best.ts';
import type { Evaluated } from './callbacks/kind.ts';
import { openOwnCallbacks } from './callbacks/tell.ts';
import type { Json } from './checkpoint.ts';
import { writeCheckpoint } from './checkpoint-write.ts';
import type { Counted } from './counted.ts';
import { openCsvLog } from './csv-log.ts';
import { openEventLog } from './event-log.ts';
import type { Metrics, RunEvent } from './events.ts';
import { exportTfjs } from './export/tfjs.ts';
import { fieldTypes } from './field-types.ts';
import type { Files } from './files.ts';
import { readSmall } from './files.ts';
import { type Job, jobHash } from './job.ts';
import { nodeFiles } from './node-files.ts';
import { neededBy } from './restore-best.ts';
import { RUN, type RunCheckpoint } from './run-folder.ts';
import { createRunScalars } from './run-scalars.ts';
import { type Snapshot, snapshotTensors, snapshotWeights } from './snapshot.ts';
import { writeError, writeProblem } from './write-error.ts';

export interface RunRecorderOptions {
  /** The run's folder. */
  readonly path: string;
  readonly job: Job;
  /** Who writes: "shoal 0.1.0". */
  readonly tool: string;
  /** SHA-256 of both parts of the dataset. */
  readonly data: { readonly train: string; readonly test: string };
  /** Of the dataset: checkpoints tell their types, for who has the model alone (fieldTypeOf). */
  readonly fields?: Fields;
  /** What a resumed run goes on from. */
  readonly from: RunCheckpoint | null;
  /** Told of checkpoints and models that were written, and of what failed. Whoever is told hands it to `note` with the rest. */
  readonly emit: (event: RunEvent) => void;
  readonly files?: Files;
  /** Milliseconds that callbacks of the job's own may take once the run is over. Default: 10 s. */
  readonly callbackMs?: number;
}

export interface SaveInfo {
  /** Epochs done, or under way. */
  readonly epoch: number;
  readonly epochEnd: boolean;
  /** On held-out data, where just measured. */
  readonly metrics: Metrics | null;
  /** What its epoch's steps have counted up to it. */
  readonly counted?: Counted | null;
  /** What callbacks have seen before it. */
  readonly evaluations?: readonly Evaluated[];
  /** What they have seen of it. */
  readonly evaluated?: Evaluated | null;
  /** The run is over: the snapshot has the weights of its best epoch, and is written as the model alone. */
  readonly restored?: boolean;
  /** The last save of the run: the model is written, too, as at the end of an epoch. */
  readonly final?: boolean;
}

export interface RunRecorder {
  /** Takes an event for events.jsonl and the curves. */
  note(event: RunEvent): void;
  /** Keeps a snapshot, durable once this settles. What fails is told as a problem; older checkpoints and models stay whole. */
  save(snapshot: Snapshot, info: SaveInfo): Promise<void>;
  close(): Promise<void>;
}

/** Steps are written this often at least, so that the files can be followed. */
const FLUSH_MS = 1000;

/** @throws SHOAL_RUN_DATA if a resumed run's data have changed, SHOAL_RUN_WRITE if its files cannot be opened */
export async function recordRun(options: RunRecorderOptions): Promise<RunRecorder> {
  checkData(options);
  try {
    return await startRecording(options);
  } catch (error) {
    throw writeError(error, `write into ${options.path}`);
  }
}

async function startRecording(options: RunRecorderOptions): Promise<RunRecorder> {
  const { path, job, tool, data, fields, from, emit, files = nodeFiles } = options;
  const hash = await jobHash(job);
  const log = await openEventLog(`${path}/${RUN.events}`, files);
  const wish = job.callbacks.find((one) => one.class_name === 'CSVLogger');
  const table = wish ? await openCsvLog(`${path}/${RUN.table}`, wish.config.separator, files) : null;
  const curves = await createRunScalars(path, from?.manifest.step ?? 0, files);
  const measure = measureOf(job.callbacks);
  let profile: Json = null;
  let best = await readBest(path, files);
  let flushed = Date.now();
  let exports = true;
  const told = new Set<string>();

  const problem = (what: Problem): void => emit({ event: 'problem', problem: what, fatal: false });
  const own = openOwnCallbacks(job.callbacks, problem, options.callbackMs);
  async function attempt(action: () => Promise<void>, otherwise: (error: unknown) => void = tell): Promise<void> {
    await action().catch(otherwise);
  }
  const tell = (error: unknown): void => problem(writeProblem(error, `write into ${path}`));
  /** What can fail with every event is told once. */
  const tellOnce = (error: unknown): void => {
    const what = writeProblem(error, `write the events of ${path}`);
    if (!told.has(what.got)) {
      told.add(what.got);
      problem(what);
    }
  };
  const flush = async (): Promise<void> => {
    flushed = Date.now();
    await attempt(() => log.flush(), tellOnce);
    await attempt(() => curves.flush(), tellOnce);
    if (table) await attempt(() => table.flush(), tellOnce);
  };

  async function writeModel(place: 'last' | 'best', snapshot: Snapshot, info: SaveInfo, record: Best | null) {
    const weights = snapshotWeights(job.model, snapshot);
    const { epoch, metrics } = info;
    const about = { job: job.name, step: snapshot.version, epoch, metrics, normalize: job.normalize, best: record };
    const metadata = { shoal: JSON.parse(JSON.stringify(about)) as Json };
    const written = await exportTfjs(`${path}/${RUN[place]}`, { model: job.model, weights, metadata }, files);
    emit({ event: 'model', step: snapshot.version, path: written });
  }

  const failedExport = (error: unknown): void => {
    if (toWire(error).code === 'SHOAL_EXPORT_UNSUPPORTED') exports = false; // and will be: once is enough
    tell(error);
  };

  return {
    note(event) {
      own.tell(event);
      log.note(event);
      curves.note(event);
      table?.note(event);
      if (event.event === 'start') {
        const { arithmetic, kernels, codec, decoder } = event.profile;
        profile = { arithmetic, kernels, codec, ...(decoder !== undefined && { decoder }) };
        if (from && canonicalJson(from.manifest.profile) !== canonicalJson(profile))
          problem(otherProfile(path, from.manifest.profile, decoder));
      }
      if (event.event !== 'step' || Date.now() - flushed > FLUSH_MS) void flush();
    },

    async save(snapshot, info) {
      if (info.restored) {
        if (exports) await attempt(() => writeModel('last', snapshot, info, null), failedExport);
        await flush();
        return;
      }
      // The models first: once the checkpoint stands, a resumed run will not come by this step again.
      if (exports && (info.epochEnd || info.final === true)) {
        const now = betterOf(best, info.metrics, snapshot.version, info.epoch, measure);
        await attempt(() => writeModel('last', snapshot, info, null), failedExport);
        if (exports && now !== best) {
          await attempt(async () => {
            await writeModel('best', snapshot, info, now);
            best = now;
          }, failedExport);
        }
      }
      const { counted, evaluations: seen = [], evaluated = null } = info;
      await attempt(async () => {
        const written = await writeCheckpoint({
          directory: `${path}/${RUN.checkpoints}`,
          step: snapshot.version,
          epoch: info.epoch,
          jobHash: hash,
          profile,
          tool,
          tensors: snapshotTensors(job.model, snapshot),
          extra: {
            data: { ...data },
            ...(fields && { fields: fieldTypes(fields) }),
            ...(counted && { counted: { ...counted } }),
            ...(seen.length > 0 && { evaluations: seen.map((one) => ({ ...one })) }),
            ...(evaluated && { evaluated: { ...evaluated } }),
          },
          keep: job.checkpoint.keep,
          needs: (steps) => neededBy(job, seen, steps),
          files,
        });
        emit({ event: 'checkpoint', step: snapshot.version, path: written.path });
        for (const left of written.notRemoved) problem(left.problem);
      });
      await flush();
    },

    async close() {
      await own.close();
      await attempt(() => log.close(), tellOnce);
      await attempt(() => curves.close(), tellOnce);
      if (table) await attempt(() => table.flush(), tellOnce);
    },
  };
}

/** The record of the best model in the folder, null without one. */
async function readBest(path: string, files: Files): Promise<Best | null> {
  try {
    const bytes = await readSmall(files, `${path}/${RUN.best}/model.json`, 256 << 20);
    return bestOf(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}

function checkData({ path, data, from }: RunRecorderOptions): void {
  const before = (from?.manifest.extra as { data?: Json } | null | undefined)?.data;
  if (before === undefined || canonicalJson(before) === canonicalJson(data)) return;
  throw new ShoalError({
    code: 'SHOAL_RUN_DATA',
    operation: `go on with the run ${path}`,
    got: 'a dataset with other bytes than it began with',
    expected: 'the same samples in the same order',
    hint: 'Bring the dataset back as it was, or start a new run.',
  });
}

function otherProfile(path: string, before: Json, decoder: string | undefined): Problem {
  const decodedBefore = (before as { readonly decoder?: string } | null)?.decoder;
  const decodes = decoder !== decodedBefore;
  return {
    code: 'SHOAL_RUN_PROFILE',
    operation: `go on with the run ${path}`,
    got: decodes ? `images decoded by ${decoder ?? 'none'}` : 'other kernels than the run began with',
    expected: decodes ? `by ${decodedBefore ?? 'none'}` : 'the same build of Shoal on an engine of the same kind',
    hint: 'The run goes on, but ends in other bits than it would have without the interruption.',
  };
}
