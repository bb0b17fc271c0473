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
import type { AnonymousOptions } from "./chain.ts";
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

export interface AuthenticationConfiguration {
  readonly issuers: readonly IssuerOptions[];
  /** Absent: as --anonymous-auth says. */
  readonly anonymous: AnonymousOptions | undefined;
}

const KINDS = Object.fromEntries(
  ["v1", "v1beta1", "v1alpha1"].map((version) => [
    `apiserver.config.k8s.io/${version}/AuthenticationConfiguration`,
    configuration,
  ]),
) as Readonly<Record<string, typeof configuration>>;

export function loadAuthenticationConfiguration(path: string): AuthenticationConfiguration {
  const { config } = loadConfigFile(path, KINDS);
  const problems = [...config.jwt.flatMap(jwtProblems), ...doubles(config.jwt)];
  if (config.anonymous && !config.anonymous.enabled && config.anonymous.conditions.length)
    problems.push("anonymous.conditions: must not be set when anonymous requests are not taken");
  if (problems.length) throw new ConfigError(`${path}: ${problems.join("; ")}`);
  const paths = config.anonymous?.conditions.map((condition) => condition.path) ?? [];
  return {
    issuers: config.jwt.map(issuerOf),
    anonymous: config.anonymous && (paths.length ? { paths: new Set(paths) } : config.anonymous.enabled),
  };
}

function issuerOf({ issuer, claimMappings, claimValidationRules }: Jwt): IssuerOptions {
  const { username, groups, uid } = claimMappings;
  return {
    url: issuer.url,
    ...(issuer.discoveryURL && { discoveryUrl: issuer.discoveryURL }),
    ...(issuer.certificateAuthority && { ca: issuer.certificateAuthority }),
    audiences: issuer.audiences,
    algorithms: Object.keys(ALGORITHMS),
    username: mapped(username),
    ...(groups && { groups: mapped(groups) }),
    ...(uid?.claim && { uid: uid.claim }),
    required: claimValidationRules.map(({ claim, requiredValue }) => ({ claim, value: requiredValue })),
  };
}

const mapped = ({ claim, prefix = "" }: { claim: string; prefix: string | undefined }): MappedClaim => ({
  claim,
  prefix,
});

function jwtProblems({ issuer, claimMappings, claimValidationRules, userValidationRules }: Jwt, i: number): string[] {
  const at = `jwt[${i}]`;
  const found: string[] = [];
  if (!issuer.url.startsWith("https://")) found.push(`${at}.issuer.url: must be an https URL`);
  if (issuer.discoveryURL && !issuer.discoveryURL.startsWith("https://"))
    found.push(`${at}.issuer.discoveryURL: must be an https URL`);
  if (issuer.discoveryURL && issuer.discoveryURL === issuer.url)
    found.push(`${at}.issuer.discoveryURL: must be different from url`);
  if (issuer.audiences.length === 0) found.push(`${at}.issuer.audiences: at least one is needed`);
  if (issuer.audiences.length > 1 && issuer.audienceMatchPolicy !== "MatchAny")
    found.push(`${at}.issuer.audienceMatchPolicy: must be MatchAny for multiple audiences`);
  const { username, groups, uid, extra } = claimMappings;
  if (!username.claim && !username.expression)
    found.push(`${at}.claimMappings.username: claim or expression is required`);
  if (username.claim && username.prefix === undefined)
    found.push(`${at}.claimMappings.username.prefix: required when claim is set; it may be ""`);
  if (groups?.claim && groups.prefix === undefined)
    found.push(`${at}.claimMappings.groups.prefix: required when claim is set; it may be ""`);
  const expressions = [
    username.expression,
    groups?.expression,
    uid?.expression,
    ...extra.map((one) => one.valueExpression),
  ];
  expressions.push(
    ...claimValidationRules.map((rule) => rule.expression),
    ...userValidationRules.map((rule) => rule.expression),
  );
  if (expressions.some(Boolean))
    found.push(
      `${at}: expressions are not supported: map claims by \`claim\` and \`prefix\`, and check them by \`requiredValue\``,
    );
  return found;
}

function doubles(all: readonly Jwt[]): string[] {
  const seen = new Set<string>();
  return all.flatMap(({ issuer: { url } }, i) => {
    const isNew = !seen.has(url);
    seen.add(url);
    return isNew ? [] : [`jwt[${i}].issuer.url: ${JSON.stringify(url)} is used twice`];
  });
}
