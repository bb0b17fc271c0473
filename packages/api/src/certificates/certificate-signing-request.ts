/** CertificateSigningRequest */
import { define, keepAllBut } from "../define.ts";
import { certificatesigningrequests } from "../generated/refs.ts";

export const certificateSigningRequestResource = define(certificatesigningrequests, {
  shortNames: ["csr"],
  subresources: {
    status: { type: "status", part: ["status"], prepareForUpdate: keepAllBut("status") },
    approval: { type: "part", prepareForUpdate: keepAllBut("status") },
  },
});
