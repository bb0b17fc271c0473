/** Acting as somebody else: the plain right is enough for everything, the constrained ones are for one kind of user and for the request at hand. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { clusterrolebindings, clusterroles } from "@kubets/api/generated/refs";
import { VirtualClock } from "@kubets/machinery";
import { Audit } from "../audit/audit.ts";
import type { AuditEvent } from "../audit/event.ts";
import { compilePolicy, loadPolicy } from "../audit/policy.ts";
import { startTestServer } from "../testing/server.ts";
import { told } from "../testing/told.ts";
import type { User } from "./authenticator.ts";

interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
}
const rule = (verb: string, apiGroup: string, resource: string, ...resourceNames: string[]): Rule => ({
  verbs: [verb],
  apiGroups: [apiGroup],
  resources: [resource],
  ...(resourceNames.length && { resourceNames }),
});
const GROUP = "authentication.k8s.io";
const onList = (mode: string) => rule(`impersonate-on:${mode}:list`, "", "configmaps");
const ACCOUNT = "system:serviceaccount:default:robot";

describe("acting as somebody else", () => {
  let cluster: Awaited<ReturnType<typeof startTestServer>>;
  const events: AuditEvent[] = [];
  before(async () => {
    const folder = mkdtempSync(join(tmpdir(), "kubets-impersonate-"));
    const policy = join(folder, "policy.yaml");
    writeFileSync(policy, "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]");
    const audit = new Audit(
      compilePolicy(loadPolicy(policy)),
      { tell: (told) => void events.push(JSON.parse(JSON.stringify(told)) as AuditEvent) },
      new VirtualClock(),
    );
    rmSync(folder, { recursive: true });
    cluster = await startTestServer({ modes: ["RBAC"], audit });
    // Whoever is acted as may do this.
    await grant("everybody", { kind: "Group", name: "system:authenticated" }, [rule("list", "", "configmaps")]);
  });
  after(() => cluster.close());

  async function grant(name: string, subject: { kind: string; name: string }, rules: readonly Rule[]) {
    await cluster.admin.create(clusterroles, { metadata: { name }, rules });
    await cluster.admin.create(clusterrolebindings, {
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", ...subject }],
    });
  }

  /** Lists as somebody else; tells the answer, and what the audit says of the right that was used. */
  async function list(caller: User, headers: Record<string, string>, resource = "configmaps") {
    events.length = 0;
    const path = `/api/v1/namespaces/default/${resource}`;
    const answer = await cluster.server.transport(caller).request({ method: "GET", path, headers });
    await answer.bytes();
    const last = events.at(-1);
    return {
      status: answer.status,
      as: last?.impersonatedUser?.username,
      by: last?.authenticationMetadata?.impersonationConstraint,
    };
  }
  let callers = 0;
  async function callerWith(rules: readonly Rule[], extra?: User["extra"]): Promise<User> {
    const name = `caller-${++callers}`;
    await grant(name, { kind: "User", name }, rules);
    return { name, groups: ["system:authenticated"], ...(extra && { extra }) };
  }

  it("by the plain right, for everything, and the audit tells of no constraint", async () => {
    const caller = await callerWith([rule("impersonate", "", "users", "jane")]);
    assert.deepEqual(await list(caller, { "impersonate-user": "jane" }), { status: 200, as: "jane", by: undefined });
    assert.equal((await list(caller, { "impersonate-user": "joe" })).status, 403);
    const more = { "impersonate-user": "jane", "impersonate-group": "devs" };
    assert.equal((await list(caller, more)).status, 403);
  });

  const NODE_OF_CALLER = { "authentication.kubernetes.io/node-name": ["n1"] };
  const MODES: readonly {
    mode: string;
    as: string;
    rule: Rule;
    other: string;
    extra?: User["extra"];
  }[] = [
    { mode: "user-info", as: "jane", rule: rule("impersonate:user-info", GROUP, "users", "jane"), other: "joe" },
    {
      mode: "serviceaccount",
      as: ACCOUNT,
      rule: rule("impersonate:serviceaccount", GROUP, "serviceaccounts", "robot"),
      other: "system:serviceaccount:default:other",
    },
    {
      mode: "arbitrary-node",
      as: "system:node:n1",
      rule: rule("impersonate:arbitrary-node", GROUP, "nodes", "n1"),
      other: "system:node:n2",
    },
    {
      mode: "associated-node",
      as: "system:node:n1",
      rule: rule("impersonate:associated-node", GROUP, "nodes"),
      other: "system:node:n2",
      extra: NODE_OF_CALLER,
    },
  ];
  for (const { mode, as, rule: being, other, extra } of MODES)
    it(`by the right of ${mode}: to be that one, and to do this as one`, async () => {
      const headers = { "impersonate-user": as };
      const both = await callerWith([being, onList(mode)], extra);
      assert.deepEqual(await list(both, headers), { status: 200, as, by: `impersonate:${mode}` });
      assert.equal((await list(both, { "impersonate-user": other })).status, 403, "another one");
      assert.equal((await list(both, headers, "secrets")).status, 403, "another request");
      assert.equal((await list(both, { ...headers, "impersonate-group": "system:masters" })).status, 403, "a group");
      assert.equal((await list(await callerWith([being], extra), headers)).status, 403, "without the request");
      assert.equal((await list(await callerWith([onList(mode)], extra), headers)).status, 403, "without the one");
    });

  it("with groups and a uid, where each is allowed", async () => {
    const caller = await callerWith([
      onList("user-info"),
      rule("impersonate:user-info", GROUP, "users", "jane"),
      rule("impersonate:user-info", GROUP, "groups", "devs"),
      rule("impersonate:user-info", GROUP, "uids", "7"),
    ]);
    const headers = { "impersonate-user": "jane", "impersonate-group": "devs", "impersonate-uid": "7" };
    const { registry } = cluster.server.context.metrics;
    const count = (what: string, decision: string, mode: string) =>
      told(registry, `apiserver_impersonation_${what}_total{decision="${decision}",mode="${mode}"}`) ?? 0;
    const earlier = [count("attempts", "allowed", "user-info"), count("attempts", "denied", "")];
    const asked = count("authorization_attempts", "allowed", "user-info");
    assert.equal((await list(caller, headers)).by, "impersonate:user-info");
    assert.equal((await list(caller, { ...headers, "impersonate-group": "devs, ops" })).status, 403);
    assert.equal((await list(caller, { ...headers, "impersonate-uid": "8" })).status, 403);
    const later = [count("attempts", "allowed", "user-info"), count("attempts", "denied", "")];
    assert.deepEqual(later, [(earlier[0] ?? 0) + 1, (earlier[1] ?? 0) + 2]);
    // Once for the request, and then for the user, the group and the uid, as far as each is allowed.
    assert.equal(count("authorization_attempts", "allowed", "user-info"), asked + 4 + 3 + 3);
  });
});
