// fetch-thread.ts: the thread that fetches byte ranges for one that waits (remote-reader.ts): every range that it is asked for, at once.
import { answerQuestions } from '../datasets/ask-thread.ts';
import { fetchBytes, type RemoteData } from './remote-data.ts';
import type { Wanted } from './remote-reader.ts';

answerQuestions(
  async (remote: RemoteData) =>
    ({ path, at, bytes }: Wanted) =>
      fetchBytes(remote, path, bytes, at),
);
