/** What is asked for against one item of a limit range: not below its minimum, not above its maximum, limits not too far above requests. */
import type { LimitRangeItem } from "@kubets/api/generated/types/core-v1";
import { parseQuantity, type Quantity } from "@kubets/machinery";

type ResourceList = Readonly<Record<string, string>>;
/** What is wrong with an amount for which the item says `text`. */
type Bound = (
  type: string,
  name: string,
  text: string,
  requests: ResourceList,
  limits: ResourceList,
) => string | undefined;
type Bounds = Pick<LimitRangeItem, "type" | "min" | "max" | "maxLimitRequestRatio">;

export function boundErrors(bounds: Bounds, requests: ResourceList, limits: ResourceList): string[] {
  return [
    ...each(bounds.min, (name, text) => belowMinimum(bounds.type, name, text, requests, limits)),
    ...each(bounds.max, (name, text) => aboveMaximum(bounds.type, name, text, requests, limits)),
    ...each(bounds.maxLimitRequestRatio, (name, text) => aboveRatio(bounds.type, name, text, requests, limits)),
  ];
}

/** Claims have requests alone. */
export function requestErrors(bounds: Bounds, requests: ResourceList): string[] {
  return [
    ...each(bounds.min, (name, text) => belowMinimum(bounds.type, name, text, requests, {})),
    ...each(bounds.max, (name, text) => {
      const rule = `maximum ${name} usage per ${bounds.type} is ${text}`;
      const request = amount(requests, name);
      if (!request) return `${rule}.  No request is specified`;
      return request.compare(parseQuantity(text)) > 0 ? `${rule}, but request is ${request}` : undefined;
    }),
  ];
}

function* each(
  list: ResourceList | undefined,
  check: (name: string, text: string) => string | undefined,
): Generator<string> {
  for (const name of Object.keys(list ?? {}).sort()) {
    const error = check(name, (list as ResourceList)[name] as string);
    if (error) yield error;
  }
}

const belowMinimum: Bound = (type, name, text, requests, limits) => {
  const rule = `minimum ${name} usage per ${type} is ${text}`;
  const minimum = parseQuantity(text);
  const [request, limit] = [amount(requests, name), amount(limits, name)];
  if (!request) return `${rule}.  No request is specified`;
  if (request.compare(minimum) < 0) return `${rule}, but request is ${request}`;
  return limit && limit.compare(minimum) < 0 ? `${rule}, but limit is ${limit}` : undefined;
};

const aboveMaximum: Bound = (type, name, text, requests, limits) => {
  const rule = `maximum ${name} usage per ${type} is ${text}`;
  const maximum = parseQuantity(text);
  const [request, limit] = [amount(requests, name), amount(limits, name)];
  if (!limit) return `${rule}.  No limit is specified`;
  if (limit.compare(maximum) > 0) return `${rule}, but limit is ${limit}`;
  return request && request.compare(maximum) > 0 ? `${rule}, but request is ${request}` : undefined;
};

const aboveRatio: Bound = (type, name, text, requests, limits) => {
  const rule = `${name} max limit to request ratio per ${type} is ${text}`;
  const [request, limit] = [amount(requests, name), amount(limits, name)];
  if (!request || request.sign() === 0) return `${rule}, but no request is specified or request is 0`;
  if (!limit || limit.sign() === 0) return `${rule}, but no limit is specified or limit is 0`;
  const ratio = thousandths(limit) / thousandths(request);
  return ratio > thousandths(parseQuantity(text)) / 1000
    ? `${rule}, but provided ratio is ${ratio.toFixed(6)}`
    : undefined;
};

const thousandths = (quantity: Quantity): number => Number(quantity.scaled(-3));

function amount(list: ResourceList, name: string): Quantity | undefined {
  const text = list[name];
  return text === undefined ? undefined : parseQuantity(text);
}
