/**
 * The thread that enters network namespaces to open sockets there. setns(2) moves one thread only, and descriptors belong to the whole
 * process: the main thread serves on what this one opens, and never leaves its own namespace.
 * Holds: between two questions this thread is back home, so it keeps no namespace alive.
 */
import { parentPort } from "node:worker_threads";
import { CONNECT_TIMEOUT_MS, type ListenAddress, type SocketAddress } from "./driver.ts";
import {
  beginConnect,
  bindSocket,
  closeFile,
  connectResult,
  ETIMEDOUT,
  enterNetwork,
  listenOn,
  openFile,
  openSocket,
  reuseAddress,
  SOCK_DGRAM,
  SOCK_STREAM,
  socketName,
} from "./libc.ts";
import { decodeSockaddr, encodeSockaddr } from "./sockaddr.ts";
import { failureOf, SocketError, type SocketFailure } from "./socket-error.ts";

export type SocketQuestion =
  | { readonly id: number; readonly ask: "listen"; readonly net: string; readonly address: ListenAddress }
  | { readonly id: number; readonly ask: "connect"; readonly net: string; readonly address: SocketAddress };

export type SocketAnswer =
  | { readonly id: number; readonly fd: number; readonly port: number }
  | { readonly id: number; readonly failure: SocketFailure };

const HOME = "/proc/thread-self/ns/net";
const BACKLOG = 511;
/** Connects inside one machine are done within this; slower ones are looked at again and again, while others are served. */
const QUICK_MS = 2;
const LOOK_AGAIN_MS = 20;

const port = parentPort ?? fail("ffi-worker.ts runs as a worker thread only");
const home = openFile(HOME);

port.on("message", (question: SocketQuestion) => {
  void answer(question).then((said) => port.postMessage(said));
});

async function answer(question: SocketQuestion): Promise<SocketAnswer> {
  const about = `${question.address.host}:${question.address.port}`;
  try {
    if (question.ask === "listen") return { id: question.id, ...listen(question.net, question.address, about) };
    return { id: question.id, ...(await connect(question.net, question.address, about)) };
  } catch (error) {
    const { code, syscall } = error as SocketError;
    if (error instanceof SocketError) return { id: question.id, failure: { code, syscall, about } };
    return { id: question.id, failure: { code: "EINVAL", syscall: question.ask, about: (error as Error).message } };
  }
}

/** Runs inside the namespace and comes home; not coming home would leave every later socket in the wrong place. */
function inside<T>(net: string, run: () => T): T {
  const file = openFile(net);
  try {
    enterNetwork(file, net);
    try {
      return run();
    } finally {
      enterNetwork(home, HOME);
    }
  } finally {
    closeFile(file);
  }
}

function socketIn(net: string, family: number, type: number, use: (fd: number) => void): number {
  return inside(net, () => {
    const fd = openSocket(family, type);
    try {
      use(fd);
      return fd;
    } catch (error) {
      closeFile(fd);
      throw error;
    }
  });
}

function listen(net: string, address: ListenAddress, about: string): { fd: number; port: number } {
  const { family, bytes } = encodeSockaddr(address);
  const udp = address.protocol === "udp";
  const fd = socketIn(net, family, udp ? SOCK_DGRAM : SOCK_STREAM, (opened) => {
    if (!udp) reuseAddress(opened);
    bindSocket(opened, bytes, about);
    if (!udp) listenOn(opened, BACKLOG, about);
  });
  return { fd, port: decodeSockaddr(socketName(fd)).port };
}

async function connect(net: string, address: SocketAddress, about: string): Promise<{ fd: number; port: number }> {
  const { family, bytes } = encodeSockaddr(address);
  let connected = false;
  const fd = socketIn(net, family, SOCK_STREAM, (opened) => {
    connected = beginConnect(opened, bytes, about);
  });
  try {
    if (!connected) await connectEnds(fd, about);
    return { fd, port: address.port };
  } catch (error) {
    closeFile(fd);
    throw error;
  }
}

async function connectEnds(fd: number, about: string): Promise<void> {
  const deadline = performance.now() + CONNECT_TIMEOUT_MS;
  let errno = connectResult(fd, QUICK_MS);
  while (errno === undefined) {
    if (performance.now() > deadline) throw new SocketError(failureOf(ETIMEDOUT, "connect", about));
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    errno = connectResult(fd, 0);
  }
  if (errno !== 0) throw new SocketError(failureOf(errno, "connect", about));
}

function fail(message: string): never {
  throw new Error(message);
}
