/** How metrics name what is too long or too secret to be shown. */
import { createHash } from "node:crypto";

export const hashOf = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;

/** `apiserver_id_hash`: servers have no names that tell them apart. */
export const SERVER = hashOf("");
