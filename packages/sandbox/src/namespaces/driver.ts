/**
 * Entering namespaces of this machine. Two drivers pass one suite: `ffi` (setns in a worker thread, through node:ffi) and `nsenter` (the program).
 * A scope is a set of namespaces by their files, as /proc/PID/ns/net or a bind mount.
 *
 * Holds for both: hosts are addresses, never names. A descriptor handed out belongs to the caller, who closes it (by closing what serves on it);
 * no child process inherits it. A failure carries the code of the system call ("EADDRINUSE", "ECONNREFUSED", "ENOENT" for a scope that is gone).
 * Nothing stays inside a namespace for longer than a few seconds after a call, so that removing the namespace's file ends it.
 */
import type { ChildProcess, SpawnOptions } from "node:child_process";

/**
 * There is no PID namespace: entering one takes a fork, and the started program would no longer be the child that gets the signals.
 */
export interface Scope {
  readonly net?: string;
  readonly mnt?: string;
  readonly uts?: string;
  readonly ipc?: string;
  /** Folders of cgroup hierarchies that a started process is put into before it runs. */
  readonly cgroups?: readonly string[];
}

export interface SocketAddress {
  readonly host: string;
  /** 0 lets the kernel choose, when listening. */
  readonly port: number;
}

export interface ListenAddress extends SocketAddress {
  /** "tcp" by default; a "udp" socket is bound, ready for `dgram`'s bind({ fd }). */
  readonly protocol?: "tcp" | "udp";
}

export interface NamespaceDriver {
  readonly name: "ffi" | "nsenter";
  /** Says why it cannot work on this machine, or undefined. */
  unavailable(): Promise<string | undefined>;
  /**
   * Starts a program inside the scope. Its exit, signals and streams are those of the program itself. A program that is not there ends with
   * the code 127; what could not be entered ends it with another code and a line on its standard error.
   */
  spawn(scope: Scope, program: string, args: readonly string[], options?: SpawnOptions): Promise<ChildProcess>;
  /** Opens a listening socket inside the network namespace and hands its descriptor to this process, which serves on it from outside. */
  listen(scope: Pick<Scope, "net">, address: ListenAddress): Promise<{ fd: number; port: number }>;
  /** Opens a connected TCP socket inside the network namespace, as a descriptor of this process. Gives up after ten seconds with ETIMEDOUT. */
  connect(scope: Pick<Scope, "net">, address: SocketAddress): Promise<{ fd: number }>;
  /** Ends what the driver itself runs; sockets handed out live on. */
  close(): Promise<void>;
}

export const CONNECT_TIMEOUT_MS = 10_000;
