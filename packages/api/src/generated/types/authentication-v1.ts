// Written by tools/generate.ts from the facts of the published API. Change that, not this.
import type { ClusterMeta } from "../../meta.ts";
import type { ObjectMeta } from "./meta-v1.ts";

export interface BoundObjectReference {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly name?: string;
  readonly uid?: string;
}

export interface SelfSubjectReview {
  readonly kind: "SelfSubjectReview";
  readonly apiVersion: "authentication.k8s.io/v1";
  readonly metadata: ClusterMeta;
  readonly status: SelfSubjectReviewStatus;
}

export interface SelfSubjectReviewStatus {
  readonly userInfo: UserInfo;
}

export interface TokenRequest {
  readonly kind: "TokenRequest";
  readonly apiVersion: "authentication.k8s.io/v1";
  readonly metadata: ObjectMeta;
  readonly spec: TokenRequestSpec;
  readonly status: TokenRequestStatus;
}

export interface TokenRequestSpec {
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly boundObjectRef: BoundObjectReference;
}

export interface TokenRequestStatus {
  readonly token: string;
  readonly expirationTimestamp?: string | null;
}

export interface TokenReview {
  readonly kind: "TokenReview";
  readonly apiVersion: "authentication.k8s.io/v1";
  readonly metadata: ClusterMeta;
  readonly spec: TokenReviewSpec;
  readonly status: TokenReviewStatus;
}

export interface TokenReviewSpec {
  readonly token?: string;
  readonly audiences?: readonly string[];
}

export interface TokenReviewStatus {
  readonly authenticated?: boolean;
  readonly user: UserInfo;
  readonly audiences?: readonly string[];
  readonly error?: string;
}

export interface UserInfo {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}
