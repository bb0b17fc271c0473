/** Values as text: in error messages, in `string(x)`, and as literals of the language. */
import { formatGoDuration, formatTimestamp } from "./time-values.ts";
import { type CelValue, Duration, List, MapValue, Timestamp, TypeValue, typeNameOf, Uint } from "./values.ts";

/** As errors show a value. */
export function formatValue(value: CelValue): string {
  if (value === null) return "null";
  if (value instanceof Uint) return String(value.value);
  if (typeof value === "number") return formatDouble(value);
  if (typeof value !== "object") return String(value);
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatGoDuration(value);
  if (value instanceof TypeValue) return value.name;
  if (value instanceof List) return `[${value.toArray().map(formatValue).join(", ")}]`;
  if (value instanceof MapValue)
    return `{${value
      .keys()
      .map((key) => `${formatValue(key)}: ${formatValue(value.get(key) as CelValue)}`)
      .join(", ")}}`;
  return value instanceof Uint8Array ? Buffer.from(value).toString() : typeNameOf(value);
}

/** As Go prints a double with as many digits as it needs. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (Object.is(value, -0)) return "-0";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e21)) {
    const [digits, exponent = "0"] = value.toExponential().split("e");
    const sign = exponent.startsWith("-") ? "-" : "+";
    return `${digits}e${sign}${exponent.replace(/^[+-]/, "").padStart(2, "0")}`;
  }
  return String(value);
}
