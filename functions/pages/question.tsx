// The form above a summary: a question in, the same page with its answer out, by GET, so that every answer has an address.

import type { Child, FC } from "hono/jsx";

/** Fields in a row, and the button that asks. */
export const Question: FC<{ action: string; label: string; children: Child; more?: Child }> = ({
  action,
  label,
  children,
  more,
}) => (
  <form method="get" action={action} class="question" aria-label={label}>
    <div class="row">
      {children}
      <button type="submit" class="primary">
        Show
      </button>
    </div>
    {more}
  </form>
);
