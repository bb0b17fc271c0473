/** What the annotations of an ingress say about how its requests are treated. */
import type { Cidr } from "@kubets/machinery/cidr";
import type { Pattern } from "./pattern.ts";

export interface Settings {
  /** What the matched path becomes; "$1" stands for what the first group of the path matched. */
  readonly rewriteTarget: string;
  readonly useRegex: boolean;
  /** Where "/" leads. */
  readonly appRoot: string;
  /** To TLS, where the host has it. */
  readonly sslRedirect: boolean;
  /** To TLS, even when somebody before the ingress ends it. */
  readonly forceSslRedirect: boolean;
  readonly redirect: { readonly url: string; readonly status: number } | undefined;
  readonly wwwRedirect: boolean;
  readonly aliases: readonly string[];
  /** 0 is no limit. */
  readonly bodyBytes: number;
  readonly connectMs: number;
  readonly readMs: number;
  readonly tries: number;
  readonly protocol: "h1" | "h2";
  readonly isSecure: boolean;
  /** The name in handshakes with servers behind. */
  readonly serverName: string;
  readonly vhost: string;
  readonly prefix: string;
  /** Through the address of the service, not to its endpoints. */
  readonly byService: boolean;
  readonly allow: readonly Cidr[];
  readonly deny: readonly Cidr[];
  readonly cors: Cors | undefined;
  readonly auth: BasicAuth | undefined;
  readonly affinity: Affinity | undefined;
  readonly canary: Canary | undefined;
}

export interface Cors {
  readonly origins: readonly string[];
  readonly methods: string;
  readonly headers: string;
  readonly exposed: string;
  readonly credentials: boolean;
  readonly maxAge: number;
}

export interface BasicAuth {
  /** "namespace/name" */
  readonly secret: string;
  /** A file of htpasswd under the key "auth", or a key for each user. */
  readonly isMap: boolean;
  readonly realm: string;
}

export interface Affinity {
  readonly cookie: string;
  readonly path: string;
  readonly domain: string;
  readonly maxAge: number | undefined;
  readonly expires: number | undefined;
  readonly sameSite: string;
  readonly isSecure: boolean | undefined;
  /** A server that fails loses its clients. */
  readonly changeOnFailure: boolean;
}

export interface Canary {
  readonly header: string;
  readonly headerValue: string;
  readonly headerPattern: Pattern | undefined;
  readonly cookie: string;
  readonly weight: number;
  readonly weightTotal: number;
}

export const defaultSettings: Settings = {
  rewriteTarget: "",
  useRegex: false,
  appRoot: "",
  sslRedirect: true,
  forceSslRedirect: false,
  redirect: undefined,
  wwwRedirect: false,
  aliases: [],
  bodyBytes: 1 << 20,
  connectMs: 5000,
  readMs: 60_000,
  tries: 3,
  protocol: "h1",
  isSecure: false,
  serverName: "",
  vhost: "",
  prefix: "",
  byService: false,
  allow: [],
  deny: [],
  cors: undefined,
  auth: undefined,
  affinity: undefined,
  canary: undefined,
};
