import { describe, expect, it } from "vitest";
import { reparseFinished, understand } from "../../functions/service/metadata.ts";

describe("finished, said for each result of an upload", () => {
  const said = { backend: "tap", toolstack: "xl", storage: "lvm", host: " dom0 ", finished: "2026-11-22T10:00:00Z" };

  it.each(["2026-11-22T11:00:00", "1795341600", "yesterday"])(
    "%s reads as if all were understood anew, or a result would get the time of another",
    (finished) => {
      const context = { ...said, finished };
      expect(reparseFinished(understand(said), context)).toEqual(understand(context));
    },
  );
});
