/** Braces, and strings with the colon behind them that makes them keys. */
const BRACE_OR_STRING = /[{}]|("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?/g;

/**
 * A key that an object in JSON has twice, however it is written (`"a"` and `"\u0061"` are one); null when none has. The text must
 * be JSON. JSON.parse takes the last value of such a key without a word, and another reader the first.
 */
export function repeatedKey(json: string): string | null {
  const open: Set<string>[] = [];
  for (const [token, text, colon] of json.matchAll(BRACE_OR_STRING)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (text !== undefined && colon !== undefined) {
      const key = String(JSON.parse(text));
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return null;
}
