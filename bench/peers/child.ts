// child.ts: one peer as a long-lived child process: asked, timed out, closed. Which peers there are stands in index.ts.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ShoalError } from '../../base/errors.ts';
import type { Variables } from './held.ts';
import type { Measurement, PeerJob, PeerReady, PeerReply } from './protocol.ts';

export interface PeerOptions {
  /** Shown in the table: "pytorch". */
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
  /** Added to the environment of the bench. Default none. */
  readonly variables?: Variables;
  /** Jobs that it can train. */
  readonly jobs: readonly PeerJob[];
  /** Milliseconds until it must be ready. Default 120 000: an import of tensorflow from a cold disk is slow. */
  readonly readyWithin?: number;
}

/** Longest time, in milliseconds, that a peer may take over what it was asked for; the first time it tries its variants. */
export const FIRST_ANSWER = 400_000;
export const ANSWER = 60_000;

const lastLines = (text: string) => text.trim().split('\n').slice(-3).join(' | ');

export class Peer {
  readonly name: string;
  readonly jobs: readonly PeerJob[];
  version = '';
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #warm = new Set<PeerJob>();
  readonly #exited: Promise<unknown>;
  #complaints = '';
  /** Whoever waits for the next line; there is at most one. */
  #waiting: { resolve: (line: unknown) => void; reject: (error: Error) => void } | undefined;

  private constructor(options: PeerOptions) {
    this.name = options.name;
    this.jobs = options.jobs;
    this.#process = spawn(options.command, options.arguments, {
      stdio: 'pipe',
      env: { ...process.env, ...options.variables },
    });
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-2000);
    });
    this.#process.stdin.on('error', () => {}); // told by 'close'
    this.#process.on('error', (error) => this.#fail(error.message));
    this.#exited = new Promise((resolve) => {
      this.#process.on('close', (code, signal) => {
        resolve(undefined);
        this.#fail(`exit ${code ?? signal}: ${lastLines(this.#complaints)}`);
      });
    });
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      if (!line.startsWith('{')) return; // some library's banner
      try {
        this.#waiting?.resolve(JSON.parse(line));
        this.#waiting = undefined;
      } catch {
        this.#fail(`no JSON: ${line.slice(0, 200)}`);
      }
    });
  }

  /** @throws ShoalError SHOAL_BENCH_PEER when it does not become ready */
  static async start(options: PeerOptions): Promise<Peer> {
    const peer = new Peer(options);
    const ready = (await peer.#line(options.readyWithin ?? 120_000)) as PeerReady;
    peer.version = ready.version;
    return peer;
  }

  /**
   * Trains a job for so many seconds. The first time for a job takes longer: the peer looks for its fastest way.
   * @throws ShoalError SHOAL_BENCH_PEER when it cannot, or takes too long: then it is gone
   */
  async measure(
    job: PeerJob,
    seconds: number,
    within = this.#warm.has(job) ? ANSWER : FIRST_ANSWER,
  ): Promise<Measurement> {
    const answer = this.#line(within + seconds * 1000);
    this.#process.stdin.write(`${JSON.stringify({ name: job, seconds })}\n`);
    const reply = (await answer) as PeerReply;
    if ('error' in reply) throw this.#error(reply.error);
    this.#warm.add(job);
    return reply;
  }

  /** Asks it to end, and ends it when it has not after two seconds. */
  async close(): Promise<void> {
    this.#process.stdin.end(`${JSON.stringify({ quit: true })}\n`);
    const late = setTimeout(() => this.#process.kill('SIGKILL'), 2000);
    await this.#exited;
    clearTimeout(late);
  }

  #line(milliseconds: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#waiting) throw new Error(`${this.name} is still busy`);
      const late = setTimeout(() => {
        this.#fail(`nothing for ${milliseconds} ms`);
        this.#process.kill('SIGKILL');
      }, milliseconds);
      this.#waiting = {
        resolve: (line) => {
          clearTimeout(late);
          resolve(line);
        },
        reject: (error) => {
          clearTimeout(late);
          reject(error);
        },
      };
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) this.#fail('a process that has ended');
    });
  }

  #fail(got: string): void {
    this.#waiting?.reject(this.#error(got));
    this.#waiting = undefined;
  }

  #error(got: string): ShoalError {
    return new ShoalError({
      code: 'SHOAL_BENCH_PEER',
      operation: `measure ${this.name}`,
      got,
      expected: 'an answer',
      hint: 'Unset the variable that names its Python to do without it.',
    });
  }
}
