// The formats of summaries and of every other response: the suffix of a path names one, `Accept` and `Content-Type` name its
// media type. The registry lists the formats of each kind of summary from here.

/** The media type of each format, by its suffix. */
export const MEDIA_TYPES = {
  json: "application/json",
  txt: "text/plain",
  csv: "text/csv",
  md: "text/markdown",
  html: "text/html",
  svg: "image/svg+xml",
  png: "image/png",
} as const;

/** A format, by the suffix of a path. */
export type Format = keyof typeof MEDIA_TYPES;

/** The formats that are text; a PNG is painted from the SVG. */
export type TextFormat = Exclude<Format, "png">;

/** Formats of a kind that has tables only; the first is the default of an endpoint. */
export const LIST_FORMATS = ["json", "csv", "txt", "md", "html"] as const satisfies readonly Format[];

/** Formats of a kind that has a chart too. */
export const CHART_FORMATS = [...LIST_FORMATS, "svg"] as const;

/** The same, and the chart in pixels, which another function paints. */
export const PICTURE_FORMATS = [...CHART_FORMATS, "png"] as const;
