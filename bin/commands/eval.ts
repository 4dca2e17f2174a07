// eval.ts: `shoal eval`: a run's newest checkpoint on held-out data. The computing is trainer/evaluate.ts.
import { evaluateSnapshot } from '../../trainer/evaluate.ts';
import type { Metrics } from '../../trainer/events.ts';
import { openTrained } from '../input/open-trained.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import { count, figure, figures, table } from '../output/format.ts';
import type { Screen } from '../output/screen.ts';

export interface EvalOptions {
  readonly threads?: number;
  readonly json?: boolean;
}

export async function evalCommand(path: string, options: EvalOptions, screen: Screen): Promise<ExitCode> {
  const { path: run, job, checkpoint } = await openTrained(path, screen);
  const { threads } = options;
  const { metrics, samples } = await evaluateSnapshot({
    job,
    snapshot: checkpoint.snapshot,
    ...(threads !== undefined && { threads }),
  });
  const { step, epoch } = checkpoint.manifest;
  if (options.json) {
    screen.out(JSON.stringify({ event: 'eval', run, checkpoint: checkpoint.path, step, epoch, samples, metrics }));
    return EXIT.done;
  }
  screen.out(
    table([
      ['checkpoint', `${checkpoint.path} (epoch ${epoch})`],
      ['held out', `${screen.outColors.bold(figures(metrics))}  (${count(samples)} samples)`],
    ]),
  );
  for (const part of [perClassText(metrics), confusionText(metrics)]) if (part !== '') screen.out(`\n${part}`);
  return EXIT.done;
}

/** Figures that there is one of for each class, as columns. */
function perClassText(metrics: Metrics): string {
  const lists = Object.entries(metrics).filter((entry): entry is [string, readonly number[]] => isList(entry[1]));
  if (lists.length === 0) return '';
  const rows = lists[0]![1].map((_, i) => [String(i), ...lists.map(([, list]) => figure(list[i]!))]);
  const names = lists.map(([name]) => name.replace(/_per_class$/, ''));
  return table(
    [['class', ...names], ...rows],
    names.map((_, i) => i + 1),
  );
}

const isList = (value: unknown): value is readonly number[] => Array.isArray(value) && typeof value[0] === 'number';

function confusionText({ confusion_matrix: matrix }: Metrics): string {
  if (!Array.isArray(matrix)) return '';
  const rows = (matrix as readonly (readonly number[])[]).map((row, i) => [String(i), ...row.map(String)]);
  const header = ['true \\ predicted', ...rows.map((_, i) => String(i))];
  return table(
    [header, ...rows],
    header.map((_, i) => i),
  );
}
