// ask-thread.ts: a thread that answers questions, several at a time, for one that has no time to wait, or waits: for readers, whose `read` returns
// when the bytes are there. Both ends; no data.
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker, workerData } from 'node:worker_threads';
import { fromWire, type Problem, type ShoalError, toWire } from '../base/errors.ts';

interface Setup<About> {
  readonly about: About;
  readonly port: MessagePort;
  /** Answers in the port so far. */
  readonly flag: Int32Array;
}

type Answered<Answer> = { readonly key: string } & ({ readonly answer: Answer } | { readonly problem: Problem });
type Asked<Question> = { readonly key: string; readonly question: Question };

/** Receives what has come. */
export type Have<Answer> = (key: string, answer: Answer) => void;

export interface AskedThread<Question, Answer> {
  /** Asks, if it has not: `key` names the question. */
  ask(key: string, question: Question): void;
  /** Questions whose answers have not come. */
  readonly underWay: ReadonlySet<string>;
  /** Hands over what has come. What failed is dropped: it is asked again when it is needed. */
  take(have: Have<Answer>): void;
  /**
   * Blocks this thread until the answer of a question that is under way has come, and hands over what comes meanwhile, itself included.
   * @throws what answering it throws; `late` after the deadline
   */
  wait(key: string, deadlineMs: number, late: () => ShoalError, have: Have<Answer>): void;
  close(): void;
}

/** @param file the thread's, which calls `answerQuestions`. @param about what it is told at its start */
export function startAskedThread<Question, Answer>(file: string, about: unknown): AskedThread<Question, Answer> {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const { port1: own, port2: port } = new MessageChannel();
  const worker = new Worker(new URL(file), {
    workerData: { about, port, flag } satisfies Setup<unknown>,
    transferList: [port],
  });
  worker.unref();
  const underWay = new Set<string>();

  function take(have: Have<Answer>, needed?: string): void {
    for (let received = receiveMessageOnPort(own); received; received = receiveMessageOnPort(own)) {
      const answered = received.message as Answered<Answer>;
      underWay.delete(answered.key);
      if ('answer' in answered) have(answered.key, answered.answer);
      else if (answered.key === needed) throw fromWire(answered.problem);
    }
  }

  return {
    underWay,
    ask(key, question) {
      if (underWay.has(key)) return;
      underWay.add(key);
      own.postMessage({ key, question } satisfies Asked<Question>);
    },
    take: (have) => take(have),
    wait(key, deadlineMs, late, have) {
      const until = performance.now() + deadlineMs;
      for (;;) {
        const answers = Atomics.load(flag, 0);
        take(have, key);
        if (!underWay.has(key)) return;
        const left = until - performance.now();
        if (left <= 0 || Atomics.wait(flag, 0, answers, left) === 'timed-out') throw late();
      }
    },
    close() {
      own.close();
      void worker.terminate();
    },
  };
}

/** The thread's side. @param open called once, with what the thread was told; a failure of it answers each question */
export function answerQuestions<About, Question, Answer>(
  open: (about: About) => Promise<(question: Question) => Promise<Answer>>,
): void {
  const { about, port, flag } = workerData as Setup<About>;
  const opening = open(about);
  opening.catch(() => {}); // told with the first answer
  port.on('message', async ({ key, question }: Asked<Question>) => {
    let answered: Answered<Answer>;
    try {
      answered = { key, answer: await (await opening)(question) };
    } catch (error) {
      answered = { key, problem: toWire(error) };
    }
    port.postMessage(answered);
    Atomics.add(flag, 0, 1);
    Atomics.notify(flag, 0);
  });
}
