// Xen versions, as far as backends depend on them: the release, major and minor.

/**
 * A Xen release as one ordered integer, major x 1000 + minor: `4.17.7` gives 4017, `4.2-unstable` gives 4002.
 * A leading `xen`, as in `xen-4.1-amd64`, is passed over. Null when the text does not start with a release.
 */
export function xenRelease(version: string): number | null {
  const [, major, minor] = /^\s*(?:xen[ -]?)?(\d{1,3})\.(\d{1,3})(?!\d)/i.exec(version) ?? [];
  return major === undefined || minor === undefined ? null : Number(major) * 1000 + Number(minor);
}
