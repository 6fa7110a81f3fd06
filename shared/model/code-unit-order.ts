/** The order of two texts by their code units, whatever the language of the machine: for `sort`. */
export function codeUnitOrder(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
