import type { FC } from "hono/jsx";
import type { AppError } from "../../shared/errors.ts";
import { Faults } from "./faults.tsx";

/** Why what a form asked for could not be done; the form stands beside it. */
export const Problem: FC<{ title: string; error: AppError }> = ({ title, error }) => (
  <div class="sheet">
    <div class="problem" role="alert">
      <h1>{title}</h1>
      <Faults error={error} />
    </div>
  </div>
);
