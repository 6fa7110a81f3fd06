/** What was found, fit for a message: in quotes, control characters as blanks, cut to 60 characters. */
export function quoted(found: string): string {
  const [...characters] = found.slice(0, 240).replace(/\p{Cc}/gu, " ");
  return characters.length > 60 ? `"${characters.slice(0, 59).join("")}…"` : `"${characters.join("")}"`;
}
