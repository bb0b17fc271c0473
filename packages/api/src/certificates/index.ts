/** The resources of certificates.k8s.io. */
import { clustertrustbundlesV1ALPHA1 } from "../generated/refs.ts";
import { otherVersion } from "../other-version.ts";
import { certificateSigningRequestResource } from "./certificate-signing-request.ts";
import { clusterTrustBundleResource } from "./cluster-trust-bundle.ts";
import { podCertificateRequestResource } from "./pod-certificate-request.ts";

export const certificatesResources = [certificateSigningRequestResource];
/** Of versions that are served when they are asked for. */
export const certificatesOnRequest = [
  clusterTrustBundleResource,
  podCertificateRequestResource,
  otherVersion(clusterTrustBundleResource, clustertrustbundlesV1ALPHA1, {
    stability: "alpha",
    deprecated: ["1.34", "1.37"],
  }),
];
