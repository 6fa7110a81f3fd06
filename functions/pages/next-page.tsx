import type { FC } from "hono/jsx";
import { queryText } from "../web/pages/links.ts";

/** The link to the rest of a list; nothing on its last page. */
export const NextPage: FC<{
  path: string;
  parameters: Readonly<Record<string, string | undefined>>;
  cursor: string | null;
}> = ({ path, parameters, cursor }) =>
  cursor === null ? null : (
    <nav class="next" aria-label="More">
      <a rel="next" class="button" href={`${path}${queryText({ ...parameters, cursor })}`}>
        Next page
      </a>
    </nav>
  );
