/**
 * Maps items with at most `concurrency` calls of `map` under way at the same time. Gives the results in the order of the
 * items. After a failure it starts no further call, and rejects with the first error.
 */
export async function mapConcurrent<T, R>(
  items: readonly T[],
  concurrency: number,
  map: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const remaining = items.entries();
  let hasFailed = false;
  const work = async (): Promise<void> => {
    for (const [index, item] of remaining) {
      if (hasFailed) return;
      results[index] = await map(item);
    }
  };
  const fail = (error: unknown): never => {
    hasFailed = true;
    throw error;
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, () => work().catch(fail)));
  return results;
}
