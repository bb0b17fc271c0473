/**
 * The system calls that entering a network namespace takes, through node:ffi.
 * Holds: a call that failed throws a `SocketError`; sockets are non-blocking and closed on exec. errno belongs to the thread and is
 * read at once after the call.
 */
import { dlopen, getInt32 } from "node:ffi";
import { failureOf, SocketError } from "./socket-error.ts";

const { functions: c } = dlopen(null, {
  open: { arguments: ["string", "i32"], return: "i32" },
  close: { arguments: ["i32"], return: "i32" },
  setns: { arguments: ["i32", "i32"], return: "i32" },
  socket: { arguments: ["i32", "i32", "i32"], return: "i32" },
  setsockopt: { arguments: ["i32", "i32", "i32", "buffer", "u32"], return: "i32" },
  getsockopt: { arguments: ["i32", "i32", "i32", "buffer", "buffer"], return: "i32" },
  bind: { arguments: ["i32", "buffer", "u32"], return: "i32" },
  listen: { arguments: ["i32", "i32"], return: "i32" },
  getsockname: { arguments: ["i32", "buffer", "buffer"], return: "i32" },
  connect: { arguments: ["i32", "buffer", "u32"], return: "i32" },
  poll: { arguments: ["buffer", "u64", "i32"], return: "i32" },
  __errno_location: { arguments: [], return: "pointer" },
});

const CLONE_NEWNET = 0x4000_0000;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
const EINPROGRESS = 115;
export const ETIMEDOUT = 110;

const O_RDONLY_CLOEXEC = 0x8_0000;
const SOCK_NONBLOCK_CLOEXEC = 0x8_0800;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_ERROR = 4;
const POLLOUT = 4;
const LARGEST_SOCKADDR = 28;

const errno = (): number => getInt32(c.__errno_location(), 0);

function check(result: number, syscall: string, about: string): number {
  if (result >= 0) return result;
  throw new SocketError(failureOf(errno(), syscall, about));
}

export const openFile = (path: string): number => check(c.open(path, O_RDONLY_CLOEXEC), "open", path);

export function closeFile(fd: number): void {
  c.close(fd);
}

export function enterNetwork(fd: number, about: string): void {
  check(c.setns(fd, CLONE_NEWNET), "setns", about);
}

export const openSocket = (family: number, type: number): number =>
  check(c.socket(family, type | SOCK_NONBLOCK_CLOEXEC, 0), "socket", `of family ${family}`);

export function reuseAddress(fd: number): void {
  const on = Buffer.alloc(4);
  on.writeInt32LE(1);
  check(c.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, on, on.length), "setsockopt", "SO_REUSEADDR");
}

export function bindSocket(fd: number, address: Buffer, about: string): void {
  check(c.bind(fd, address, address.length), "bind", about);
}

export function listenOn(fd: number, backlog: number, about: string): void {
  check(c.listen(fd, backlog), "listen", about);
}

/** The socket's own address, raw. */
export function socketName(fd: number): Buffer {
  const address = Buffer.alloc(LARGEST_SOCKADDR);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(LARGEST_SOCKADDR);
  check(c.getsockname(fd, address, length), "getsockname", `of descriptor ${fd}`);
  return address;
}

/** Begins to connect: true when it is done at once, false when it is under way. */
export function beginConnect(fd: number, address: Buffer, about: string): boolean {
  if (c.connect(fd, address, address.length) >= 0) return true;
  const number = errno();
  if (number === EINPROGRESS) return false;
  throw new SocketError(failureOf(number, "connect", about));
}

/** Waits so long for the end of a connect: its errno (0 when connected), or undefined while it is under way. */
export function connectResult(fd: number, waitMs: number): number | undefined {
  const wanted = Buffer.alloc(8);
  wanted.writeInt32LE(fd, 0);
  wanted.writeInt16LE(POLLOUT, 4);
  if (check(c.poll(wanted, 1n, waitMs), "poll", `of descriptor ${fd}`) === 0) return undefined;
  const value = Buffer.alloc(4);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(4);
  check(c.getsockopt(fd, SOL_SOCKET, SO_ERROR, value, length), "getsockopt", "SO_ERROR");
  return value.readInt32LE();
}
