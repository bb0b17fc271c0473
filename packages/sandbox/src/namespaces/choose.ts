/** Which driver this machine gets: the one asked for, else the first that works. */
import type { NamespaceDriver } from "./driver.ts";
import { createFfiDriver } from "./ffi-driver.ts";
import { createNsenterDriver } from "./nsenter-driver.ts";

export const NAMESPACE_DRIVERS: Readonly<Record<NamespaceDriver["name"], () => NamespaceDriver>> = {
  ffi: createFfiDriver,
  nsenter: createNsenterDriver,
};

/** Throws with each driver's reason when none works. */
export async function chooseNamespaceDriver(asked?: NamespaceDriver["name"]): Promise<NamespaceDriver> {
  const reasons: string[] = [];
  for (const create of asked ? [NAMESPACE_DRIVERS[asked]] : Object.values(NAMESPACE_DRIVERS)) {
    const driver = create();
    const reason = await driver.unavailable();
    if (reason === undefined) return driver;
    reasons.push(`${driver.name}: ${reason}`);
  }
  throw new Error(`namespaces of this machine cannot be entered (${reasons.join("; ")})`);
}
