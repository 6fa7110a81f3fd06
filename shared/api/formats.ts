// The formats of answers: what a suffix of the path names, the media types of `Accept` and `Content-Type`, and which of them
// go together. The contract lists them for each endpoint, and handlers offer them from here, so that both say the same.

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

/** A format, as a suffix of the path names it. */
export type Format = keyof typeof MEDIA_TYPES;

/** Formats of what can be shown as tables only; the first is the default of an endpoint. */
export const LIST_FORMATS = ["json", "csv", "txt", "md", "html"] as const satisfies readonly Format[];

/** Formats of what can be shown as a chart too. */
export const CHART_FORMATS = [...LIST_FORMATS, "svg"] as const;

/** Those, and the chart in pixels, which is painted apart from all others. */
export const PICTURE_FORMATS = [...CHART_FORMATS, "png"] as const;
