/**
 * A number with at least `digits` significant digits for reading: 2.7219 is `2.72`, 0.015204 `0.0152`, 937880 `937 880`
 * with groups of three. Never an exponent between 1e-9 and 1e15.
 */
export function significant(value: number, digits: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  const decimals = Math.min(12, Math.max(0, digits - 1 - magnitude));
  const [whole = "", fraction] = value.toFixed(decimals).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, " ");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}
