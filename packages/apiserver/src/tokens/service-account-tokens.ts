/**
 * Tokens of service accounts: made for an account (and perhaps an object that they end with), and read back. A token is as good as what it names: it
 * is refused as soon as the account, or the object it is bound to, is gone or another one of the same name.
 */
import type { KeyObject } from "node:crypto";
import { nodes, pods, secrets, serviceaccounts } from "@kubets/api/generated/refs";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import type { Clock, Random } from "@kubets/machinery";
import {
  type BoundObject,
  checkTimes,
  JwtError,
  type LegacyServiceAccountClaims,
  type ServiceAccountClaims,
  type TokenSigner,
  type TokenVerifier,
  unverifiedClaims,
} from "@kubets/wire/jwt";
import type { ClusterView } from "../admission/plugin.ts";
import { CREDENTIAL_ID, type User } from "../authn/authenticator.ts";
import { LEGACY_ISSUER, legacyUser } from "./legacy-tokens.ts";

export interface TokenIssuer {
  /** The first signs; all are accepted. */
  readonly issuers: readonly string[];
  /** Whom tokens are for when nobody says. */
  readonly audiences: readonly string[];
  readonly signer: TokenSigner | undefined;
  readonly verifier: TokenVerifier;
  /** The keys of the verifier, to be published. */
  readonly publicKeys: readonly KeyObject[];
  readonly jwksUri: string;
  readonly longestSeconds: number;
}

interface TokenParts {
  readonly view: ClusterView;
  readonly clock: Clock;
  readonly random: Random;
  /** Told of the Secret whose token was shown. */
  readonly noteUse?: (namespace: string, name: string) => void;
}

/** What a token is bound to, besides its account. */
export interface Binding {
  readonly pod?: BoundObject;
  readonly node?: BoundObject;
  readonly secret?: BoundObject;
}

interface IssuedToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** What is being deleted keeps its tokens for so long behind the time that it was given. */
const STILL_GOOD_MS = 60_000;

export class ServiceAccountTokens {
  readonly issuer: TokenIssuer;
  readonly #view: ClusterView;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #noteUse: TokenParts["noteUse"];

  constructor(issuer: TokenIssuer, { view, clock, random, noteUse }: TokenParts) {
    this.issuer = issuer;
    this.#view = view;
    this.#clock = clock;
    this.#random = random;
    this.#noteUse = noteUse;
  }

  issue(account: KubeObject, audiences: readonly string[], seconds: number, binding: Binding): IssuedToken {
    const { signer, issuers } = this.issuer;
    if (!signer) throw new Error("this server has no key to sign tokens with (--service-account-signing-key-file)");
    const now = Math.floor(this.#clock.now() / 1000);
    const { namespace = "", name, uid } = account.metadata;
    const claims: ServiceAccountClaims = {
      aud: audiences,
      exp: now + seconds,
      iat: now,
      iss: issuers[0] as string,
      jti: this.#random.uuid(),
      "kubernetes.io": { namespace, ...binding, serviceaccount: { name, uid } },
      nbf: now,
      sub: `system:serviceaccount:${namespace}:${name}`,
    };
    return { token: signer.sign(claims), expires: claims.exp * 1000 };
  }

  /** Whose token it is; undefined when it is not one of ours at all. Throws a JwtError when it is, and is not good. */
  read(token: string, audiences: readonly string[] | undefined): User | undefined {
    if (!this.#looksLikeOurs(token)) return undefined;
    const verified = this.issuer.verifier.verify(token);
    if (verified.iss === LEGACY_ISSUER) return this.#legacy(verified as LegacyServiceAccountClaims, token, audiences);
    const claims = verified as ServiceAccountClaims;
    checkTimes(claims, this.#clock.now(), 0);
    const wanted = audiences ?? this.issuer.audiences;
    const held = [claims.aud].flat();
    const matching = wanted.filter((audience) => held.includes(audience));
    if (matching.length === 0) throw new JwtError("malformed", audienceError(held, wanted));
    const about = claims["kubernetes.io"];
    this.#mustStand(serviceaccounts, about.namespace, about.serviceaccount);
    if (about.pod) this.#mustStand(pods, about.namespace, about.pod);
    if (about.secret) this.#mustStand(secrets, about.namespace, about.secret);
    if (about.node && !about.pod) this.#mustStand(nodes, "", about.node);
    return { ...userOf(claims), audiences: matching };
  }

  /** Tokens without an audience are for this server. */
  #legacy(claims: LegacyServiceAccountClaims, token: string, audiences: readonly string[] | undefined): User {
    const { audiences: own } = this.issuer;
    const matching = audiences ? own.filter((it) => audiences.includes(it)) : own;
    if (matching.length === 0) throw new JwtError("malformed", audienceError([], audiences ?? []));
    const user = legacyUser(claims, token, this.#view);
    this.#noteUse?.(
      claims["kubernetes.io/serviceaccount/namespace"],
      claims["kubernetes.io/serviceaccount/secret.name"],
    );
    return { ...user, audiences: matching };
  }

  #looksLikeOurs(token: string): boolean {
    if (token.split(".").length !== 3) return false;
    try {
      const { iss } = unverifiedClaims(token);
      return iss !== undefined && (iss === LEGACY_ISSUER || this.issuer.issuers.includes(iss));
    } catch {
      return false;
    }
  }

  #mustStand(ref: ResourceRef, namespace: string, { name, uid }: BoundObject): void {
    const object = this.#view.get(ref, namespace, name);
    const going = object?.metadata.deletionTimestamp;
    const isGone = going && Date.parse(going) < this.#clock.now() - STILL_GOOD_MS;
    if (object?.metadata.uid !== uid || isGone)
      throw new JwtError("malformed", "service account token has been invalidated");
  }
}

function userOf(claims: ServiceAccountClaims): User {
  const { namespace, serviceaccount, pod, node } = claims["kubernetes.io"];
  const extra: Record<string, string[]> = {};
  if (claims.jti) extra[CREDENTIAL_ID] = [`JTI=${claims.jti}`];
  if (pod) {
    extra["authentication.kubernetes.io/pod-name"] = [pod.name];
    extra["authentication.kubernetes.io/pod-uid"] = [pod.uid];
  }
  if (node) {
    extra["authentication.kubernetes.io/node-name"] = [node.name];
    extra["authentication.kubernetes.io/node-uid"] = [node.uid];
  }
  return {
    name: `system:serviceaccount:${namespace}:${serviceaccount.name}`,
    uid: serviceaccount.uid,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`],
    extra,
  };
}

const audienceError = (held: readonly string[], wanted: readonly string[]): string =>
  `token audiences ${JSON.stringify(held)} is invalid for the target audiences ${JSON.stringify(wanted)}`;
