// GET /upload: the form; what becomes of it is in receipt.tsx.

import { type Page, pageAnswer } from "./layout.tsx";
import { UploadForm } from "../../pages/upload-form.tsx";

export const upload: Page<unknown> = async (c) =>
  pageAnswer(
    c,
    { title: "Upload" },
    <div class="sheet">
      <h1>Upload results</h1>
      <UploadForm fields={{ output: "", parameters: {} }} />
    </div>,
  );
