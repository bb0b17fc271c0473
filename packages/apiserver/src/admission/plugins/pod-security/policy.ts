/** What a namespace demands, read off its labels: a level and a version, each for enforcing, auditing and warning. */
import { type FieldError, invalidValue } from "@kubets/machinery";

export type Level = "privileged" | "baseline" | "restricted";

export interface LevelVersion {
  readonly level: Level;
  /** The minor version of the standards; infinite for "latest". */
  readonly minor: number;
  /** "latest" or "v1.24", as messages say it. */
  readonly version: string;
}

export interface Policy {
  readonly enforce: LevelVersion;
  readonly audit: LevelVersion;
  readonly warn: LevelVersion;
}

const LEVELS: readonly string[] = ["privileged", "baseline", "restricted"];
const PREFIX = "pod-security.kubernetes.io/";
const LATEST = { minor: Number.POSITIVE_INFINITY, version: "latest" };

type Labels = Readonly<Record<string, string>>;

export function policyOf(labels: Labels | undefined): { policy: Policy; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const read = (mode: keyof Policy, fallback: Level): LevelVersion => {
    const level = labels?.[PREFIX + mode];
    const known = level === undefined || LEVELS.includes(level);
    if (!known)
      errors.push(invalidValue(`metadata.labels[${PREFIX}${mode}]`, level, `must be one of ${LEVELS.join(", ")}`));
    const text = labels?.[`${PREFIX}${mode}-version`];
    const version = text === undefined ? LATEST : versionOf(text);
    if (!version)
      errors.push(invalidValue(`metadata.labels[${PREFIX}${mode}-version]`, text, 'must be "latest" or "v1.x"'));
    return { level: known ? ((level ?? "privileged") as Level) : fallback, ...(version ?? LATEST) };
  };
  // Labels that nobody understands (they were there before they were checked) must not open the door.
  const policy = {
    enforce: read("enforce", "restricted"),
    audit: read("audit", "privileged"),
    warn: read("warn", "privileged"),
  };
  return { policy, errors };
}

function versionOf(text: string): { minor: number; version: string } | undefined {
  if (text === "latest") return LATEST;
  const minor = /^v1\.(0|[1-9]\d*)$/.exec(text)?.[1];
  return minor === undefined ? undefined : { minor: Number(minor), version: text };
}

export const shownPolicy = ({ level, version }: LevelVersion): string => JSON.stringify(`${level}:${version}`);

export const samePolicy = (a: LevelVersion, b: LevelVersion): boolean => a.level === b.level && a.version === b.version;

/** Whether the first lets through at least what the second does. */
export const isLooser = (a: LevelVersion, b: LevelVersion): boolean =>
  a.level === "privileged" || (a.version === b.version && LEVELS.indexOf(a.level) <= LEVELS.indexOf(b.level));
