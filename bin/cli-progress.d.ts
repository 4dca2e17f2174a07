// cli-progress.d.ts: the part of cli-progress' types that we use. The package brings none.
declare module 'cli-progress' {
  export interface BarState {
    value: number;
    total: number;
    /** Of the terminal, in characters. */
    maxWidth: number;
  }
  export interface BarOptions {
    format: (options: BarOptions, state: BarState) => string;
    stream: NodeJS.WritableStream;
    hideCursor: boolean;
    clearOnComplete: boolean;
    fps: number;
    gracefulExit: boolean;
    linewrap: boolean | null;
  }
  export class SingleBar {
    constructor(options: Partial<BarOptions>);
    start(total: number, value: number): void;
    update(value: number): void;
    stop(): void;
  }
}
