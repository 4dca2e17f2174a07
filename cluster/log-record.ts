// log-record.ts: the lines of the commit log, as types. Writing and reading them: commit-log.ts.
import type { Node } from '../trainer/tree.ts';
import type { Term } from './messages.ts';

/** One line of the commit log. The surviving lineage is what is left when every rollback has cut what it names. */
export type LogRecord =
  | {
      readonly record: 'open';
      readonly term: Term;
      readonly job: string; // jobHash
      readonly dataset: string;
      readonly samples: number;
      readonly batch: number;
      readonly seed: number;
      readonly version: number; // where this term begins: everything after it in the log is void
    }
  | {
      readonly record: 'commit';
      readonly term: Term;
      readonly step: number;
      readonly version: number; // step + 1
      readonly draws: string; // sha256 of the step's sample indices, u32 little endian
      readonly rows: number;
      readonly totals: readonly number[];
      readonly nodes: readonly { readonly node: Node; readonly worker: string }[]; // who computed what
    }
  | { readonly record: 'checkpoint'; readonly term: Term; readonly version: number; readonly path: string }
  /** What callbacks decided after the evaluation of a version: a learning rate in place of the optimizer's, and whether to stop. */
  | {
      readonly record: 'decision';
      readonly term: Term;
      readonly version: number;
      readonly epoch: number;
      readonly rate: number | null;
      readonly stop: boolean;
    }
  /** One process went on with the run before: its steps up to this version stand, though no record tells of them. */
  | { readonly record: 'adopt'; readonly term: Term; readonly version: number; readonly path: string };
