// run-view.ts: what a command shows of a run under way; and the first of its forms: every event as a line of JSON, for --json.
import type { RunEvent } from '../../trainer/events.ts';
import type { Screen } from './screen.ts';

export interface RunView {
  show(event: RunEvent): void;
  /** Shows a message between events. */
  say(text: string): void;
  /** Takes down what is drawn. Nothing is shown afterwards. */
  close(): void;
}

/** Nothing but events on stdout; messages go to stderr. */
export const jsonView = (screen: Screen): RunView => ({
  show: (event) => screen.out(JSON.stringify(event)),
  say: (text) => screen.err(text),
  close() {},
});

/** Nothing: the log takes its place. */
export const noView: RunView = { show() {}, say() {}, close() {} };
