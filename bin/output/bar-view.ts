// bar-view.ts: a run as a progress bar on a terminal, and a line for each epoch that is over. Not for logs: plain-view.ts.
import { SingleBar } from 'cli-progress';
import type { RunEvent, StartEvent } from '../../trainer/events.ts';
import { barLine } from './bar-line.ts';
import { waitText } from './data-text.ts';
import { warningText } from './errors.ts';
import { memberText } from './member-text.ts';
import { createPace } from './pace.ts';
import { epochLine, startText, stepFields } from './plain-view.ts';
import type { RunView } from './run-view.ts';
import type { Screen } from './screen.ts';

/** What is left and how well it goes stay longest, then the pace: samples a second before ms a step. */
const keptOf = (fields: readonly string[]): readonly number[] => [...fields.keys()].slice(2).concat(1, 0);

/** @param stream where the bar is drawn */
export function barView(screen: Screen, stream: NodeJS.WritableStream = process.stderr): RunView {
  const colors = screen.errColors;
  const pace = createPace();
  let start: StartEvent | null = null;
  let bar: SingleBar | null = null;
  let fields: readonly string[] = [];

  function open(epoch: number, value: number): SingleBar {
    const place = `epoch ${epoch}/${start!.epochs}`;
    const drawn = new SingleBar({
      format: (_, { value, total, maxWidth }) =>
        barLine({ place, value, total, fields, kept: keptOf(fields) }, maxWidth, colors),
      stream,
      hideCursor: true,
      clearOnComplete: true,
      fps: 10,
      gracefulExit: false, // Ctrl-C is the command's business
      linewrap: false,
    });
    drawn.start(stepsPerEpoch(), value);
    return drawn;
  }
  const stepsPerEpoch = () => Math.ceil(start!.steps / start!.epochs);
  const takeDown = () => {
    bar?.stop();
    bar = null;
  };
  /** Above the bar, which the next step draws again. */
  const say = (text: string) => {
    takeDown();
    screen.err(text);
  };

  return {
    show(event: RunEvent) {
      if (event.event === 'start') {
        start = event;
        say(startText(event));
      } else if (event.event === 'step') {
        pace.add(event);
        const value = event.step - (event.epoch - 1) * stepsPerEpoch();
        fields = stepFields(event, start!.steps, pace);
        bar ??= open(event.epoch, value);
        bar.update(value);
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
    close: takeDown,
  };
}
