// Chunks: a list cut into pieces that each fit one transaction, by number of writes and by bytes.

/** Writes that DynamoDB takes in one transaction. */
export const WRITES_PER_TRANSACTION = 100;

/** DynamoDB takes 4 MiB in one transaction; the rest is room for keys, expressions and our rough count. */
export const MAX_TRANSACTION_BYTES = 3_000_000;

/**
 * Cuts `items` in order, each being one write. Items may need a write that they share with others of their chunk, such as
 * the mark of a host: `sharedOf` names it. No chunk has more than 100 writes or holds more than 3 MB, except that an item
 * too large for any chunk gets one of its own.
 */
export function inChunks<T>(
  items: readonly T[],
  { bytesOf, sharedOf = () => null }: { bytesOf: (item: T) => number; sharedOf?: (item: T) => string | null },
): T[][] {
  const chunks: T[][] = [];
  let chunk: T[] = [];
  let shared = new Set<string>();
  let bytes = 0;
  for (const item of items) {
    const itemBytes = bytesOf(item);
    const name = sharedOf(item);
    const writes = chunk.length + 1 + shared.size + (name === null || shared.has(name) ? 0 : 1);
    if (chunk.length > 0 && (writes > WRITES_PER_TRANSACTION || bytes + itemBytes > MAX_TRANSACTION_BYTES)) {
      chunks.push(chunk);
      chunk = [];
      shared = new Set();
      bytes = 0;
    }
    chunk.push(item);
    if (name !== null) shared.add(name);
    bytes += itemBytes;
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}
