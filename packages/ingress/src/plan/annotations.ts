/**
 * Reads the annotations of ingress-nginx that charts rely on.
 * Holds: what is not known or makes no sense is told, by its name and with what would do, and leaves the default in force.
 */
import { type Cidr, parseCidr } from "@kubets/machinery/cidr";
import { parseIp } from "@kubets/machinery/ip";
import { nearest } from "@kubets/machinery/nearest";
import { pathPattern } from "./pattern.ts";
import { parseSeconds, parseSize, parseTruth, words } from "./quantities.ts";
import { type Affinity, type Canary, type Cors, defaultSettings, type Settings } from "./settings.ts";

export const PREFIX = "nginx.ingress.kubernetes.io/";

export interface AnnotationProblem {
  readonly reason: "UnknownAnnotation" | "InvalidAnnotation";
  readonly message: string;
}

type Annotations = Readonly<Record<string, string>>;
type Draft = { -readonly [K in keyof Settings]: Settings[K] };

interface Reading {
  readonly settings: Draft;
  readonly namespace: string;
  /** Another annotation of the same ingress. */
  other(name: string): string | undefined;
}

/** Takes a value in, or says what would do instead. */
type Reader = (value: string, reading: Reading) => string | void;

export function readAnnotations(
  annotations: Annotations,
  namespace: string,
): { settings: Settings; problems: AnnotationProblem[] } {
  const settings: Draft = { ...defaultSettings };
  const problems: AnnotationProblem[] = [];
  const reading: Reading = { settings, namespace, other: (name) => annotations[PREFIX + name] };
  for (const [full, value] of Object.entries(annotations)) {
    if (!full.startsWith(PREFIX)) continue;
    const name = full.slice(PREFIX.length);
    const reader = READERS[name];
    if (!reader) problems.push({ reason: "UnknownAnnotation", message: unknown(name) });
    else {
      const expected = reader(value.trim(), reading);
      if (expected)
        problems.push({
          reason: "InvalidAnnotation",
          message: `${full}: ${JSON.stringify(value)} is not ${expected}; it is ignored`,
        });
    }
  }
  return { settings, problems };
}

function unknown(name: string): string {
  const near = nearest(name, Object.keys(READERS));
  return `the annotation ${PREFIX}${name} is not known here and has no effect${near ? `; did you mean ${PREFIX}${near}?` : ""}`;
}

const truth =
  (set: (settings: Draft, value: boolean) => void): Reader =>
  (value, { settings }) => {
    const read = parseTruth(value);
    if (read === undefined) return '"true" or "false"';
    set(settings, read);
  };

const seconds =
  (set: (settings: Draft, ms: number) => void): Reader =>
  (value, { settings }) => {
    const read = parseSeconds(value);
    if (read === undefined) return "a number of seconds";
    set(settings, read);
  };

const text =
  (pattern: RegExp, expected: string, set: (settings: Draft, value: string) => void): Reader =>
  (value, { settings }) => {
    if (!pattern.test(value)) return expected;
    set(settings, value);
  };

/** Nothing here depends on it: bodies flow through as they come. */
const noMatter: Reader = () => {};

const ranges =
  (set: (settings: Draft, ranges: Cidr[]) => void): Reader =>
  (value, { settings }) => {
    const all = words(value).map(
      (word) => parseCidr(word) ?? (parseIp(word) && parseCidr(`${word}/${word.includes(":") ? 128 : 32}`)),
    );
    if (all.length === 0 || all.some((range) => !range))
      return "a list of addresses and ranges, as 10.0.0.0/8,192.0.2.1";
    set(settings, all as Cidr[]);
  };

/** Characters that have no place in a header or an address. */
const VISIBLE = /^[\x21-\x7e]+$/;
const URL_LIKE = /^(https?:\/\/|\/|\$)[\x21-\x7e]*$/i;
const HEADER_TEXT = /^[\x20-\x7e]*$/;
const HOST = /^[a-zA-Z0-9.-]+(:\d+)?$/;

/** Of a setting made of several annotations: made by the one that turns it on, which reads the others. */
const partOf =
  (owner: string): Reader =>
  (_, { other }) =>
    other(owner) === undefined ? `of use without ${PREFIX}${owner}` : undefined;

const redirect =
  (codeName: string, fallback: number): Reader =>
  (value, { settings, other }) => {
    if (!URL_LIKE.test(value)) return "an address to lead to";
    const code = Number(other(codeName) ?? fallback);
    settings.redirect = { url: value, status: code >= 300 && code <= 308 ? code : fallback };
  };

