/**
 * /statusz and /flagz (gates ComponentStatusz, ComponentFlagz): what a program is and how it was started, for people, and in a form for programs to who asks
 * for that. Pure.
 */
import { notAcceptable } from "@kubets/machinery";
import { RELEASE } from "@kubets/machinery/release";
import { toYaml } from "@kubets/machinery/yaml";
import { parseAccept } from "@kubets/wire/media";

export interface Program {
  /** As the original calls it: kube-scheduler. */
  readonly name: string;
  readonly startedAt: number;
  /** What it was started with. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** What else it serves. */
  readonly paths: readonly string[];
}

export interface ZPage {
  readonly contentType: string;
  readonly body: string;
}

const GROUP = "config.k8s.io";
const VERSIONS = ["v1beta1", "v1alpha1"];
const FORMATS = ["json", "yaml"];
const WARNING =
  "Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.";

/** Throws a StatusError where no form that it has is accepted. */
export function statusz({ name, startedAt, paths }: Program, now: number, accept: string | undefined): ZPage {
  const started = new Date(startedAt);
  const up = Math.max(0, Math.floor((now - startedAt) / 1000));
  const page = {
    startTime: `${started.toISOString().slice(0, 19)}Z`,
    uptimeSeconds: up,
    goVersion: process.version,
    binaryVersion: RELEASE,
    emulationVersion: RELEASE,
    paths,
  };
  const two = (n: number) => String(n).padStart(2, "0");
  return zPage(name, "Statusz", page, accept, [
    `Started: ${started.toUTCString().replace("GMT", "UTC")}`,
    `Up: ${Math.floor(up / 3600)} hr ${two(Math.floor(up / 60) % 60)} min ${two(up % 60)} sec`,
    `Go version: ${process.version}`,
    `Binary version: ${RELEASE}`,
    `Emulation version: ${RELEASE}`,
    `Paths: ${paths.join(" ")}`,
  ]);
}

/** Throws a StatusError where no form that it has is accepted. */
export function flagz({ name, flags: given }: Program, accept: string | undefined): ZPage {
  const flags = Object.fromEntries(
    Object.entries(given)
      .map(([flag, value]): [string, string] => [flag, Array.isArray(value) ? value.join(",") : String(value)])
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
  const lines = Object.entries(flags).map(([flag, value]) => `${flag}=${value}`);
  return zPage(name, "Flagz", { flags }, accept, lines);
}

function zPage(
  name: string,
  kind: "Statusz" | "Flagz",
  page: object,
  accept: string | undefined,
  lines: readonly string[],
): ZPage {
  const form = wantedForm(accept, kind);
  if (!form)
    return {
      contentType: "text/plain; charset=utf-8",
      body: `\n${name} ${kind.toLowerCase()}\n${WARNING}\n\n${lines.join("\n")}\n`,
    };
  const { format, version } = form;
  const object = { kind, apiVersion: `${GROUP}/${version}`, metadata: { name }, ...page };
  return {
    contentType: `application/${format};g=${GROUP};v=${version};as=${kind}`,
    body: format === "yaml" ? toYaml(object) : `${JSON.stringify(object)}\n`,
  };
}

interface Form {
  readonly format: string;
  readonly version: string;
}

/** The form for programs, or undefined for people's. */
function wantedForm(accept: string | undefined, kind: string): Form | undefined {
  if (!accept) return undefined;
  for (const { type, subtype, parameters } of parseAccept(accept)) {
    if (type === "*" || (type === "text" && (subtype === "*" || subtype === "plain"))) return undefined;
    const { g: group, v: version = "", as } = parameters;
    const isKnown = type === "application" && FORMATS.includes(subtype);
    if (isKnown && group === GROUP && as === kind && VERSIONS.includes(version)) return { format: subtype, version };
  }
  const offered = FORMATS.flatMap((format) =>
    VERSIONS.map((v) => `application/${format};g=${GROUP};v=${v};as=${kind}`),
  );
  throw notAcceptable(`only the following media types are accepted: text/plain, ${offered.join(", ")}`);
}
