// einsum.ts: Einsum of one or two tensors as transposes, sums and one batched product of matrices, all by tfjs' own kernels. tfjs' other
// backends multiply element by element and sum then, which takes room for every product.
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { backend_util, Einsum, type EinsumAttrs, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { checkNumbers, runKernel } from '../floats.ts';
import { type HeapOp, zeros } from './op.ts';

/** A tensor and what its axes are called: numbers of the equation's labels, those of the result first. */
interface Labelled {
  readonly tensor: TensorInfo;
  readonly axes: readonly number[];
}

export const einsum: HeapOp = {
  kernelName: Einsum,
  compute(inputs, attrs, backend) {
    const { equation } = attrs as unknown as EinsumAttrs;
    const tensors = Object.values(inputs) as TensorInfo[];
    checkNumbers(Einsum, tensors);
    const { allDims, summedDims, idDims } = backend_util.decodeEinsumEquation(equation, tensors.length);
    backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors as never);
    const kept = allDims.length - summedDims.length;
    const sizes: number[] = [];
    for (const [i, axes] of idDims.entries())
      for (const [j, axis] of axes.entries()) sizes[axis] = tensors[i]!.shape[j]!;
    const shape = sizes.slice(0, kept);
    const floating = tensors.some(({ dtype }) => dtype === 'float32');

    const steps = new Steps(backend);
    try {
      if (sizes.includes(0)) return steps.result(steps.own(zeros(backend, shape)), floating);
      const terms = tensors.map((tensor, i) => {
        const axes = idDims[i]!;
        // what only this tensor has, and the result has not, is summed at once
        const alone = axes.filter(
          (axis) => axis >= kept && idDims.every((other, j) => j === i || !other.includes(axis)),
        );
        return steps.sum({ tensor: steps.floats(tensor), axes }, alone);
      });
      const [a, b] = terms as [Labelled, Labelled?];
      return steps.result(steps.arrange(b ? steps.product(a, b, kept, sizes) : a, kept), floating);
    } finally {
      steps.dispose();
    }
  },
};

/** The steps of one einsum: keeps what they allocate, to dispose of all but the result. */
class Steps {
  readonly #backend: BackendWasm;
  readonly #made = new Set<TensorInfo>();

  constructor(backend: BackendWasm) {
    this.#backend = backend;
  }

  own(tensor: TensorInfo): TensorInfo {
    this.#made.add(tensor);
    return tensor;
  }

  floats(x: TensorInfo): TensorInfo {
    return x.dtype === 'float32' ? x : this.own(runKernel(this.#backend, 'Cast', { x }, { dtype: 'float32' }));
  }

  sum({ tensor: x, axes }: Labelled, over: readonly number[]): Labelled {
    if (over.length === 0) return { tensor: x, axes };
    const axis = over.map((label) => axes.indexOf(label));
    const tensor = this.own(runKernel(this.#backend, 'Sum', { x }, { axis, keepDims: false }));
    return { tensor, axes: axes.filter((label) => !over.includes(label)) };
  }

  /** The axes in this order. */
  transpose({ tensor: x, axes }: Labelled, order: readonly number[]): TensorInfo {
    const perm = order.map((label) => axes.indexOf(label));
    if (backend_util.isIdentityPermutation(perm)) return x;
    return this.own(runKernel(this.#backend, 'Transpose', { x }, { perm }));
  }

  /** The axes in the result's order. */
  arrange(term: Labelled, kept: number): TensorInfo {
    return this.transpose(
      term,
      Array.from({ length: kept }, (_, label) => label),
    );
  }

  reshape(x: TensorInfo, shape: readonly number[]): TensorInfo {
    return this.own(runKernel(this.#backend, 'Reshape', { x }, { shape: [...shape] }));
  }

  /** a (batch, rows, inner) times b (batch, inner, columns), each of these any number of axes. */
  product(a: Labelled, b: Labelled, kept: number, sizes: readonly number[]): Labelled {
    const both = a.axes.filter((label) => b.axes.includes(label));
    const batch = both.filter((label) => label < kept);
    const inner = both.filter((label) => label >= kept);
    const rows = a.axes.filter((label) => !both.includes(label));
    const columns = b.axes.filter((label) => !both.includes(label));
    const size = (labels: readonly number[]) => util.sizeFromShape(labels.map((label) => sizes[label]!));
    const left = this.transpose(a, [...batch, ...rows, ...inner]);
    const right = this.transpose(b, [...batch, ...inner, ...columns]);
    const product = runKernel(
      this.#backend,
      'BatchMatMul',
      {
        a: this.reshape(left, [size(batch), size(rows), size(inner)]),
        b: this.reshape(right, [size(batch), size(inner), size(columns)]),
      },
      { transposeA: false, transposeB: false },
    );
    const axes = [...batch, ...rows, ...columns];
    return {
      tensor: this.reshape(
        this.own(product),
        axes.map((label) => sizes[label]!),
      ),
      axes,
    };
  }

  /** The result, not to be disposed of here. */
  result(x: TensorInfo, floating: boolean): TensorInfo {
    if (!floating) return runKernel(this.#backend, 'Cast', { x }, { dtype: 'int32' });
    if (this.#made.delete(x)) return x;
    return runKernel(this.#backend, 'Identity', { x });
  }

  dispose(): void {
    for (const { dataId } of this.#made) this.#backend.disposeData(dataId);
  }
}
