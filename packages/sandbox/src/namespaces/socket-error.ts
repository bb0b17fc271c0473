/** Failures of system calls as Node's own sockets report them: code, system call, address. */
import { getSystemErrorName } from "node:util";

export interface SocketFailure {
  readonly code: string;
  readonly syscall: string;
  readonly about: string;
}

export const failureOf = (errno: number, syscall: string, about: string): SocketFailure => ({
  code: getSystemErrorName(-errno),
  syscall,
  about,
});

export class SocketError extends Error {
  override readonly name = "SocketError";
  readonly code: string;
  readonly syscall: string;

  constructor({ code, syscall, about }: SocketFailure) {
    super(`${syscall} ${about}: ${code}`);
    this.code = code;
    this.syscall = syscall;
  }
}
