/** The command line of clusters, to be hung below a program. */
export { createKubectlCommand, type KubectlOptions, kubectlCommand } from "./command.ts";
