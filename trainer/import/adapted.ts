// adapted.ts: statistics that Keras' Normalization has taken of data, which its files keep as weights: as options of the layer, since nothing
// learns them. Where they stand in a file is the reader's business.
interface Entry {
  readonly class_name: string;
  readonly name?: string;
  readonly config: { readonly name?: string; readonly mean?: unknown; readonly layers?: readonly Entry[] };
}

/**
 * A model as Keras writes it, with `mean` and `variance` of its adapted Normalization layers filled in.
 * @param read a statistic of the layer of that name, in a nested model "model/layer"; null where the file has none
 */
export function withAdapted<T>(
  model: T,
  read: (layer: string, statistic: 'mean' | 'variance') => Float32Array | null,
): T {
  const { config } = model as { readonly config?: Entry['config'] };
  const walk = (entry: Entry, path: string): Entry => {
    const { config: own } = entry;
    const name = `${path}${entry.name ?? own.name}`;
    if (own.layers) return { ...entry, config: { ...own, layers: own.layers.map((it) => walk(it, `${name}/`)) } };
    if (entry.class_name !== 'Normalization' || (own.mean ?? null) !== null) return entry;
    const [mean, variance] = [read(name, 'mean'), read(name, 'variance')];
    if (!mean || !variance) return entry;
    return { ...entry, config: { ...own, mean: [...mean], variance: [...variance] } as Entry['config'] };
  };
  if (!config?.layers) return model;
  return { ...model, config: { ...config, layers: config.layers.map((it) => walk(it, '')) } };
}
