/** The authorities of --cluster-signing-...: one for all signers, or one for each. */
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { file } from "@kubets/machinery/flags";
import { keyFromPem } from "@kubets/wire/x509";
import type { ControllerOptions, Signer } from "./options.ts";

const GROUP = "Certificates and tokens";

export const signerFlags = {
  "cluster-signing-cert-file": file({ help: "The authority that signs certificates.", group: GROUP }),
  "cluster-signing-key-file": file({ help: "Its key.", group: GROUP }),
  ...pair("kube-apiserver-client", "clients of the API"),
  ...pair("kubelet-client", "kubelets as clients"),
  ...pair("kubelet-serving", "kubelets as servers"),
  ...pair("legacy-unknown", "kubernetes.io/legacy-unknown"),
};

type Own = "kube-apiserver-client" | "kubelet-client" | "kubelet-serving" | "legacy-unknown";
type Pair<N extends Own> = Record<
  `cluster-signing-${N}-cert-file` | `cluster-signing-${N}-key-file`,
  ReturnType<typeof file>
>;

const SIGNER_NAMES: Readonly<Record<Own, string>> = {
  "kube-apiserver-client": "kubernetes.io/kube-apiserver-client",
  "kubelet-client": "kubernetes.io/kube-apiserver-client-kubelet",
  "kubelet-serving": "kubernetes.io/kubelet-serving",
  "legacy-unknown": "kubernetes.io/legacy-unknown",
};

function pair<const N extends Own>(name: N, whom: string): Pair<N> {
  return {
    [`cluster-signing-${name}-cert-file`]: file({ help: `The authority that signs for ${whom}.`, group: GROUP }),
    [`cluster-signing-${name}-key-file`]: file({ help: "Its key.", group: GROUP }),
  } as Pair<N>;
}

export type SignerFlags = { readonly [N in keyof typeof signerFlags]: string };

export function signersOf(
  flags: SignerFlags,
  read: (flag: keyof SignerFlags) => string,
): Pick<ControllerOptions, "signer" | "signers"> {
  const own = (Object.keys(SIGNER_NAMES) as Own[]).filter(
    (name) => flags[`cluster-signing-${name}-cert-file`] || flags[`cluster-signing-${name}-key-file`],
  );
  const forAll = flags["cluster-signing-cert-file"] || flags["cluster-signing-key-file"];
  if (forAll && own.length > 0)
    throw new ExitError(
      exitCode.usage,
      `give either --cluster-signing-cert-file for all signers, or files for each (${own.join(", ")}), not both`,
    );
  const signer = (part: "" | `${Own}-`): Signer => {
    const [certificate, key] = [
      read(`cluster-signing-${part}cert-file` as keyof SignerFlags),
      read(`cluster-signing-${part}key-file` as keyof SignerFlags),
    ];
    if (!certificate || !key)
      throw new ExitError(
        exitCode.usage,
        `--cluster-signing-${part}cert-file and --cluster-signing-${part}key-file must be given together`,
      );
    return { certificate, key: keyFromPem(key) };
  };
  return {
    ...(forAll && { signer: signer("") }),
    signers: Object.fromEntries(own.map((name) => [SIGNER_NAMES[name], signer(`${name}-`)])),
  };
}
