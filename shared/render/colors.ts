// The colors of charts and pages, by role, on light and on dark ground. Text keeps a contrast of 4.5 to 1 and marks of 3 to 1
// to their ground (WCAG 2.1 AA). Better is blue and worse orange, which nearly everybody can distinguish, and every mark
// that has a color has a shape or a word as well: in gray print nothing is lost.

import type { Role } from "../chart/scene.ts";

export type Colors = Readonly<Record<Role, string>>;

export const LIGHT: Colors = {
  paper: "#ffffff",
  ink: "#1b2026",
  muted: "#59636e",
  grid: "#dde2e8",
  zone: "#f6f8fa",
  margin: "#e6eaef",
  band: "#c3d0de",
  better: "#0b5cad",
  worse: "#ad4200",
  equal: "#46515c",
  unclear: "#59636e",
  "better-tint": "#cfe3f8",
  "worse-tint": "#fbdfc8",
  "equal-tint": "#e3e8ed",
  "unclear-tint": "#f6f8fa",
};

export const DARK: Colors = {
  paper: "#12171d",
  ink: "#e8edf2",
  muted: "#a3adb8",
  grid: "#333c46",
  zone: "#1a2027",
  margin: "#29313a",
  band: "#3b4a5b",
  better: "#7cbcff",
  worse: "#ffa76b",
  equal: "#c3ccd5",
  unclear: "#a3adb8",
  "better-tint": "#12375f",
  "worse-tint": "#57300f",
  "equal-tint": "#2d353e",
  "unclear-tint": "#1a2027",
};
