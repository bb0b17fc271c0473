/**
 * Without them whoever may write to certificate requests could approve or sign any certificate, also one that makes an administrator; and anybody
 * could vouch for a signer's roots. Who speaks for a signer needs the right to, by the signer's name or its domain.
 */
import { certificatesigningrequests } from "@kubets/api/generated/refs";
import type { CertificateSigningRequest } from "@kubets/api/generated/types/certificates-v1";
import { deepEqual } from "@kubets/machinery";
import { readSigningRequest } from "@kubets/wire/x509";
import type { User } from "../../authn/authenticator.ts";
import type { AdmissionContext, AdmissionPlugin } from "../plugin.ts";
import { isWhole, refuse } from "../request.ts";

const GROUP = "certificates.k8s.io";

export const certificateApproval: AdmissionPlugin = {
  name: "CertificateApproval",
  handles: (operation, { group, resource }, subresource) =>
    operation === "UPDATE" &&
    group === GROUP &&
    resource === "certificatesigningrequests" &&
    subresource === "approval",
  async validate(request, context) {
    const { signerName } = (request.old as CertificateSigningRequest).spec;
    if (!(await maySpeakFor(context, request.user, "approve", signerName)))
      throw refuse(request, `user not permitted to approve requests with signerName ${JSON.stringify(signerName)}`);
  },
};

export const certificateSigning: AdmissionPlugin = {
  name: "CertificateSigning",
  handles: (operation, { group, resource }, subresource) =>
    operation === "UPDATE" && group === GROUP && resource === "certificatesigningrequests" && subresource === "status",
  async validate(request, context) {
    const old = request.old as CertificateSigningRequest;
    const { status } = request.object as unknown as CertificateSigningRequest;
    if (
      status?.certificate === old.status?.certificate &&
      deepEqual(status?.conditions ?? [], old.status?.conditions ?? [])
    )
      return;
    const { signerName } = old.spec;
    if (!(await maySpeakFor(context, request.user, "sign", signerName)))
      throw refuse(request, `user not permitted to sign requests with signerName ${JSON.stringify(signerName)}`);
  },
};

/** The groups of a client certificate are its organizations: this one would be allowed everything, for ever. */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: "CertificateSubjectRestriction",
  handles: (operation, resource, subresource) =>
    operation === "CREATE" && isWhole(certificatesigningrequests, resource, subresource),
  validate(request) {
    const { signerName, request: pem } = (request.object as unknown as CertificateSigningRequest).spec;
    if (signerName !== "kubernetes.io/kube-apiserver-client") return;
    const asked = readSigningRequest(Buffer.from(pem, "base64").toString());
    if (asked.organizations.includes("system:masters"))
      throw refuse(request, `use of ${signerName} signer with system:masters group is not allowed`);
  },
};

export const clusterTrustBundleAttest: AdmissionPlugin = {
  name: "ClusterTrustBundleAttest",
  handles: (operation, { group, resource }, subresource) =>
    (operation === "CREATE" || operation === "UPDATE") &&
    group === GROUP &&
    resource === "clustertrustbundles" &&
    subresource === "",
  async validate(request, context) {
    type Bundle = { readonly spec: { readonly signerName?: string } };
    const { spec } = request.object as unknown as Bundle;
    if (!spec.signerName || (request.old && deepEqual(spec, (request.old as unknown as Bundle).spec))) return;
    if (!(await maySpeakFor(context, request.user, "attest", spec.signerName)))
      throw refuse(request, `user not permitted to attest for signerName ${JSON.stringify(spec.signerName)}`);
  },
};

/** By the signer's whole name, or all those of its domain. */
async function maySpeakFor(
  { authorize }: AdmissionContext,
  user: User,
  verb: string,
  signer: string,
): Promise<boolean> {
  for (const name of [signer, `${signer.split("/")[0]}/*`]) {
    const asked = {
      user,
      verb,
      isResource: true,
      namespace: "",
      group: GROUP,
      version: "*",
      resource: "signers",
      subresource: "",
      name,
      path: "",
    };
    if ((await authorize(asked)).verdict === "allow") return true;
  }
  return false;
}
