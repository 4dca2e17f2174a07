// pace.ts: how fast a run goes, from its step events: the figures that bars and lines show. It draws nothing.
import type { StepEventRecord } from '../../trainer/events.ts';

export interface Pace {
  add(event: StepEventRecord): void;
  /** Of the steps since the last `restart`. */
  readonly msPerStep: number;
  readonly samplesPerSecond: number;
  /** Seconds that `steps` more will take, by the pace of the last ones. */
  secondsFor(steps: number): number;
  restart(): void;
}

/** The last steps weigh most: half of the weight lies on about the last 35. */
const KEEP = 0.98;

export function createPace(): Pace {
  let steps = 0;
  let samples = 0;
  let ms = 0;
  let recent = 0;
  let weight = 0; // of all steps in `recent`: far from 1 at first, when no single step may stand for those to come
  let seen = 0;
  return {
    add(event) {
      steps++;
      samples += event.samples;
      ms += event.ms;
      if (seen < 2) recent = weight = 0; // the first step of a run includes starting it: forgotten once there is another
      recent = KEEP * recent + (1 - KEEP) * event.ms;
      weight = KEEP * weight + (1 - KEEP);
      seen++;
    },
    get msPerStep() {
      return steps === 0 ? 0 : ms / steps;
    },
    get samplesPerSecond() {
      return ms === 0 ? 0 : samples / (ms / 1000);
    },
    secondsFor: (more) => (seen === 0 ? 0 : ((recent / weight) * more) / 1000),
    restart() {
      steps = 0;
      samples = 0;
      ms = 0;
    },
  };
}
