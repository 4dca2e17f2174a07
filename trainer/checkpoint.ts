// checkpoint.ts: what a checkpoint is: its directory, its names and its manifest. Not how it is written or read (checkpoint-*.ts).
//
// <directory>/step-00000123/parameters.safetensors, state.safetensors, optimizer.safetensors, manifest.json
//
// The name of a directory tells whether it is complete: `step-N` is (all is synced before it gets that name); `step-N.partial`
// is being written, `step-N.removing` is being removed, and both are removed by the next write. Where `step-N` is taken, by a
// damaged checkpoint or by an earlier run, the next one is called `step-N.1`: nothing is ever replaced.

import { z } from 'zod';
import { check, strict } from '../base/check.ts';
import { ShoalError } from '../base/errors.ts';
import { startSha256 } from './sha256.ts';

/** The three flat vectors, each in its own file: they are hashed, compared and restored apart. */
export const CHECKPOINT_PARTS = ['parameters', 'state', 'optimizer'] as const;
export type CheckpointPart = (typeof CHECKPOINT_PARTS)[number];

/** What JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export const MANIFEST = 'manifest.json';
export const PARTIAL = '.partial';
export const REMOVING = '.removing';
const VERSION = 1;

const count = z.number().int().nonnegative();
const fileSchema = strict({ bytes: count, sha256: z.string().regex(/^[0-9a-f]{64}$/) });
export const manifestSchema = strict({
  format: z.literal('shoal-checkpoint'),
  version: z.literal(VERSION),
  /** Who wrote it: "shoal 0.1.0". */
  tool: z.string(),
  /** Steps done. */
  step: count,
  /** Epochs done, or under way: what the writer says. */
  epoch: count,
  jobHash: z.string(),
  /** What decides the bits (DESIGN.md, Words). */
  profile: z.json(),
  files: strict({ parameters: fileSchema, state: fileSchema, optimizer: fileSchema }),
  /** The writer's own: schedules, best metric and the like. */
  extra: z.json(),
});

export type ManifestFile = z.infer<typeof fileSchema>;
export type Manifest = z.infer<typeof manifestSchema>;

export const FORMAT = { format: 'shoal-checkpoint', version: VERSION } as const;

/** The manifest's text. It ends with its own hash, so that damage to any byte shows. */
export function renderManifest(manifest: Manifest): string {
  const hash = startSha256();
  hash.update(new TextEncoder().encode(JSON.stringify(manifest)));
  return `${JSON.stringify({ ...manifest, sha256: hash.hex() }, null, 2)}\n`;
}

/**
 * Reads a manifest's text.
 * @throws SHOAL_CHECKPOINT_CORRUPT unless it is, byte for byte, what renderManifest wrote; SHOAL_CHECKPOINT_VERSION if a
 *   version of Shoal wrote it that this one does not know
 */
export function parseManifest(path: string, text: string): Manifest {
  const operation = `read the checkpoint manifest ${path}`;
  const hint = 'The checkpoint is damaged; an older one may be whole.';
  let body: unknown;
  try {
    const { sha256: _, ...rest } = JSON.parse(text);
    body = rest;
  } catch (cause) {
    const got = 'text that is not a JSON object';
    throw new ShoalError({ code: 'SHOAL_CHECKPOINT_CORRUPT', operation, got, expected: 'JSON', hint }, { cause });
  }
  // The hash first: only of a whole manifest is it worth saying which key is wrong.
  if (renderManifest(body as Manifest) !== text) {
    const expected = 'the text that its hash belongs to';
    throw new ShoalError({ code: 'SHOAL_CHECKPOINT_CORRUPT', operation, got: 'another text', expected, hint });
  }
  return check(manifestSchema, body, {
    code: 'SHOAL_CHECKPOINT_VERSION',
    operation,
    hint: `This Shoal knows version ${VERSION}: read it with the one that wrote it.`,
  });
}

/** The directory's name of a checkpoint; `attempt` counts those written for the same step before. */
export const checkpointName = (step: number, attempt: number): string =>
  `step-${String(step).padStart(8, '0')}${attempt > 0 ? `.${attempt}` : ''}`;

/** The step and attempt in a directory's name, undefined for other names. */
export function parseCheckpointName(name: string): { step: number; attempt: number } | undefined {
  const match = /^step-(\d{8,15})(?:\.([1-9]\d{0,8}))?$/.exec(name);
  if (!match) return undefined;
  const [step, attempt] = [Number(match[1]), Number(match[2] ?? 0)];
  return checkpointName(step, attempt) === name ? { step, attempt } : undefined;
}
