// parse-masks.ts: masks of padding as Keras 3 writes them into a Functional model: operations beside its layers, and their result as an argument
// of GlobalAveragePooling1D. Shoal's layers hand masks on by themselves (masks.ts), so both are left out where they say the same.
import { layerOf } from './layers/index.ts';
import type { Entry } from './parse-layers.ts';

type Written = Entry & { readonly inbound_nodes: readonly unknown[] };
interface Call {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

const OPERATIONS = ['NotEqual', 'Any', 'LogicalOr'];
const nameOf = ({ name, config }: Entry): string => name ?? String(config['name']);
const callOf = (node: unknown): Call => ({ args: [], kwargs: {}, ...(node as object) });

/** The layer whose result an argument is; null for a number and the like. */
function source(argument: unknown): string | null {
  const { keras_history } = (argument as { config?: { keras_history?: unknown[] } } | null)?.config ?? {};
  return Array.isArray(keras_history) ? String(keras_history[0]) : null;
}

/** The layers alone, without what a mean says of its mask where Shoal does that anyway; else it stays, so that it is refused. */
export function withoutMasks<E extends Written>(layers: readonly E[]): readonly E[] {
  if (!layers.some(({ class_name }) => OPERATIONS.includes(class_name))) return layers;
  const byName = new Map(layers.map((layer) => [nameOf(layer), layer]));
  const firstCall = (layer: Written): Call => callOf(layer.inbound_nodes[0]);

  /** What layers say of padding: "of x, not 0". */
  const known = new Set(
    layers.flatMap(({ class_name, config, inbound_nodes }) => {
      const value = class_name === 'Masking' ? (config['mask_value'] ?? 0) : 0;
      const says = class_name === 'Masking' || (class_name === 'Embedding' && config['mask_zero'] === true);
      return says ? inbound_nodes.map((node) => `${class_name} ${source(callOf(node).args[0])} ${value}`) : [];
    }),
  );
  /** Whether the result of an operation is made of nothing else. */
  function isKnown(name: string | null, any = false): boolean {
    const layer = byName.get(name ?? '');
    if (!layer) return false;
    const { args } = firstCall(layer);
    if (layer.class_name === 'NotEqual')
      return known.has(`${any ? 'Masking' : 'Embedding'} ${source(args[0])} ${args[1]}`);
    if (layer.class_name === 'Any') return layer.config['axis'] === -1 && !any && isKnown(source(args[0]), true);
    return layer.class_name === 'LogicalOr' && args.every((argument) => isKnown(source(argument)));
  }
  /** Whether a mask comes with the result of a layer. */
  function isMasked(name: string | null): boolean {
    const layer = byName.get(name ?? '');
    if (layer?.inbound_nodes.length !== 1) return false;
    const { class_name, config } = layer;
    const args = firstCall(layer).args.flat();
    if (class_name === 'Masking' || class_name === 'Embedding')
      return class_name === 'Masking' || config['mask_zero'] === true;
    if (class_name === 'MultiHeadAttention') return isMasked(source(args[0]));
    const passes = !OPERATIONS.includes(class_name) && !('layers' in config) && layerOf(class_name).passesMask === true;
    return passes && args.every((argument) => isMasked(source(argument)));
  }

  return layers
    .filter(({ class_name }) => !OPERATIONS.includes(class_name))
    .map((layer) => {
      if (layer.class_name !== 'GlobalAveragePooling1D') return layer;
      const inbound_nodes = layer.inbound_nodes.map((node) => {
        const { args, kwargs } = callOf(node);
        const same = isKnown(source(kwargs['mask'])) && isMasked(source(args[0]));
        return same ? { args, kwargs: { ...kwargs, mask: null } } : node;
      });
      return { ...layer, inbound_nodes };
    });
}
