/** The file of --authentication-config (apiserver.config.k8s.io AuthenticationConfiguration), read and checked. */
import {
  bool,
  ConfigError,
  type Infer,
  list,
  loadConfigFile,
  object,
  optional,
  str,
} from "@kubets/machinery/config-file";
import { fieldErrorText, invalidValue } from "@kubets/machinery/field-error";
import { configurationKinds } from "../configuration-kinds.ts";
import type { AnonymousOptions } from "./chain.ts";
import { compileExpression, type Expression } from "./jwt/expressions.ts";
import type { IssuerOptions, MappedClaim } from "./jwt/issuer.ts";
import { ALGORITHMS } from "./jwt/signature.ts";

const prefixed = object({ claim: str(), prefix: optional(str()), expression: str() });

const jwt = object({
  issuer: object({
    url: str(),
    discoveryURL: str(),
    certificateAuthority: str(),
    audiences: list(str()),
    audienceMatchPolicy: str(),
    egressSelectorType: str(),
  }),
  claimValidationRules: list(object({ claim: str(), requiredValue: str(), expression: str(), message: str() })),
  claimMappings: object({
    username: prefixed,
    groups: optional(prefixed),
    uid: optional(object({ claim: str(), expression: str() })),
    extra: list(object({ key: str(), valueExpression: str() })),
  }),
  userValidationRules: list(object({ expression: str(), message: str() })),
});

const configuration = object({
  jwt: list(jwt),
  anonymous: optional(object({ enabled: bool(), conditions: list(object({ path: str() })) })),
});

type Jwt = Infer<typeof jwt>;
type Prefixed = Infer<typeof prefixed>;

export interface AuthenticationConfiguration {
  readonly issuers: readonly IssuerOptions[];
  /** Absent: as --anonymous-auth says. */
  readonly anonymous: AnonymousOptions | undefined;
  /** The file as it stands. */
  readonly text: string;
}

const KINDS = configurationKinds("AuthenticationConfiguration", configuration);

export function loadAuthenticationConfiguration(
  path: string,
  { featureEnabled }: { featureEnabled(name: string): boolean },
): AuthenticationConfiguration {
  const { config, text } = loadConfigFile(path, KINDS);
  const read = config.jwt.map(readIssuer);
  const selects = featureEnabled("StructuredAuthenticationConfigurationEgressSelector");
  const problems = [
    ...read.flatMap((one) => one.problems),
    ...config.jwt.flatMap(({ issuer }, i) => egressProblems(issuer, selects, `jwt[${i}].issuer.egressSelectorType`)),
    ...doubles(config.jwt),
  ];
  if (config.anonymous && !config.anonymous.enabled && config.anonymous.conditions.length)
    problems.push("anonymous.conditions: must not be set when anonymous requests are not taken");
  if (problems.length) throw new ConfigError(`${path}: ${problems.join("; ")}`);
  const paths = config.anonymous?.conditions.map((condition) => condition.path) ?? [];
  return {
    issuers: read.map(({ options }) => options),
    anonymous: config.anonymous && (paths.length ? { paths: new Set(paths) } : config.anonymous.enabled),
    text,
  };
}

