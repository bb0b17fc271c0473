/** The address by which others reach this machine: the first that is not loopback's, of version 4 where there is one. */
import { networkInterfaces } from "node:os";

export function machineAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const outer = all.filter(({ internal }) => !internal);
  const found = outer.find(({ family }) => family === "IPv4") ?? outer[0];
  return found?.address ?? "127.0.0.1";
}
