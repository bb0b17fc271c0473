/** Kubernetes' named formats: `format.dns1123Label().validate(x)` is none where x fits, and else what is wrong. */
import { dns1035Label, dns1123Label, dns1123Subdomain, labelValue, qualifiedName } from "@kubets/machinery";
import { ONE, plus, scaled, times } from "../cost-range.ts";
import type { Library } from "../declarations.ts";
import { func, method } from "../declare.ts";
import { sizeAt } from "../library-costs.ts";
import { sizeOf, traversal } from "../sizes.ts";
import { parseTimestamp } from "../time-values.ts";
import { celTypes as t } from "../types.ts";
import { parseUrl } from "../url.ts";
import { type CelValue, List, Opaque, Optional } from "../values.ts";

class Format extends Opaque {
  readonly type = t.format;
  readonly name: string;
  readonly errors: (text: string) => readonly string[];
  /** How large the pattern is taken to be, for its cost. */
  readonly patternSize: number;

  constructor(name: string, errors: (text: string) => readonly string[], patternSize: number) {
    super();
    this.name = name;
    this.errors = errors;
    this.patternSize = patternSize;
  }
  equals(other: Opaque): boolean {
    return other instanceof Format && other.name === this.name;
  }
}

const must =
  (error: string, holds: (text: string) => boolean) =>
  (text: string): readonly string[] =>
    holds(text) ? [] : [error];

/** A prefix may end in a dash, as the name of which it is a part does not end there. */
const prefixOf =
  (check: (text: string) => readonly string[]) =>
  (text: string): readonly string[] =>
    check(text.endsWith("-") ? `${text.slice(0, -1)}a` : text);

const UUID = /^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const isDate = (text: string): boolean => parseTimestamp(`${text}T00:00:00Z`) !== undefined;

const formats = [
  new Format("dns1123Label", dns1123Label, 30),
  new Format("dns1123Subdomain", dns1123Subdomain, 60),
  new Format("dns1035Label", dns1035Label, 30),
  new Format("qualifiedName", qualifiedName, 60),
  new Format("dns1123LabelPrefix", prefixOf(dns1123Label), 30),
  new Format("dns1123SubdomainPrefix", prefixOf(dns1123Subdomain), 60),
  new Format("dns1035LabelPrefix", prefixOf(dns1035Label), 30),
  new Format("labelValue", labelValue, 40),
  new Format(
    "uri",
    must("invalid URI", (text) => typeof parseUrl(text) !== "string"),
    1000,
  ),
  new Format(
    "uuid",
    must("does not match the UUID format", (text) => UUID.test(text)),
    1000,
  ),
  new Format(
    "byte",
    must("invalid base64", (text) => BASE64.test(text)),
    1000,
  ),
  new Format("date", must("invalid date", isDate), 1000),
  new Format(
    "datetime",
    must("invalid datetime", (text) => parseTimestamp(text) !== undefined),
    1000,
  ),
];
const byName = new Map(formats.map((format) => [format.name, format]));
const LARGEST = Math.max(...formats.map(({ patternSize }) => patternSize));

function validate(format: Format, text: string): Optional {
  const errors = format.errors(text);
  return errors.length === 0 ? Optional.none : new Optional(new List(errors));
}

export const namedFormats: Library = {
  name: "format",
  overloads: [
    func("format.named", "format-named", [t.string], t.optional(t.format), (name: string) => {
      const format = byName.get(name);
      return format ? new Optional(format) : Optional.none;
    }),
    ...formats.map((format) => func(`format.${format.name}`, `format-${format.name}`, [], t.format, () => format)),
    method("validate", "format-validate", [t.format, t.string], t.optional(t.list(t.string)), validate, {
      cost: ([format, text]) =>
        traversal(1 + sizeOf(text as CelValue)) * Math.ceil((format as Format).patternSize * 0.25),
      estimate: (sizes) => ({
        cost: times(scaled(plus(sizeAt(sizes, 1), ONE), 0.1), { min: 1, max: Math.ceil(LARGEST * 0.25) }),
      }),
    }),
  ],
};
