// Pieces of the page /docs.

import type { Child, FC } from "hono/jsx";

/** Text with \`code\` in backquotes, as the descriptions of the contract write it. */
export const Prose: FC<{ text: string }> = ({ text }) => (
  <>{text.split("`").map((part, index) => (index % 2 === 0 ? part : <code>{part}</code>))}</>
);

/** A table with a row of headings. */
export const Table: FC<{ heads: readonly string[]; children: Child }> = ({ heads, children }) => (
  <table>
    <thead>
      <tr>
        {heads.map((head) => (
          <th scope="col">{head}</th>
        ))}
      </tr>
    </thead>
    <tbody>{children}</tbody>
  </table>
);
