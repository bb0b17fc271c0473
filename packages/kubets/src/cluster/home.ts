/**
 * Where a cluster keeps what belongs to it: `~/.kubets/NAME` (or $KUBETS_HOME/NAME). Everything in it is made by the program; removing the folder
 * with `kubets down` leaves nothing.
 */
import { homedir } from "node:os";
import { join } from "node:path";

export interface ClusterHome {
  readonly name: string;
  readonly folder: string;
  /** The embedded store. */
  readonly data: string;
  readonly pki: string;
  readonly kubeconfig: string;
  /** What was chosen when the cluster was made: address ranges, ports, nodes. */
  readonly settings: string;
  /** Process ids and sockets of the running cluster. */
  readonly run: string;
  readonly logs: string;
}

const NAME = /^[a-z]([-a-z0-9]{0,30}[a-z0-9])?$/;

export function clusterHome(
  name: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): ClusterHome {
  if (!NAME.test(name))
    throw new Error(
      `a cluster cannot be called ${JSON.stringify(name)}: use up to 32 lower case letters, digits and dashes, beginning with a letter`,
    );
  const folder = join(env["KUBETS_HOME"] || join(homedir(), ".kubets"), name);
  return {
    name,
    folder,
    data: join(folder, "data"),
    pki: join(folder, "pki"),
    kubeconfig: join(folder, "kubeconfig"),
    settings: join(folder, "settings.json"),
    run: join(folder, "run"),
    logs: join(folder, "logs"),
  };
}