/** What is made of one entry, and what is wrong with it. */
function readIssuer({ issuer, claimMappings, claimValidationRules, userValidationRules }: Jwt, i: number) {
  const at = `jwt[${i}]`;
  const problems = issuerProblems(issuer, `${at}.issuer`);
  const compile = (
    source: string,
    over: "claims" | "user",
    expect: "bool" | "text" | "texts",
    path: string,
  ): Expression => {
    const compiled = compileExpression(source, over, expect);
    if (typeof compiled === "function") return compiled;
    problems.push(`${path}: ${compiled.wrong}`);
    return () => null;
  };
  const mapped = (one: Prefixed, expect: "text" | "texts", path: string): MappedClaim | Expression => {
    if (one.expression && (one.claim || one.prefix !== undefined))
      problems.push(`${path}: expression must not be set with claim or prefix`);
    if (one.expression) return compile(one.expression, "claims", expect, `${path}.expression`);
    if (one.claim && one.prefix === undefined)
      problems.push(`${path}.prefix: required when claim is set; it may be ""`);
    return { claim: one.claim, prefix: one.prefix ?? "" };
  };
  const { username, groups, uid, extra } = claimMappings;
  if (!username.claim && !username.expression)
    problems.push(`${at}.claimMappings.username: claim or expression is required`);
  if (!checksEmail(claimMappings, claimValidationRules))
    problems.push(
      `${at}.claimMappings.username.expression: claims.email_verified must be used in it, in extra or in a validation rule when claims.email is`,
    );
  const checks = (rules: Jwt["userValidationRules"], over: "claims" | "user", path: string) =>
    rules.map(({ expression: source, message }, k) => ({
      source,
      message,
      expression: compile(source, over, "bool", `${path}[${k}].expression`),
    }));
  const options: IssuerOptions = {
    url: issuer.url,
    ...(issuer.discoveryURL && { discoveryUrl: issuer.discoveryURL }),
    ...(issuer.certificateAuthority && { ca: issuer.certificateAuthority }),
    ...(issuer.egressSelectorType && { egress: issuer.egressSelectorType as "cluster" | "controlplane" }),
    audiences: issuer.audiences,
    algorithms: Object.keys(ALGORITHMS),
    username: mapped(username, "text", `${at}.claimMappings.username`),
    ...(groups && { groups: mapped(groups, "texts", `${at}.claimMappings.groups`) }),
    ...(uid && {
      uid: uid.expression ? compile(uid.expression, "claims", "text", `${at}.claimMappings.uid.expression`) : uid.claim,
    }),
    extra: extra.map(({ key, valueExpression }, k) => {
      const path = `${at}.claimMappings.extra[${k}]`;
      if (!EXTRA_KEY.test(key))
        problems.push(`${path}.key: ${JSON.stringify(key)} is not a lower-case path under a domain`);
      return { key, value: compile(valueExpression, "claims", "texts", `${path}.valueExpression`) };
    }),
    required: claimValidationRules
      .filter(({ claim }) => claim)
      .map(({ claim, requiredValue }) => ({ claim, value: requiredValue })),
    claimChecks: checks(
      claimValidationRules.filter(({ expression }) => expression),
      "claims",
      `${at}.claimValidationRules`,
    ),
    userChecks: checks(userValidationRules, "user", `${at}.userValidationRules`),
  };
  return { options, problems };
}

const EXTRA_KEY = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?\/[a-z0-9._~!$&'()*+,;=:@%-]+$/;

/** An address that nobody has checked belongs to anybody. */
function checksEmail({ username, extra }: Jwt["claimMappings"], rules: Jwt["claimValidationRules"]): boolean {
  if (!/\bclaims\.email\b/.test(username.expression)) return true;
  const sources = [
    username.expression,
    ...extra.map((one) => one.valueExpression),
    ...rules.map((rule) => rule.expression),
  ];
  return sources.some((source) => source.includes("claims.email_verified"));
}

function issuerProblems({ url, discoveryURL, audiences, audienceMatchPolicy }: Jwt["issuer"], at: string): string[] {
  const found: string[] = [];
  if (!url.startsWith("https://")) found.push(`${at}.url: must be an https URL`);
  if (discoveryURL && !discoveryURL.startsWith("https://")) found.push(`${at}.discoveryURL: must be an https URL`);
  if (discoveryURL && discoveryURL === url) found.push(`${at}.discoveryURL: must be different from url`);
  if (audiences.length === 0) found.push(`${at}.audiences: at least one is needed`);
  if (audiences.length > 1 && audienceMatchPolicy !== "MatchAny")
    found.push(`${at}.audienceMatchPolicy: must be MatchAny for multiple audiences`);
  return found;
}

function egressProblems({ egressSelectorType: type }: Jwt["issuer"], isOn: boolean, path: string): string[] {
  if (!type) return [];
  const off =
    "egress selector is not supported when StructuredAuthenticationConfigurationEgressSelector feature gate is disabled";
  const unknown = "egress selector must be either controlplane or cluster";
  const wrong = [...(isOn ? [] : [off]), ...(["controlplane", "cluster"].includes(type) ? [] : [unknown])];
  return wrong.map((why) => fieldErrorText(invalidValue(path, type, why)));
}

function doubles(all: readonly Jwt[]): string[] {
  const seen = new Set<string>();
  return all.flatMap(({ issuer: { url } }, i) => {
    const isNew = !seen.has(url);
    seen.add(url);
    return isNew ? [] : [`jwt[${i}].issuer.url: ${JSON.stringify(url)} is used twice`];
  });
}
