/** The versions in which the server's own configuration files (apiserver.config.k8s.io) may be written: all read alike. */
import type { Shape } from "@kubets/machinery/config-file";

type Version = "v1" | "v1beta1" | "v1alpha1";

export const configurationKinds = <T>(
  kind: string,
  shape: Shape<T>,
  versions: readonly Version[] = ["v1", "v1beta1", "v1alpha1"],
): Readonly<Record<string, Shape<T>>> =>
  Object.fromEntries(versions.map((version) => [`apiserver.config.k8s.io/${version}/${kind}`, shape]));
