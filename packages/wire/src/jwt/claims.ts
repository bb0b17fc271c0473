/** The claims of tokens, and those of Kubernetes' service account tokens. Types only; their meaning is the API server's. */
export interface Claims {
  readonly iss?: string;
  readonly sub?: string;
  readonly aud?: string | readonly string[];
  /** Seconds since 1970, as the next ones. */
  readonly exp?: number;
  readonly nbf?: number;
  readonly iat?: number;
  readonly jti?: string;
  readonly [claim: string]: unknown;
}

/** A token bound to an object, as TokenRequest makes it. */
export interface ServiceAccountClaims extends Claims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: readonly string[];
  readonly exp: number;
  readonly "kubernetes.io": {
    readonly namespace: string;
    readonly serviceaccount: BoundObject;
    readonly pod?: BoundObject;
    readonly secret?: BoundObject;
    readonly node?: BoundObject;
    /** Seconds since 1970: use after this is counted, for tokens that live longer than asked. */
    readonly warnafter?: number;
  };
}

export interface BoundObject {
  readonly name: string;
  readonly uid: string;
}

/** A token of the old kind, kept in a Secret and without an end. */
export interface LegacyServiceAccountClaims extends Claims {
  readonly iss: "kubernetes/serviceaccount";
  readonly "kubernetes.io/serviceaccount/namespace": string;
  readonly "kubernetes.io/serviceaccount/secret.name": string;
  readonly "kubernetes.io/serviceaccount/service-account.name": string;
  readonly "kubernetes.io/serviceaccount/service-account.uid": string;
}
