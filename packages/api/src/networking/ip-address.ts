/** IPAddress */
import { define } from "../define.ts";
import { ipaddresses } from "../generated/refs.ts";

export const ipAddressResource = define(ipaddresses, { shortNames: ["ip"] });
