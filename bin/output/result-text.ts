// result-text.ts: what a run came to, for people: held-out figures, time, hashes, where the model is, what to type next.
import { learnsNext } from '../../datasets/readers/text.ts';
import type { DoneEvent } from '../../trainer/events.ts';
import type { Job } from '../../trainer/job.ts';
import { duration, figures, count as grouped, table } from './format.ts';
import type { Colors } from './screen.ts';
import { typed } from './usage-error.ts';

/**
 * @param models what the run has written, by name ("last", "best")
 * @param waited for data, in words
 */
export function resultText(
  done: DoneEvent,
  job: Pick<Job, 'data'>,
  run: string,
  models: Readonly<Record<string, string>>,
  colors: Colors,
  waited: string | null = null,
): string {
  const pace = done.samples_per_second;
  // none where no step was trained: a resumed run that was at its end
  const speed = `${duration(done.wall_s)}, ${grouped(done.steps)} steps in all${pace === 0 ? '' : `, ${grouped(pace)} samples/s`}`;
  const short = (hash: string) => hash.slice(0, 12);
  const hashes = `parameters ${short(done.parameters_sha256)}  state ${short(done.state_sha256)}  optimizer ${short(done.optimizer_sha256)}`;
  const figuresText = figures(done.metrics);
  const rows = [
    ...(figuresText === '' ? [] : [['held out', colors.bold(figuresText)]]),
    ['time', speed],
    ...(waited === null ? [] : [['data', waited]]),
    ...Object.entries(models).map(([name, path]) => [`${name} model`, path]),
    ['sha256', hashes],
  ];
  const asked = learnsNext(job.data) ? `generate ${typed(run)}` : `predict ${typed(run)} FILE`;
  const next = [`npx shoal eval ${typed(run)}`, `npx shoal ${asked}`];
  return `\n${table(rows)}\n\nNext:  ${next.join('\n       ')}`;
}

/** How to go on after Ctrl-C. @param kept whether there is a checkpoint @param executor that was asked for: with another it ends in other bits */
export const resumeText = (run: string, kept: boolean, executor?: string, command = 'train'): string =>
  kept
    ? `Go on with:  npx shoal ${command} --resume ${typed(run)}${executor === undefined ? '' : ` --executor ${executor}`}`
    : 'Interrupted before the first checkpoint: there is nothing to go on with. Start it again.';
