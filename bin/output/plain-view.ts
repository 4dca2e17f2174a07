// plain-view.ts: a run as plain lines on stderr: one an epoch, and one every ten seconds inside long ones. For logs and pipes.
import type { EpochEvent, RunEvent, StartEvent, StepEventRecord } from '../../trainer/events.ts';
import { waitText } from './data-text.ts';
import { warningText } from './errors.ts';
import { bytes, clock, count, duration, figureFields, figures, flops } from './format.ts';
import { memberText } from './member-text.ts';
import { createPace, type Pace } from './pace.ts';
import type { RunView } from './run-view.ts';
import type { Colors, Screen } from './screen.ts';

const EVERY_MS = 10_000;

/** "digits: 34,826 parameters, ...", and what the running Node gives away. */
export function startText(event: StartEvent): string {
  const { name, parameters, memory, threads, steps, from } = event;
  const resumed = from > 0 ? `, from step ${count(from)}` : '';
  const size = bytes(memory['total'] ?? 0);
  const work = flops(event.flops_per_sample);
  const who =
    event.workers === undefined ? `${threads} threads` : `${event.workers} workers, ${event.servers ?? 1} servers`;
  const line = `${name}: ${count(parameters)} parameters, ${work} a sample, ${size}; ${who}; ${count(steps)} steps${resumed}`;
  if (event.speed === 1) return line;
  const share = `about ${Math.round(100 * event.speed)} % of the speed that Node 24 can reach on such a machine`;
  return `${line}\nThis Node (${event.node}) trains at ${share}: npx shoal doctor tells more.`;
}

/** What an epoch came to. */
export function epochLine(event: EpochEvent, epochs: number, pace: Pace, colors: Colors): string {
  const width = String(epochs).length;
  // no step at all, where a resumed run measures the epoch that it was left at the end of
  const speed = pace.msPerStep === 0 ? '' : `  ${speedFields(pace).join('  ')}`;
  const train = figures(event.train);
  const held = event.metrics ? `  ${colors.dim('held out')} ${figures(event.metrics)}` : '';
  const place = `epoch ${String(event.epoch).padStart(width)}/${epochs}`;
  return `${colors.bold(place)}  ${duration(event.wall_s)}${speed}${train && `  ${train}`}${held}`;
}

const speedFields = (pace: Pace): readonly string[] => [
  `${pace.msPerStep.toFixed(1)} ms/step`,
  `${count(pace.samplesPerSecond)} samples/s`,
];

/** How a run fares inside an epoch: its pace, what is left, and its figures, the loss first. */
export function stepFields({ step, loss, metrics }: StepEventRecord, steps: number, pace: Pace): readonly string[] {
  return [...speedFields(pace), `ETA ${clock(pace.secondsFor(steps - step))}`, ...figureFields({ loss, ...metrics })];
}

/** @param now milliseconds, for tests */
export function plainView(screen: Screen, now: () => number = Date.now): RunView {
  const colors = screen.errColors;
  const pace = createPace();
  let start: StartEvent | null = null;
  let told = now();
  const say = (text: string) => {
    told = now();
    screen.err(text);
  };
  return {
    show(event: RunEvent) {
      if (event.event === 'start') {
        start = event;
        say(startText(event));
      } else if (event.event === 'step') {
        pace.add(event);
        if (now() - told >= EVERY_MS)
          say(
            [
              `epoch ${event.epoch}/${start!.epochs}`,
              `step ${event.step}/${start!.steps}`,
              ...stepFields(event, start!.steps, pace),
            ].join('  '),
          );
      } else if (event.event === 'epoch') {
        say(epochLine(event, start!.epochs, pace, colors));
        pace.restart();
      } else if (event.event === 'problem' && !event.fatal) say(warningText(event.problem, colors));
      else {
        const text = waitText(event) ?? memberText(event);
        if (text !== null) say(text);
      }
    },
    say,
    close() {},
  };
}
