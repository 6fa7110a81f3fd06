/** Named in every answer; changes whenever the same cells would give other numbers. */
export const METHOD_VERSION = "1";
