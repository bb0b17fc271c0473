/** Versions by semver.org: strict, or first brought into form ("v1.0", "01.2"). */
import type { Library } from "../declarations.ts";
import { func, method } from "../declare.ts";
import { failure } from "../errors.ts";
import { parsing } from "../library-costs.ts";
import { celTypes as t } from "../types.ts";
import { Opaque } from "../values.ts";

class Semver extends Opaque {
  readonly type = t.semver;
  readonly text: string;
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly prerelease: readonly string[];

  constructor(text: string, numbers: readonly [bigint, bigint, bigint], prerelease: readonly string[]) {
    super();
    this.text = text;
    this.numbers = numbers;
    this.prerelease = prerelease;
  }

  equals(other: Opaque): boolean {
    return other instanceof Semver && compare(this, other) === 0;
  }

  override toJson(): string {
    return this.text;
  }
}

const NUMBER = "(0|[1-9][0-9]*)";
const PART = "(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)";
const FORM = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${PART}(?:\\.${PART})*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
);

function parse(text: string, normalize: boolean): Semver | undefined {
  const match = FORM.exec(normalize ? normalized(text) : text);
  if (!match) return undefined;
  const numbers = match.slice(1, 4).map(BigInt) as [bigint, bigint, bigint];
  if (numbers.some((number) => number !== BigInt.asUintN(64, number))) return undefined;
  return new Semver(match[0], numbers, match[4]?.split(".") ?? []);
}

/** Without a "v", with three numbers, which have no leading zeros. */
function normalized(text: string): string {
  const [, core = "", rest = ""] = /^v?([0-9.]*)(.*)$/s.exec(text) ?? [];
  const parts = core.split(".").map((part) => part.replace(/^0+(?=[0-9])/, ""));
  if (core === "" || parts.length > 3 || (parts.length < 3 && rest !== "" && !/^[-+]/.test(rest))) return text;
  while (parts.length < 3) parts.push("0");
  return parts.join(".") + rest;
}

function compare(a: Semver, b: Semver): number {
  for (const [i, number] of a.numbers.entries()) {
    const other = b.numbers[i] as bigint;
    if (number !== other) return number < other ? -1 : 1;
  }
  return comparePrerelease(a.prerelease, b.prerelease);
}

/** A version without one stands above those with one; numbers stand below words. */
function comparePrerelease(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return Math.sign(b.length - a.length);
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const sign = comparePart(a[i] as string, b[i] as string);
    if (sign !== 0) return sign;
  }
  return Math.sign(a.length - b.length);
}

function comparePart(a: string, b: string): number {
  const [x, y] = [/^[0-9]+$/.test(a), /^[0-9]+$/.test(b)];
  if (x && y) return BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0;
  if (x !== y) return x ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

function semver(text: string, normalize = false): Semver {
  const version = parse(text, normalize);
  if (!version) throw failure(`semver parse error during conversion from string: ${problem(text)}`);
  return version;
}

/** A strict version as a value; undefined where the text is none. */
export const semverValue = (text: string): Semver | undefined => parse(text, false);

export { compare as compareSemvers };

function problem(text: string): string {
  if (text === "") return "Version string empty";
  return text.split(".").length < 3
    ? "No Major.Minor.Patch elements found"
    : `Invalid character(s) found in ${JSON.stringify(text)}`;
}

const isSemver = (text: string, normalize = false): boolean => parse(text, normalize) !== undefined;
const pair = [t.semver, t.semver];
const number = (name: string, id: string, at: 0 | 1 | 2) =>
  method(name, id, [t.semver], t.int, ({ numbers }: Semver) => BigInt.asIntN(64, numbers[at]));

export const semvers: Library = {
  name: "semvers",
  overloads: [
    func("semver", "string_to_semver", [t.string], t.semver, semver, parsing),
    func("semver", "string_bool_to_semver", [t.string, t.bool], t.semver, semver, parsing),
    func("isSemver", "is_semver_string", [t.string], t.bool, isSemver, parsing),
    func("isSemver", "is_semver_string_bool", [t.string, t.bool], t.bool, isSemver, parsing),
    number("major", "semver_major", 0),
    number("minor", "semver_minor", 1),
    number("patch", "semver_patch", 2),
    method("isGreaterThan", "semver_is_greater_than", pair, t.bool, (a: Semver, b: Semver) => compare(a, b) > 0),
    method("isLessThan", "semver_is_less_than", pair, t.bool, (a: Semver, b: Semver) => compare(a, b) < 0),
    method("compareTo", "semver_compare_to", pair, t.int, (a: Semver, b: Semver) => BigInt(compare(a, b))),
  ],
};
