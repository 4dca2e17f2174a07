// sharp.ts: loads sharp, which is optional, and what we use of it. No recipe of ours: decode.ts.
import { importOptional } from '../optional-package.ts';

export interface SharpPipeline {
  autoOrient(): SharpPipeline;
  /** Of the header alone. */
  metadata(): Promise<{ autoOrient: { width: number; height: number } }>;
  flatten(options: { background: string }): SharpPipeline;
  resize(options: {
    width?: number;
    height?: number;
    fit: 'cover' | 'contain' | 'fill' | 'outside';
    background?: string;
    kernel?: 'linear';
  }): SharpPipeline;
  extract(region: { left: number; top: number; width: number; height: number }): SharpPipeline;
  toColourspace(space: 'b-w' | 'srgb'): SharpPipeline;
  raw(): SharpPipeline;
  jpeg(options: { quality: number; chromaSubsampling?: string }): SharpPipeline;
  png(options: { compressionLevel: number }): SharpPipeline;
  webp(options: { quality: number }): SharpPipeline;
  toBuffer(options: { resolveWithObject: true }): Promise<{
    data: Uint8Array;
    info: { width: number; height: number; channels: number };
  }>;
}

export interface SharpModule {
  (
    bytes: Uint8Array,
    options?: {
      limitInputPixels?: number;
      failOn?: 'error';
      raw?: { width: number; height: number; channels: number };
    },
  ): SharpPipeline;
  concurrency(threads: number): number;
  cache(options: boolean): unknown;
  readonly versions: Readonly<Record<string, string>>;
}

let loaded: Promise<SharpModule> | null = null;

/** @throws SHOAL_OPTIONAL_PACKAGE */
export function loadSharp(operation: string): Promise<SharpModule> {
  loaded ??= importOptional<{ default: SharpModule }>('sharp', 'which decodes images', operation).then(
    ({ default: sharp }) => {
      sharp.concurrency(1); // several images at once, each on one thread: faster than one image on several
      sharp.cache(false);
      return sharp;
    },
  );
  return loaded;
}
