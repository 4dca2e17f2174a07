// layer-patterns.ts: layers named by patterns, as jobs do: "conv1", "block1_*", "*/norm". What is done with them is others' business.
import { ShoalError } from '../base/errors.ts';
import type { Model } from './model.ts';

/** Whether a layer has such a name. A star stands for any characters, slashes too. */
export function matches(pattern: string, layer: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(layer);
}

/**
 * The layers of a model that any of the patterns names.
 * @throws SHOAL_JOB for a pattern that names none
 */
export function layersOf(model: Model, patterns: readonly string[], operation: string): ReadonlySet<string> {
  const names = Object.keys(model.layers);
  const idle = patterns.find((pattern) => !names.some((name) => matches(pattern, name)));
  if (idle !== undefined) {
    throw new ShoalError({
      code: 'SHOAL_JOB',
      operation,
      got: `the pattern "${idle}"`,
      expected: `one that names a layer: ${names.slice(0, 8).join(', ')}${names.length > 8 ? ', ...' : ''}`,
      hint: 'A star stands for any characters: "block1_*".',
    });
  }
  return new Set(names.filter((name) => patterns.some((pattern) => matches(pattern, name))));
}

/** The model with these layers frozen. */
export const freezeLayers = (model: Model, frozen: ReadonlySet<string>): Model => ({
  ...model,
  layers: Object.fromEntries(
    Object.entries(model.layers).map(([name, layer]) =>
      frozen.has(name) ? [name, { ...layer, config: { ...layer.config, trainable: false } }] : [name, layer],
    ),
  ),
});
