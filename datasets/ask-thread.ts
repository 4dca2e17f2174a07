// ask-thread.ts: a thread that answers, while the one that asks it waits: for readers, whose `read` returns when the bytes are there. Both ends; no data.
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker, workerData } from 'node:worker_threads';
import { fromWire, type Problem, type ShoalError, toWire } from '../base/errors.ts';

interface Setup<About> {
  readonly about: About;
  readonly port: MessagePort;
  /** 1: the answer is in the port. */
  readonly flag: Int32Array;
}

type Answered<Answer> = { readonly answer: Answer } | { readonly problem: Problem };

export interface AskedThread<Question, Answer> {
  /** Blocks this thread. @throws what answering throws; `late` after the deadline */
  ask(question: Question, deadlineMs: number, late: () => ShoalError): Answer;
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
  return {
    ask(question, deadlineMs, late) {
      Atomics.store(flag, 0, 0);
      own.postMessage(question);
      const waited = Atomics.wait(flag, 0, 0, deadlineMs);
      const received = waited === 'timed-out' ? undefined : receiveMessageOnPort(own);
      if (!received) throw late();
      const answered = received.message as Answered<Answer>;
      if ('problem' in answered) throw fromWire(answered.problem);
      return answered.answer;
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
  port.on('message', async (question: Question) => {
    let answered: Answered<Answer>;
    try {
      answered = { answer: await (await opening)(question) };
    } catch (error) {
      answered = { problem: toWire(error) };
    }
    port.postMessage(answered);
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  });
}
