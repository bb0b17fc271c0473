/** The resources of certificates.k8s.io. */
import { certificateSigningRequestResource } from "./certificate-signing-request.ts";

export const certificatesResources = [certificateSigningRequestResource];
