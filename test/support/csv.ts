// A reader of comma-separated values by RFC 4180, written from the grammar and not from what the product writes.

/** The records of a file; every one must end in CRLF. */
export function readCsv(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let at = 0;
  while (at < text.length) {
    let field = "";
    if (text[at] === '"') {
      for (at += 1; ; at += 1) {
        if (at >= text.length) throw new Error("a quote is never closed");
        if (text[at] !== '"') field += text[at];
        else if (text[at + 1] === '"') {
          field += '"';
          at += 1;
        } else break;
      }
      at += 1;
    } else {
      const end = /[",\r\n]/g;
      end.lastIndex = at;
      const stop = end.exec(text)?.index ?? text.length;
      field = text.slice(at, stop);
      at = stop;
    }
    record.push(field);
    if (text[at] === ",") at += 1;
    else if (text.startsWith("\r\n", at)) {
      at += 2;
      records.push(record);
      record = [];
    } else throw new Error(`expected a comma or CRLF at ${at}, found ${JSON.stringify(text.slice(at, at + 10))}`);
  }
  return records;
}

/** The text of a field: an apostrophe at its start, and behind a separator in it, is taken off. */
export const textOfField = (field: string): string => field.replace(/(?<=^|[;\t\r\n])'/g, "");

/** The records below the head, each by the names of its columns. */
export function readTable(text: string): Record<string, string>[] {
  const [head = [], ...rows] = readCsv(text);
  return rows.map((row) => {
    if (row.length !== head.length) throw new Error(`${row.length} fields under ${head.length} names`);
    return Object.fromEntries(head.map((name, column) => [name, row[column] ?? ""]));
  });
}
