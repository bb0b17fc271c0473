/**
 * Shard selectors as requests say them: `shardRange(FIELD, 'START', 'END')`, or several of them joined by `||`. It is an expression of CEL, which is read and
 * never evaluated.
 */
import { type Expr, qualifiedName } from "@kubets/cel/ast";
import { Issues } from "@kubets/cel/issue";
import { Macros } from "@kubets/cel/macros";
import { parse } from "@kubets/cel/parser";
import { badRequest, type StatusError } from "@kubets/machinery";
import { quote } from "@kubets/machinery/quote";
import {
  isBelow,
  PAST_ALL,
  SHARD_FIELDS,
  type ShardField,
  type ShardRange,
  type ShardSelector,
} from "@kubets/machinery/shard-selector";

const NO_MACROS = new Macros([]);
const HEX_DIGITS = 16;

/** Throws a StatusError that says what is wrong. */
export function parseShardSelector(text: string): ShardSelector {
  const source = text.trim();
  if (source === "") throw refused("empty shard selector is not allowed; omit the parameter for unfiltered lists");
  const issues = new Issues(source);
  const tree = parse(source, NO_MACROS, issues);
  if (!tree) throw refused(`CEL parse error: ${issues.list()[0]?.message}`);
  const calls = callsOf(tree);
  const [{ field }] = calls;
  const other = calls.find((call) => call.field !== field);
  if (other) throw refused(`all shard ranges must use the same field, got ${quote(field)} and ${quote(other.field)}`);
  return { field, ranges: calls.map(({ range }) => range) };
}

interface RangeCall {
  readonly field: ShardField;
  readonly range: ShardRange;
}

function callsOf(tree: Expr): [RangeCall, ...RangeCall[]] {
  if (tree.kind !== "call")
    throw refused(`unexpected expression kind ${tree.kind}; expected shardRange() call or || operator`);
  const { name, target, args } = tree;
  if (name === "_||_") {
    const [left, right] = args as [Expr, Expr];
    return [...callsOf(left), ...callsOf(right)];
  }
  if (name !== "shardRange" || target)
    throw refused(`unsupported function ${quote(name)}; only shardRange() and || are allowed`);
  const [field, start, end] = args;
  if (!field || !start || !end || args.length > 3)
    throw refused(`shardRange() requires exactly 3 arguments, got ${args.length}`);
  return [{ field: fieldOf(field), range: rangeOf(start, end) }];
}

function fieldOf(expr: Expr): ShardField {
  const path = qualifiedName(expr);
  if (path === undefined)
    throw refused(
      `shardRange() first argument: expected field path (e.g. object.metadata.uid), got expression kind ${expr.kind}`,
    );
  const field = SHARD_FIELDS.find((each) => each === path);
  if (!field) throw refused(`unsupported field path ${quote(path)}; supported: ${SHARD_FIELDS.join(", ")}`);
  return field;
}

function rangeOf(first: Expr, second: Expr): ShardRange {
  const start = boundOf(first, "hexStart");
  const end = boundOf(second, "hexEnd");
  if (!isBelow(start, end)) throw refused(`shard range start ${start} must be less than end ${end}`);
  return { start, end };
}

function boundOf(expr: Expr, name: string): string {
  if (expr.kind !== "literal" || typeof expr.value !== "string")
    throw refused(`${name} must be a string literal (e.g. '0xff')`);
  const { value } = expr;
  if (!value.startsWith("0x")) throw refused(`${name} must have '0x' prefix, got ${quote(value)}`);
  const digits = value.slice(2);
  if (digits === "") throw refused(`${name}: hex value is required after '0x'`);
  if (digits.length > HEX_DIGITS + 1)
    throw refused(`${name}: hex value too long (${digits.length} chars, max ${HEX_DIGITS + 1}): ${quote(digits)}`);
  const odd = /[^0-9a-f]/u.exec(digits);
  if (odd) throw refused(`${name}: invalid hex character ${quote(odd[0])} in ${quote(value)}`);
  if (digits.length > HEX_DIGITS && value !== PAST_ALL)
    throw refused(`${name}: 17-digit hex value must be '${PAST_ALL}' (2^64), got ${quote(value)}`);
  if (digits.length < HEX_DIGITS)
    throw refused(
      `${name} must be a 0x-prefixed 16-digit hex value, got ${quote(value)} (did you mean "0x${digits.padStart(HEX_DIGITS, "0")}"?)`,
    );
  return value;
}

const refused = (why: string): StatusError => badRequest(`invalid shard selector: ${why}`);
