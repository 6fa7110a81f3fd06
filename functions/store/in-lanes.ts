/**
 * Does something with each of many items, so many of them at a time: as many requests as help, and never as many as somebody
 * could ask for. Gives the results in the order of the items. After a failure no further item is begun.
 */
export async function mapConcurrent<T, R>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const left = items.entries();
  let hasFailed = false;
  const lane = async (): Promise<void> => {
    for (const [index, item] of left) {
      if (hasFailed) return;
      results[index] = await work(item);
    }
  };
  const fail = (error: unknown): never => {
    hasFailed = true;
    throw error;
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, () => lane().catch(fail)));
  return results;
}
