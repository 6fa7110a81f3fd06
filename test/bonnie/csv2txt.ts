// The tool's converter bon_csv2txt, for tests: what it prints of CSV lines of one version. A port of the Perl scripts of 1.92b to
// 2.00a; the files csv2txt-*.txt in test/fixtures/bonnie are what the scripts themselves printed.

/** The conversion of lines of format 1.98 to 2.00a, or with 48 fields to `version`. */
export function csv2txt(lines: readonly string[], version: string): string {
  const is200 = version.startsWith("2");
  const shift = is200 ? 2 : 0;
  const io: string[] = [];
  const files: string[] = [];
  for (const line of lines) {
    const fields = line.split(",");
    const part = (from: number, count: number) => fields.slice(from + shift, from + shift + count);
    const name = fields[2] ?? "";
    const rates = part(7, 12).map((rate, index) =>
      is200 && index % 2 === 0 && index < 10 ? convertSpeed(rate) : rate,
    );
    const size = fields
      .slice(5, 7 + shift)
      .join(":")
      .replace(/:+$/, "");
    if (size + part(7, 12).join("") !== "") io.push(...printRow(name, size, rates, part(36, 6), is200));
    const [thousands = "", max = "", min = "", chunk = "", dirs = ""] = part(19, 5);
    const add = (mark: string, text: string) => (text === "" ? "" : mark + text);
    const spec = thousands + add(":", max) + add(":", min) + add("/", chunk) + add(":", dirs);
    if (spec + part(24, 12).join("") !== "") files.push(...printRow(name, spec, part(24, 12), part(42, 6), is200));
  }
  const ioHead = [
    `Version ${version.padStart(9)}   ------Sequential Output------ --Sequential Input- --Random-`,
    "                    -Per Chr- --Block-- -Rewrite- -Per Chr- --Block-- --Seeks--",
    is200
      ? "Name:Size etc        /sec %CP  /sec %CP  /sec %CP  /sec %CP  /sec %CP  /sec %CP"
      : "Machine        Size K/sec %CP K/sec %CP K/sec %CP K/sec %CP K/sec %CP  /sec %CP",
  ];
  const filesHead = [
    "                    ------Sequential Create------ --------Random Create--------",
    "                    -Create-- --Read--- -Delete-- -Create-- --Read--- -Delete--",
    `${is200 ? "      files:max:min " : "files:max:min       "} /sec %CP  /sec %CP  /sec %CP  /sec %CP  /sec %CP  /sec %CP`,
  ];
  return [...(io.length > 0 ? ioHead : []), ...io, ...(files.length > 0 ? filesHead : []), ...files, ""].join("\n");
}

function printRow(
  name: string,
  size: string,
  values: readonly string[],
  latencies: readonly string[],
  is200: boolean,
): string[] {
  // Perl's substr with a negative length leaves that many characters off the end.
  const cut = `${name}${" ".repeat(19)}`.slice(0, 18 - size.length);
  const front = is200 && size.length >= 18 ? size : `${cut} ${size}`;
  const row = values.map((value, index) => value.padStart(index % 2 === 0 ? 5 : 3)).join(" ");
  const lines = [`${front.padStart(19)} ${row}`];
  if (latencies.join("") !== "")
    lines.push(`Latency           ${latencies.map((latency) => latency.padStart(9)).join(" ")}`);
  return lines;
}

function convertSpeed(text: string): string {
  if (text === "") return "";
  const speed = text.startsWith("+") ? 0 : Number(text);
  if (speed < 10000) return `${String(speed).padStart(4)}k`;
  const mib = speed / 1024;
  if (mib < 100) return `${mib.toFixed(1).padStart(4)}m`;
  return mib < 1000 ? `${String(Math.trunc(mib + 0.5)).padStart(4)}m` : `${(mib / 1024).toFixed(1).padStart(4)}g`;
}
