/** The checks of addresses that pods and endpoints have: what can be reached from another node. */
import { type FieldError, invalidValue, parseIpSloppy } from "@kubets/machinery";

/** Reads as an address already; everything that it must not be. */
export function endpointIpErrors(field: string, text: string): FieldError[] {
  const address = parseIpSloppy(text);
  if (!address) return [invalidValue(field, text, "must be a valid IP address")];
  const texts: string[] = [];
  if (address.isUnspecified()) texts.push("may not be unspecified (0.0.0.0 or ::)");
  if (address.isLoopback()) texts.push("may not be in the loopback range (127.0.0.0/8, ::1/128)");
  if (address.isLinkLocalUnicast()) texts.push("may not be in the link-local range (169.254.0.0/16, fe80::/10)");
  if (address.isLinkLocalMulticast())
    texts.push("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
  return texts.map((detail) => invalidValue(field, text, detail));
}
