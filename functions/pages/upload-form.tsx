import type { FC } from "hono/jsx";
import { BACKENDS } from "../../shared/run/backends.ts";
import { COHORT_KEYS } from "../../shared/run/cohort.ts";
import { Choice, COHORT_LABELS, Field } from "../web/pages/forms.tsx";

/** What the form was sent with, so that nothing has to be typed twice. */
export interface UploadFields {
  readonly output: string;
  /** By key, as in the query of POST /v1/results. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** The form of /upload. */
export const UploadForm: FC<{ fields: UploadFields }> = ({ fields: { output, parameters } }) => (
  <form method="post" action="/upload" class="fields upload">
    <div class="field">
      <label for="output">What Bonnie++ printed</label>
      <textarea
        id="output"
        name="output"
        rows={10}
        required
        spellcheck={false}
        autocapitalize="off"
        aria-describedby="output-help"
      >
        {`\n${output}`}
      </textarea>
      <p class="help" id="output-help">
        The CSV line, or all of its output: other text is told apart. Lines such as <code># backend: loop</code> hold
        for the results after them.
      </p>
    </div>
    <div class="row">
      <Choice
        label="Backend"
        name="backend"
        options={[
          { value: "", text: "as the text says" },
          ...BACKENDS.map((backend) => ({ value: backend, text: backend })),
        ]}
        value={parameters["backend"] ?? ""}
      />
      <Text label="Host (Dom0)" name="host" value={parameters["host"]} placeholder="the machine in the line" />
      <Text label="Finished" name="finished" value={parameters["finished"]} placeholder="now" />
    </div>
    {/* Facts that tell cohorts apart; every other one can be said in a line of the text. */}
    <details class="more" open={COHORT_KEYS.some((key) => parameters[key] !== undefined)}>
      <summary>About the host</summary>
      <div class="row">
        {COHORT_KEYS.map((key) => (
          <Text label={COHORT_LABELS[key]} name={key} value={parameters[key]} placeholder="" />
        ))}
      </div>
    </details>
    <button type="submit" class="primary">
      Upload
    </button>
  </form>
);

const Text: FC<{ label: string; name: string; value: string | undefined; placeholder: string }> = (props) => (
  <Field label={props.label} name={props.name}>
    <input
      id={props.name}
      name={props.name}
      value={props.value ?? ""}
      placeholder={props.placeholder}
      maxlength={255}
      autocomplete="off"
      spellcheck={false}
    />
  </Field>
);
