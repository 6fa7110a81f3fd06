import { describe, expect, it } from "vitest";
import { parseMetadata } from "../../functions/service/upload/metadata.ts";

const entriesOf = (metadata: Readonly<Record<string, string>>) =>
  Object.entries(metadata).map(([key, value]) => ({ key, value }));

function parse(entries: ReturnType<typeof entriesOf>) {
  const parsed = parseMetadata(entries);
  if ("errors" in parsed) throw new Error(parsed.errors.map(({ text }) => text).join());
  return parsed.value;
}

const stated = { backend: "tap", toolstack: "xl", storage: "lvm", host: " dom0 ", finished: "2026-11-22T10:00:00Z" };

describe("finished, stated for each result of an upload", () => {
  it.each(["2026-11-22T11:00:00", "1795341600"])(
    "%s reads as if all were parsed again, or a result would get the time of another",
    (finished) => {
      const metadata = parse([...entriesOf(stated), { key: "finished", value: finished }]);
      expect(metadata.after(5).finished?.at).toBe("2026-11-22T10:00:00.000Z");
      expect(metadata.after(6)).toEqual(parse(entriesOf({ ...stated, finished })).after(5));
    },
  );
});

describe("entries in order", () => {
  const further = { key: "storage", value: "file" };
  const entries = [
    ...entriesOf(stated),
    further,
    { key: "backend", value: "qdisk" },
    { key: "finished", value: "1795341600" },
  ];

  it.each([0, 1, 5, 6, 7, 8])("after %i entries, the metadata is what these alone give", (count) => {
    const read = parse(entries);
    for (let before = 0; before < count; before += 1) read.after(before);
    expect(read.after(count)).toEqual(parse(entries.slice(0, count)).after(count));
  });

  it("an earlier run is read again as it was", () => {
    const read = parse(entries);
    const [before] = [read.after(5), read.after(8)];
    expect(read.after(5)).toEqual(before);
  });

  it("an entry that cannot be parsed is an error with its entry, whatever replaces it", () => {
    const wrong = { key: "finished", value: "yesterday", line: 7 };
    const parsed = parseMetadata([wrong, { key: "finished", value: "1795341600", line: 8 }]);
    expect(parsed).toEqual({
      errors: [{ entry: wrong, code: "bad_value", text: expect.stringMatching(/^finished: /) }],
    });
  });
});
