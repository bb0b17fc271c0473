/** Which node a user is: kubelets are named after their node, in the group of nodes. */
import type { User } from "./authenticator.ts";

const PREFIX = "system:node:";
const GROUP = "system:nodes";

/** The node's name; undefined for everybody who is no node. */
export const nodeOf = ({ name, groups }: User): string | undefined =>
  name.startsWith(PREFIX) && groups.includes(GROUP) ? name.slice(PREFIX.length) : undefined;