const PROTOCOLS: Readonly<Record<string, Partial<Draft>>> = {
  HTTP: { protocol: "h1", isSecure: false },
  AUTO_HTTP: { protocol: "h1", isSecure: false },
  HTTPS: { protocol: "h1", isSecure: true },
  GRPC: { protocol: "h2", isSecure: false },
  GRPCS: { protocol: "h2", isSecure: true },
};

const READERS: Readonly<Record<string, Reader>> = {
  "rewrite-target": text(VISIBLE, "a path", (settings, value) => {
    settings.rewriteTarget = value;
  }),
  "use-regex": truth((settings, value) => {
    settings.useRegex = value;
  }),
  "app-root": text(/^\/[\x21-\x7e]*$/, "a path", (settings, value) => {
    settings.appRoot = value;
  }),
  "ssl-redirect": truth((settings, value) => {
    settings.sslRedirect = value;
  }),
  "force-ssl-redirect": truth((settings, value) => {
    settings.forceSslRedirect = value;
  }),
  "permanent-redirect": redirect("permanent-redirect-code", 301),
  "permanent-redirect-code": partOf("permanent-redirect"),
  "temporal-redirect": redirect("temporal-redirect-code", 302),
  "temporal-redirect-code": partOf("temporal-redirect"),
  "from-to-www-redirect": truth((settings, value) => {
    settings.wwwRedirect = value;
  }),
  "server-alias": (value, { settings }) => {
    const aliases = words(value.toLowerCase());
    if (aliases.length === 0 || !aliases.every((alias) => /^(\*\.)?[a-z0-9.-]+$/.test(alias)))
      return "a list of host names";
    settings.aliases = aliases;
  },
  "proxy-body-size": (value, { settings }) => {
    const size = parseSize(value);
    if (size === undefined) return "a size, as 8m";
    settings.bodyBytes = size;
  },
  "proxy-connect-timeout": seconds((settings, ms) => {
    settings.connectMs = ms;
  }),
  "proxy-read-timeout": seconds((settings, ms) => {
    settings.readMs = ms;
  }),
  // Bytes that move either way count for both: the longer of two waits is granted.
  "proxy-send-timeout": (value, { settings, other }) => {
    const ms = parseSeconds(value);
    if (ms === undefined) return "a number of seconds";
    if (other("proxy-read-timeout") === undefined) settings.readMs = Math.max(settings.readMs, ms);
  },
  "proxy-next-upstream": (value, { settings }) => {
    if (value === "off") settings.tries = 1;
  },
  "proxy-next-upstream-tries": (value, { settings, other }) => {
    if (!/^\d+$/.test(value)) return "a number";
    if (other("proxy-next-upstream") !== "off") settings.tries = Number(value) || Number.POSITIVE_INFINITY;
  },
  "proxy-next-upstream-timeout": noMatter,
  "backend-protocol": (value, { settings }) => {
    const protocol = PROTOCOLS[value.toUpperCase()];
    if (!protocol) return "HTTP, HTTPS, GRPC or GRPCS";
    Object.assign(settings, protocol);
  },
  "proxy-ssl-name": text(HOST, "a host name", (settings, value) => {
    settings.serverName = value;
  }),
  "proxy-ssl-server-name": noMatter,
  "upstream-vhost": text(HOST, "a host name", (settings, value) => {
    settings.vhost = value;
  }),
  "x-forwarded-prefix": text(/^[\x21-\x7e]*$/, "a path", (settings, value) => {
    settings.prefix = value;
  }),
  "service-upstream": truth((settings, value) => {
    settings.byService = value;
  }),
  "whitelist-source-range": ranges((settings, allow) => {
    settings.allow = allow;
  }),
  "allowlist-source-range": ranges((settings, allow) => {
    settings.allow = allow;
  }),
  "denylist-source-range": ranges((settings, deny) => {
    settings.deny = deny;
  }),
  "enable-cors": (value, reading) => {
    const on = parseTruth(value);
    if (on === undefined) return '"true" or "false"';
    if (on) reading.settings.cors = readCors(reading);
  },
  ...parts("enable-cors", [
    "cors-allow-origin",
    "cors-allow-methods",
    "cors-allow-headers",
    "cors-allow-credentials",
    "cors-expose-headers",
    "cors-max-age",
  ]),
  "auth-type": (value, { settings, other, namespace }) => {
    if (value !== "basic") return '"basic"';
    const secret = other("auth-secret");
    if (!secret) return `of use without ${PREFIX}auth-secret`;
    const [name, where = namespace] = secret.split("/").reverse() as [string, string?];
    // Else whoever may write an ingress could try passwords against the secrets of others.
    if (where !== namespace) return `of use with ${PREFIX}auth-secret of another namespace`;
    const realm = other("auth-realm") ?? "Authentication Required";
    settings.auth = {
      secret: `${namespace}/${name}`,
      isMap: other("auth-secret-type") === "auth-map",
      realm: HEADER_TEXT.test(realm) ? realm.replace(/["\\]/g, "") : "",
    };
  },
  ...parts("auth-type", ["auth-secret", "auth-secret-type", "auth-realm"]),
  affinity: (value, reading) => {
    if (value !== "cookie") return '"cookie"';
    reading.settings.affinity = readAffinity(reading);
  },
  ...parts("affinity", [
    "affinity-mode",
    "affinity-canary-behavior",
    "session-cookie-name",
    "session-cookie-path",
    "session-cookie-domain",
    "session-cookie-max-age",
    "session-cookie-expires",
    "session-cookie-samesite",
    "session-cookie-conditional-samesite-none",
    "session-cookie-secure",
    "session-cookie-change-on-failure",
  ]),
  canary: (value, reading) => {
    const on = parseTruth(value);
    if (on === undefined) return '"true" or "false"';
    if (on) reading.settings.canary = readCanary(reading);
  },
  ...parts("canary", [
    "canary-by-header",
    "canary-by-header-value",
    "canary-by-header-pattern",
    "canary-by-cookie",
    "canary-weight",
    "canary-weight-total",
  ]),
  "proxy-buffering": noMatter,
  "proxy-buffer-size": noMatter,
  "proxy-buffers-number": noMatter,
  "proxy-busy-buffers-size": noMatter,
  "proxy-max-temp-file-size": noMatter,
  "proxy-request-buffering": noMatter,
  "proxy-http-version": noMatter,
  "client-body-buffer-size": noMatter,
  "enable-access-log": noMatter,
  "enable-rewrite-log": noMatter,
  "enable-opentelemetry": noMatter,
  "load-balance": noMatter,
  "websocket-services": noMatter,
  "connection-proxy-header": noMatter,
};

function parts(owner: string, names: readonly string[]): Record<string, Reader> {
  return Object.fromEntries(names.map((name) => [name, partOf(owner)]));
}

function readCors({ other }: Reading): Cors {
  const plain = (name: string, fallback: string) => {
    const value = other(name);
    return value !== undefined && HEADER_TEXT.test(value) ? value : fallback;
  };
  return {
    origins: words(other("cors-allow-origin") ?? "*"),
    methods: plain("cors-allow-methods", "GET, PUT, POST, DELETE, PATCH, OPTIONS"),
    headers: plain(
      "cors-allow-headers",
      "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization",
    ),
    exposed: plain("cors-expose-headers", ""),
    credentials: parseTruth(other("cors-allow-credentials") ?? "true") ?? true,
    maxAge: Number(other("cors-max-age") ?? 1_728_000) || 0,
  };
}

const number = (value: string | undefined): number | undefined =>
  value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;

function readAffinity({ other }: Reading): Affinity {
  const cookie = other("session-cookie-name") ?? "INGRESSCOOKIE";
  return {
    cookie: /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(cookie) ? cookie : "INGRESSCOOKIE",
    path: other("session-cookie-path") ?? "",
    domain: other("session-cookie-domain") ?? "",
    maxAge: number(other("session-cookie-max-age")),
    expires: number(other("session-cookie-expires")),
    sameSite: other("session-cookie-samesite") ?? "",
    isSecure: parseTruth(other("session-cookie-secure") ?? ""),
    changeOnFailure: parseTruth(other("session-cookie-change-on-failure") ?? "") ?? false,
  };
}

function readCanary({ other }: Reading): Canary {
  return {
    header: (other("canary-by-header") ?? "").toLowerCase(),
    headerValue: other("canary-by-header-value") ?? "",
    headerPattern: pathPattern(other("canary-by-header-pattern") ?? ""),
    cookie: other("canary-by-cookie") ?? "",
    weight: number(other("canary-weight")) ?? 0,
    weightTotal: number(other("canary-weight-total")) || 100,
  };
}
