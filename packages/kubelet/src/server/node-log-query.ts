/**
 * What `/logs/?query=` asks for: lines of services out of the machine's journal, or a file below its folder of logs. Pure; rules and texts are the
 * original's.
 */
import { type FieldError, fieldErrorText, invalidValue, required, tooMany } from "@kubets/machinery/field-error";

export interface NodeLogQuery {
  readonly services: readonly string[];
  readonly files: readonly string[];
  readonly sinceTime?: Date;
  readonly untilTime?: Date;
  readonly tailLines?: number;
  readonly boot?: number;
  readonly pattern?: string;
}

const LONGEST_TAIL = 100_000;
const LONGEST_NAME = 256;
const MOST_SERVICES = 4;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Undefined when nothing is asked for; throws what cannot be read. */
export function readQuery(query: URLSearchParams): NodeLogQuery | undefined {
  const asked = query.getAll("query");
  const problems: FieldError[] = [];
  const files = asked.filter((each) => /[/\\]/.test(each));
  const services = asked.filter((each) => !/[/\\]/.test(each) && each.trim() !== "");
  if (asked.length > 0 && files.length + services.length === 0)
    problems.push(invalidValue("query", asked, "query cannot be empty"));

  const time = (name: string): Date | undefined => {
    const text = query.get(name);
    if (!text) return undefined;
    if (!RFC3339.test(text)) problems.push(invalidValue(name, text, "invalid time format"));
    return new Date(text);
  };
  const whole = (name: string): number | undefined => {
    const text = query.get(name);
    if (!text) return undefined;
    if (!/^[+-]?\d+$/.test(text))
      problems.push(invalidValue(name, text, `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`));
    return Number(text);
  };
  const pattern = query.get("pattern");
  const options = {
    sinceTime: time("sinceTime"),
    untilTime: time("untilTime"),
    boot: whole("boot"),
    tailLines: whole("tailLines"),
    ...(pattern && { pattern }),
  };
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  if (problems.length > 0) throw new Error(aggregated(problems));
  return asked.length > 0 || Object.keys(given).length > 0 ? { services, files, ...given } : undefined;
}

/** Why it is not answered, or undefined. */
export function checkQuery({ services, files, ...options }: NodeLogQuery): string | undefined {
  const problems: FieldError[] = [];
  const wrong = (field: string, value: unknown, why: string) => problems.push(invalidValue(field, value, why));
  for (const service of services) {
    if (service.length > LONGEST_NAME) wrong("query", service, "length must be less than 100");
    else if (/[^a-zA-Z\-_0-9@]/.test(service)) wrong("query", service, "input contains unsupported characters");
  }
  if (services.length > MOST_SERVICES) problems.push(tooMany("query", services.length, MOST_SERVICES));
  const list = (all: readonly string[]) => `[${all.join(" ")}]`;
  if (files.length + services.length === 0) problems.push(required("query", "cannot be empty with options"));
  else if (files.length > 0 && services.length > 0)
    wrong("query", `${list(files)}, ${list(services)}`, "cannot specify a file and service");
  else if (files.length > 1) wrong("query", files, "cannot specify more than one file");
  else if (files.length === 1 && Object.keys(options).length > 0)
    wrong("query", files, "cannot specify file with options");
  const { sinceTime, untilTime, boot = 0, tailLines = 0, pattern = "" } = options;
  if (sinceTime && untilTime && sinceTime > untilTime)
    wrong("untilTime", untilTime.toISOString(), "must be after `sinceTime`");
  if (boot > 0) wrong("boot", boot, "must be less than 1");
  if (tailLines < 0 || tailLines > LONGEST_TAIL)
    wrong("tailLines", tailLines, `must be between 0 and ${LONGEST_TAIL}, inclusive`);
  try {
    new RegExp(pattern);
  } catch (error) {
    wrong("pattern", pattern, (error as Error).message);
  }
  return problems.length > 0 ? aggregated(problems) : undefined;
}

/** How the journal is asked for the lines of these services. */
export function journalCommand(
  { sinceTime, untilTime, tailLines, pattern, boot }: NodeLogQuery,
  services: readonly string[],
): string[] {
  return [
    "journalctl",
    "--utc",
    "--no-pager",
    "--output=short-precise",
    ...(sinceTime ? [`--since=${journalTime(sinceTime)}`] : []),
    ...(untilTime ? [`--until=${journalTime(untilTime)}`] : []),
    ...(tailLines === undefined ? [] : ["--pager-end", `--lines=${tailLines}`]),
    ...services.map((service) => `--unit=${service}`),
    ...(pattern ? [`--grep=${pattern}`] : []),
    ...(boot === undefined ? [] : ["--boot", String(boot)]),
  ];
}

/** In UTC, as `--utc` says. */
const journalTime = (time: Date): string => `${time.toISOString().slice(0, 19).replace("T", " ")} UTC`;

function aggregated(problems: readonly FieldError[]): string {
  const texts = problems.map(fieldErrorText);
  return texts.length === 1 ? (texts[0] as string) : `[${texts.join(", ")}]`;
}
