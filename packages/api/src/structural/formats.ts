/** The formats of strings that schemas may name. Others are read over, with a warning to who defines the kind. */
import { dns1123Label, dns1123Subdomain } from "@kubets/machinery";
import { parseCidr } from "@kubets/machinery/cidr";
import { parseIp } from "@kubets/machinery/ip";

type Check = (text: string) => boolean;

const HEX = "[0-9a-fA-F]";

/** With all of its dashes, or with none. */
const uuid = (version = HEX, variant = HEX): RegExp =>
  new RegExp(
    `^${HEX}{8}(?<dash>-?)${HEX}{4}\\k<dash>${version}${HEX}{3}\\k<dash>${variant}${HEX}{3}\\k<dash>${HEX}{12}$`,
  );
const fits =
  (pattern: RegExp): Check =>
  (text) =>
    pattern.test(text);

/** A single label may have a dash behind its first letter only; names of several end in one of letters. */
const HOSTNAME =
  /^[a-zA-Z0-9\p{S}\p{L}](?:-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?$|^(?:[a-zA-Z0-9\p{S}\p{L}](?:[a-zA-Z0-9\p{S}\p{L}-]{0,61}[a-zA-Z0-9\p{S}\p{L}])?\.)+[a-zA-Z\p{L}]{2,63}$/u;
const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const EMAIL = new RegExp(
  `^(?:[^<>]*<)?(?:${ATOM}(?:\\.${ATOM})*|"[^"\\\\]*")@(?:${ATOM}(?:\\.${ATOM})*|\\[[^\\]]*\\])>?$`,
);
const URI = /^(?:[A-Za-z][A-Za-z0-9+.-]*:|\/)\S*$/;
const LONGEST_HOSTNAME = 255;
const BYTE = 255;
const PERCENT = 100;

const FORMATS: Readonly<Record<string, Check>> = {
  bsonobjectid: fits(/^[0-9a-fA-F]{24}$/),
  byte: fits(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/),
  cidr: (text) => parseCidr(text) !== undefined,
  creditcard: isCreditCard,
  date: isDate,
  datetime: isDateTime,
  duration: isDuration,
  email: fits(EMAIL),
  hexcolor: fits(/^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/),
  hostname: (text) => text.length <= LONGEST_HOSTNAME && HOSTNAME.test(text),
  ipv4: (text) => !text.includes(":") && parseIp(text) !== undefined,
  ipv6: (text) => text.includes(":") && parseIp(text) !== undefined,
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  k8slongname: (text) => dns1123Subdomain(text).length === 0,
  k8sshortname: (text) => dns1123Label(text).length === 0,
  mac: isMac,
  password: () => true,
  rgbcolor: isRgbColor,
  ssn: fits(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
  uri: fits(URI),
  uuid: fits(uuid()),
  uuid3: fits(uuid("3")),
  uuid4: fits(uuid("4", "[89abAB]")),
  uuid5: fits(uuid("5", "[89abAB]")),
};

/** Dashes do not count in a format's name. */
const checkOf = (format: string): Check | undefined => {
  const name = format.replaceAll("-", "");
  return Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
};

/** Formats of numbers, which are checked with their type. */
const NUMBERS = new Set(["int32", "int64", "float", "double"]);

/** Whether the original looks at a format at all. */
export const isCheckedFormat = (format: string): boolean => NUMBERS.has(format) || isKnownFormat(format);

export const isKnownFormat = (format: string): boolean => checkOf(format) !== undefined;

/** Whether a text is of a format; of one that nobody knows, every text is. */
export const isOfFormat = (format: string, text: string): boolean => checkOf(format)?.(text) ?? true;

function isDate(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  return year !== undefined && isDay(Number(year), Number(month), Number(day));
}

const isDay = (year: number, month: number, day: number): boolean =>
  month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();

function isDateTime(text: string): boolean {
  const [, date = "", hour = "", minute = "", second = ""] =
    /^(\d{4}-\d\d-\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  return isDate(date) && hour < "24" && minute < "60" && second < "60";
}

const GO_DURATION = /^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
const DURATION_UNIT = /^(?:ns|nano.*|us|µs|micro.*|ms|milli.*|s|sec.*|m|min.*|h|hr|hour.*|d|day.*|w|wk|week.*)$/;

/** As Go writes them, or with units in words anywhere in it: "5 days". */
function isDuration(text: string): boolean {
  if (GO_DURATION.test(text)) return true;
  const units = text.matchAll(/(?<!\d)\d+\s*([A-Za-zµ]+)/g);
  return [...units].some(([, unit = ""]) => DURATION_UNIT.test(unit.toLowerCase()));
}

function isMac(text: string): boolean {
  const pairs = /^(?:[0-9a-fA-F]{2}([:-]))(?:[0-9a-fA-F]{2}\1)*[0-9a-fA-F]{2}$/.test(text) ? (text.length + 1) / 3 : 0;
  const fours = /^(?:[0-9a-fA-F]{4}\.)+[0-9a-fA-F]{4}$/.test(text) ? ((text.length + 1) / 5) * 2 : 0;
  return [6, 8, 20].includes(pairs || fours);
}

function isRgbColor(text: string): boolean {
  const inner = /^rgb\((.*)\)$/
    .exec(text)?.[1]
    ?.split(",")
    .map((part) => part.trim());
  if (inner?.length !== 3) return false;
  const upTo = (end: string, most: number) =>
    inner.every(
      (part) => /^\d{1,3}%?$/.test(part) && part.endsWith("%") === (end !== "") && Number.parseInt(part, 10) <= most,
    );
  return upTo("", BYTE) || upTo("%", PERCENT);
}

const digitsOf = (text: string): string => text.replace(/[\s-]/g, "");

function isIsbn10(text: string): boolean {
  const digits = digitsOf(text);
  if (!/^\d{9}[\dX]$/.test(digits)) return false;
  const sum = digits.split("").reduce((all, digit, i) => all + (i + 1) * (digit === "X" ? 10 : Number(digit)), 0);
  return sum % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const digits = digitsOf(text);
  if (!/^\d{13}$/.test(digits)) return false;
  return digits.split("").reduce((all, digit, i) => all + Number(digit) * (i % 2 ? 3 : 1), 0) % 10 === 0;
}

const CARD =
  /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|(?:222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11}|6[27]\d{14})$/;

/** The digits of a card add up by Luhn's rule. */
function isCreditCard(text: string): boolean {
  const digits = digitsOf(text);
  if (!CARD.test(digits)) return false;
  const sum = digits
    .split("")
    .reverse()
    .reduce((all, digit, i) => {
      const value = Number(digit) * (i % 2 ? 2 : 1);
      return all + (value > 9 ? value - 9 : value);
    }, 0);
  return sum % 10 === 0;
}
