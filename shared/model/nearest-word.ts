/**
 * The known word that a mistyped one most likely stands for: the one at the smallest edit distance (insertions, deletions,
 * replacements; Levenshtein 1966), ignoring case and taking `-` for `_`, if at most 3 edits and a third of its length
 * away. Of equally near words, the first. Null when none is near.
 */
export function nearestWord(word: string, known: readonly string[]): string | null {
  if (word.length > 60) return null;
  const typed = word.toLowerCase().replace(/-/g, "_");
  let nearest: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const distance = editDistance(typed, candidate);
    if (distance < least && distance <= Math.min(3, Math.ceil(candidate.length / 3))) {
      nearest = candidate;
      least = distance;
    }
  }
  return nearest;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, charA] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, charB] of [...b].entries()) {
      const replaced = (row[j] ?? 0) + (charA === charB ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
