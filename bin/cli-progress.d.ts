// cli-progress.d.ts: the part of cli-progress' types that we use. The package brings none.
declare module 'cli-progress' {
  export interface BarOptions {
    format: string;
    stream: NodeJS.WritableStream;
    barsize: number;
    barCompleteChar: string;
    barIncompleteChar: string;
    hideCursor: boolean;
    clearOnComplete: boolean;
    fps: number;
    gracefulExit: boolean;
    linewrap: boolean | null;
  }
  export class SingleBar {
    constructor(options: Partial<BarOptions>);
    start(total: number, value: number, payload?: Record<string, string>): void;
    update(value: number, payload?: Record<string, string>): void;
    stop(): void;
  }
}
