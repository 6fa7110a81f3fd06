// How much of a request is read before it is refused, and how much of it may be compressed. What a connection may cost on
// one machine stands in local/server/http-server.ts; docs/api.md has all limits in one table.

/** What a body may be. */
export interface BodyLimit {
  /** Bytes as sent. */
  readonly bytes: number;
  /** The same in words, for the refusal. */
  readonly words: string;
  /** Whether it may be compressed, with gzip. */
  readonly mayBePacked: boolean;
}

/** Bytes of any body when gzip is taken off: 8 MiB, as the refusal says. */
export const MOST_UNPACKED = 8_388_608;

/** Bonnie++ output. */
export const UPLOAD: BodyLimit = { bytes: 1_048_576, words: "1 MiB", mayBePacked: true };

/** Bonnie++ output in a form, after its token. Browsers compress no forms. */
export const UPLOAD_FORM: BodyLimit = { bytes: 1_048_576, words: "1 MiB", mayBePacked: false };

/** A token and an address, from anybody: it is all that strangers may send. */
export const SIGN_IN_FORM: BodyLimit = { bytes: 8_192, words: "8 KiB", mayBePacked: false };

/** Every other form of a page. */
export const FORM: BodyLimit = { bytes: 16_384, words: "16 KiB", mayBePacked: false };

/** JSON that asks for a token or a share. */
export const JSON_BODY: BodyLimit = { bytes: 65_536, words: "64 KiB", mayBePacked: false };

/** Fields of a form. */
export const MOST_FIELDS = 64;

/** Parameters of a query: 100 labels of an upload beside every fact there is, or four filters of 50 values, and more. */
export const MOST_PARAMETERS = 256;
