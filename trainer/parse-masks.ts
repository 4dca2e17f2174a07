// parse-masks.ts: masks of padding as Keras 3 writes them into a Functional model: operations beside its layers, and their result as an argument
// of GlobalAveragePooling1D. Shoal's layers hand masks on by themselves (masks.ts), so both are left out where they say the same.
import { layerOf } from './layers/index.ts';
import type { Entry } from './parse-layers.ts';

type Written = Entry & { readonly inbound_nodes: readonly unknown[] };
interface Call {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** What layers say of padding, of which a place is none where any of it holds; null: nothing that Shoal knows. */
type Mask = ReadonlySet<string> | null;

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
  const said = new Set(layers.flatMap((layer) => layer.inbound_nodes.flatMap((node) => sayingOf(layer, callOf(node)))));
  const known = (saying: string): Mask => (said.has(saying) ? new Set([saying]) : null);
  const masks = new Map<string, Mask>();

  /** That comes with an argument: each layer is looked at once, for as many ways as lead to it. */
  function maskOf(argument: unknown): Mask {
    const name = source(argument) ?? '';
    const layer = byName.get(name);
    if (layer && !masks.has(name)) {
      masks.set(name, null); // of a graph that goes round, which is refused elsewhere
      masks.set(name, layer.inbound_nodes.length === 1 ? maskBehind(layer, callOf(layer.inbound_nodes[0])) : null);
    }
    return masks.get(name) ?? null;
  }

  /** What an operation computes, or what comes with the result of a layer. */
  function maskBehind(layer: E, call: Call): Mask {
    const { class_name, config } = layer;
    const args = call.args.flat();
    if (class_name === 'NotEqual') return known(`Embedding ${source(args[0])} ${args[1]}`);
    if (class_name === 'Any') {
      const compared = byName.get(source(args[0]) ?? '');
      if (compared?.class_name !== 'NotEqual' || config['axis'] !== -1) return null;
      const [of, value] = callOf(compared.inbound_nodes[0]).args;
      return known(`Masking ${source(of)} ${value}`);
    }
    const [saying] = sayingOf(layer, call);
    if (saying !== undefined) return known(saying);
    if (class_name === 'MultiHeadAttention') return maskOf(args[0]);
    if (class_name !== 'LogicalOr' && ('layers' in config || !layerOf(class_name).passesMask)) return null;
    const given = args.map(maskOf);
    return given.includes(null) ? null : new Set(given.flatMap((mask) => [...mask!]));
  }

  return layers
    .filter(({ class_name }) => !OPERATIONS.includes(class_name))
    .map((layer) => {
      if (layer.class_name !== 'GlobalAveragePooling1D') return layer;
      const inbound_nodes = layer.inbound_nodes.map((node) => {
        const { args, kwargs } = callOf(node);
        return isSame(maskOf(kwargs['mask']), maskOf(args[0])) ? { args, kwargs: { ...kwargs, mask: null } } : node;
      });
      return { ...layer, inbound_nodes };
    });
}

/** What a layer says of padding itself: "of x, not 0". */
function sayingOf({ class_name, config }: Written, { args }: Call): readonly string[] {
  if (class_name === 'Masking') return [`Masking ${source(args[0])} ${config['mask_value'] ?? 0}`];
  return class_name === 'Embedding' && config['mask_zero'] === true ? [`Embedding ${source(args[0])} 0`] : [];
}

const isSame = (a: Mask, b: Mask): boolean =>
  a !== null && b !== null && a.size === b.size && [...a].every((saying) => b.has(saying));
