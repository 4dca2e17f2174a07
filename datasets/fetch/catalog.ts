// catalog.ts: datasets that are fetched by name: their usual addresses, and the hashes that their files have. It fetches nothing.

export interface CatalogFile {
  readonly name: string;
  /** Lower case, hex. */
  readonly sha256: string;
  readonly bytes: number;
}

export interface CatalogEntry {
  /** The folder of its files on the server. */
  readonly from: string;
  readonly files: readonly CatalogFile[];
  /** Of archives: the files that are taken out of them, without their folder. None: the files are used as they are. */
  readonly contents: readonly string[];
  /** That reads the folder. */
  readonly reader: 'idx' | 'cifar';
  /** Who made it, and on what terms. */
  readonly licence: string;
}

const idxFiles = (hashes: readonly (readonly [sha256: string, bytes: number])[]): CatalogFile[] =>
  ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1'].map((name, i) => ({
    name: `${name}-ubyte.gz`,
    sha256: hashes[i]![0],
    bytes: hashes[i]![1],
  }));

export const catalog: Readonly<Record<string, CatalogEntry>> = {
  mnist: {
    from: 'https://storage.googleapis.com/cvdf-datasets/mnist/',
    files: idxFiles([
      ['440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609', 9_912_422],
      ['3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c', 28_881],
      ['8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6', 1_648_877],
      ['f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6', 4542],
    ]),
    contents: [],
    reader: 'idx',
    licence: 'LeCun, Cortes and Burges; CC BY-SA 3.0',
  },
  'fashion-mnist': {
    from: 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
    files: idxFiles([
      ['3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84', 26_421_880],
      ['a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845', 29_515],
      ['346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073', 4_422_102],
      ['67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5', 5148],
    ]),
    contents: [],
    reader: 'idx',
    licence: 'Zalando; MIT',
  },
  cifar10: {
    from: 'https://www.cs.toronto.edu/~kriz/',
    files: [
      {
        name: 'cifar-10-binary.tar.gz',
        sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
        bytes: 170_052_171,
      },
    ],
    contents: ['batches.meta.txt', ...[1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`), 'test_batch.bin'],
    reader: 'cifar',
    licence: 'Krizhevsky, Nair and Hinton; no licence is stated',
  },
  cifar100: {
    from: 'https://www.cs.toronto.edu/~kriz/',
    files: [
      {
        name: 'cifar-100-binary.tar.gz',
        sha256: '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec',
        bytes: 168_513_733,
      },
    ],
    contents: ['coarse_label_names.txt', 'fine_label_names.txt', 'train.bin', 'test.bin'],
    reader: 'cifar',
    licence: 'Krizhevsky, Nair and Hinton; no licence is stated',
  },
};
