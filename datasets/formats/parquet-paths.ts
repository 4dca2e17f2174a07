// parquet-paths.ts: whether each column of a Parquet file's row groups is one of its schema, once. Without that hyparquet begins to read other
// columns, throws, and leaves their failures to nobody, which ends the process. It reads no column.
import type { FileMetaData, SchemaTree } from 'hyparquet';

/** @param tree of the schema. @throws Error naming a column that is not there, or twice */
export function checkPaths({ row_groups: groups }: FileMetaData, tree: SchemaTree): void {
  const known = new Set(pathsOf(tree));
  for (const { columns } of groups) {
    const left = new Set(known);
    for (const { meta_data: about } of columns) {
      const path = pathText(about?.path_in_schema ?? []);
      if (!left.delete(path)) throw new Error(`the column ${path}, which the schema has not, or not twice`);
    }
  }
}

const pathText = (path: readonly string[]): string => JSON.stringify(path);

const pathsOf = ({ children, path }: SchemaTree): string[] =>
  children.length === 0 ? [pathText(path)] : children.flatMap(pathsOf);
