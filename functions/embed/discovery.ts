// oEmbed discovery: how a page that somebody links to tells an editor that it can be embedded.

const DECODER = new TextDecoder();
const ENCODER = new TextEncoder();

/** The address of the oEmbed answer about a share; from the root where `origin` is empty. */
export function discoveryUrl(origin: string, id: string): string {
  return `${origin}/oembed?format=json&url=${encodeURIComponent(`${origin}/s/${id}`)}`;
}

/**
 * The page with a link to its oEmbed answer. A page may be kept for ever, so the link has an origin only where the operator
 * has set one: never that of a request.
 */
export function withDiscovery(html: Uint8Array, id: string, publicUrl: string | null): Uint8Array {
  const address = discoveryUrl(publicUrl ?? "", id).replaceAll("&", "&amp;");
  const link = `<link rel="alternate" type="application/json+oembed" href="${address}">`;
  // The first end of a head is that of the page: in its title text is escaped.
  return ENCODER.encode(DECODER.decode(html).replace("</head>", () => `${link}</head>`));
}
