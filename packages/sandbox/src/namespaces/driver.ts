/**
 * Entering namespaces of this machine. Two drivers pass one suite: `ffi` (setns in a worker thread, through node:ffi) and `nsenter` (the program).
 * A scope is a set of namespaces by their files, as /proc/PID/ns/net or a bind mount.
 */
import type { ChildProcess, SpawnOptions } from "node:child_process";

export interface Scope {
  readonly net?: string;
  readonly mnt?: string;
  readonly uts?: string;
  readonly ipc?: string;
  readonly pid?: string;
  /** Folders of cgroup hierarchies that a started process is put into before it runs. */
  readonly cgroups?: readonly string[];
}

export interface NamespaceDriver {
  readonly name: "ffi" | "nsenter";
  /** Says why it cannot work on this machine, or undefined. */
  unavailable(): Promise<string | undefined>;
  /** Starts a program inside the scope. Its exit and streams are those of the program itself. */
  spawn(scope: Scope, program: string, args: readonly string[], options?: SpawnOptions): Promise<ChildProcess>;
  /** Opens a listening TCP socket inside the network namespace and hands its descriptor to this process, which serves on it from outside. */
  listen(scope: Pick<Scope, "net">, address: { host: string; port: number }): Promise<{ fd: number; port: number }>;
  /** Opens a connected TCP socket inside the network namespace, as a descriptor of this process. */
  connect(scope: Pick<Scope, "net">, address: { host: string; port: number }): Promise<{ fd: number }>;
  close(): Promise<void>;
}
