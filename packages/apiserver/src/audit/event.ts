/** What is told of one request at one stage (audit.k8s.io/v1 Event), and the older form of one line of text. */
import type { User } from "../authn/authenticator.ts";
import type { Level, Stage } from "./policy.ts";

export interface AuditEvent {
  readonly kind: "Event";
  readonly apiVersion: "audit.k8s.io/v1";
  readonly level: Level;
  readonly auditID: string;
  readonly stage: Stage;
  readonly requestURI: string;
  readonly verb: string;
  readonly user: AuditUser;
  readonly impersonatedUser?: AuditUser;
  readonly authenticationMetadata?: { readonly impersonationConstraint: string };
  readonly sourceIPs?: readonly string[];
  readonly userAgent?: string;
  readonly objectRef?: ObjectReference;
  readonly responseStatus?: object;
  readonly requestObject?: unknown;
  readonly responseObject?: unknown;
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface AuditUser {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export interface ObjectReference {
  readonly resource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly apiGroup?: string;
  readonly apiVersion?: string;
  readonly resourceVersion?: string;
  readonly subresource?: string;
}

export const auditUser = ({ name, uid, groups, extra }: User): AuditUser => ({
  username: name,
  ...(uid && { uid }),
  ...(groups.length && { groups }),
  ...(extra && Object.keys(extra).length > 0 && { extra }),
});

/** RFC 3339 with six digits behind the second. */
export const microTime = (ms: number): string => {
  const micros = Math.round((ms % 1) * 1000);
  return `${new Date(Math.floor(ms)).toISOString().slice(0, -1)}${String(micros).padStart(3, "0")}Z`;
};

/** One line, as --audit-log-format=legacy has it. */
export function legacyLine(event: AuditEvent): string {
  const quoted = (text: string | undefined, absent: string) => (text ? JSON.stringify(text) : absent);
  const groups = (user: AuditUser | undefined, absent: string) =>
    user?.groups?.length ? user.groups.map((group) => JSON.stringify(group)).join(",") : absent;
  const { user, impersonatedUser: as, objectRef, responseStatus } = event;
  const code = (responseStatus as { code?: number } | undefined)?.code;
  const parts = {
    id: `"${event.auditID}"`,
    stage: `"${event.stage}"`,
    ip: `"${event.sourceIPs?.[0] ?? "<unknown>"}"`,
    method: `"${event.verb}"`,
    user: quoted(user.username, '"<none>"'),
    groups: groups(user, '"<none>"'),
    as: quoted(as?.username, '"<self>"'),
    asgroups: groups(as, '"<lookup>"'),
    "user-agent": `"${event.userAgent ?? ""}"`,
    namespace: `"${objectRef?.namespace || "<none>"}"`,
    uri: `"${event.requestURI}"`,
    response: `"${code ?? "<deferred>"}"`,
  };
  const text = Object.entries(parts).map(([name, value]) => `${name}=${value}`);
  return `${event.requestReceivedTimestamp} AUDIT: ${text.join(" ")}`;
}
