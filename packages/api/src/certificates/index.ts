/** The resources of certificates.k8s.io. */
import { certificateSigningRequestResource } from "./certificate-signing-request.ts";
import { clusterTrustBundleResource } from "./cluster-trust-bundle.ts";
import { podCertificateRequestResource } from "./pod-certificate-request.ts";

export const certificatesResources = [certificateSigningRequestResource];
/** Of v1beta1, served when asked for. */
export const certificatesOnRequest = [clusterTrustBundleResource, podCertificateRequestResource];
