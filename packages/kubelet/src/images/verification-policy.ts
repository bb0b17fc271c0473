/** For which images that are there a pod must show credentials (`imagePullCredentialsVerificationPolicy`). */
import { ConfigError } from "@kubets/machinery/config-file";
import { repositoryOf } from "./image-name.ts";

export type MustVerify = (image: string, pulledByKubelet: boolean) => boolean;

export const VERIFICATION_POLICIES = [
  "NeverVerify",
  "NeverVerifyPreloadedImages",
  "NeverVerifyAllowlistedImages",
  "AlwaysVerify",
] as const;
export type VerificationPolicy = (typeof VERIFICATION_POLICIES)[number];

/** Entries of the list are names without tag and digest; one may end in a slash and a star, which stands for all below it. */
export function verificationOf(policy: VerificationPolicy, allowlist: readonly string[] = []): MustVerify {
  if (allowlist.length > 0 && policy !== "NeverVerifyAllowlistedImages")
    throw new ConfigError(
      "preloadedImagesVerificationAllowlist: may only be set with imagePullCredentialsVerificationPolicy NeverVerifyAllowlistedImages",
    );
  const wrong = allowlist.find((entry) => /[*@]|:[^/]*$/.test(entry.replace(/\/\*$/, "")));
  if (wrong !== undefined)
    throw new ConfigError(
      `preloadedImagesVerificationAllowlist: ${JSON.stringify(wrong)} must be the name of an image without tag and digest, or end in /*`,
    );
  const isListed = (repository: string) =>
    allowlist.some((entry) =>
      entry.endsWith("/*") ? repository.startsWith(entry.slice(0, -1)) : repository === repositoryOf(entry),
    );
  switch (policy) {
    case "NeverVerify":
      return () => false;
    case "NeverVerifyPreloadedImages":
      return (_image, pulledByKubelet) => pulledByKubelet;
    case "NeverVerifyAllowlistedImages":
      return (image) => !isListed(repositoryOf(image));
    case "AlwaysVerify":
      return () => true;
  }
}
