// Chunks: a list cut into pieces that each fit one transaction, by number of writes and by bytes.

/** Writes that DynamoDB takes in one transaction. */
export const WRITES_PER_TRANSACTION = 100;

/** DynamoDB takes 4 MiB in one transaction; the rest is room for keys, expressions and our rough count. */
export const MAX_TRANSACTION_BYTES = 3_000_000;

/**
 * Cuts `items` in order. `weightOf` says how many writes an item adds to the chunk so far; no chunk weighs more than
 * `maxWeight` or holds more than 3 MB, except that an item too large for any chunk gets one of its own.
 */
export function inChunks<T>(
  items: readonly T[],
  limits: { weightOf: (item: T, chunk: readonly T[]) => number; maxWeight: number; bytesOf: (item: T) => number },
): T[][] {
  const chunks: T[][] = [];
  let chunk: T[] = [];
  let weight = 0;
  let bytes = 0;
  for (const item of items) {
    const itemBytes = limits.bytesOf(item);
    if (
      chunk.length > 0 &&
      (weight + limits.weightOf(item, chunk) > limits.maxWeight || bytes + itemBytes > MAX_TRANSACTION_BYTES)
    ) {
      chunks.push(chunk);
      chunk = [];
      weight = 0;
      bytes = 0;
    }
    weight += limits.weightOf(item, chunk);
    bytes += itemBytes;
    chunk.push(item);
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}
