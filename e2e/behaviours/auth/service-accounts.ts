/** Service accounts: their tokens, what is mounted into pods and what is not, the root authority of each namespace, the issuer's discovery. */
import assert from "node:assert/strict";
import type { webcrypto } from "node:crypto";
import { configmaps, pods, serviceaccounts } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { container, podSpec } from "../objects.ts";

const SA = "[sig-auth] ServiceAccounts";
const MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

const tokenOf = async (t: BehaviourContext, name: string, spec: object = {}): Promise<string> => {
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec };
  const answer = await t.request("POST", `/api/v1/namespaces/${t.namespace}/serviceaccounts/${name}/token`, body);
  assert.equal(answer.status, 201, answer.text);
  assert.ok(answer.json.status.token);
  return answer.json.status.token as string;
};
const runToEnd = async (t: BehaviourContext, name: string, spec: object) => {
  await t.client.create(pods, {
    metadata: { namespace: t.namespace, name },
    spec: { restartPolicy: "Never", ...spec },
  });
  const ended = await t.until(pods, name, `pod ${name} to end`, (pod) =>
    ["Succeeded", "Failed"].includes(pod?.status.phase ?? ""),
  );
  const log = await t.logs(name, { container: ended.spec.containers[0]?.name ?? "" });
  assert.equal(ended.status.phase, "Succeeded", log);
  return log;
};

behaviour(
  `${SA} should create a serviceAccountToken and ensure a successful TokenReview [Conformance]`,
  { on: "api" },
  async (t) => {
    await t.client.create(serviceaccounts, { metadata: { namespace: t.namespace, name: "robot" } });
    const token = await tokenOf(t, "robot");
    const review = await t.request("POST", "/apis/authentication.k8s.io/v1/tokenreviews", {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenReview",
      spec: { token },
    });
    assert.equal(review.status, 201, review.text);
    const { authenticated, error, user } = review.json.status;
    assert.deepEqual(
      [authenticated, error, user.username],
      [true, undefined, `system:serviceaccount:${t.namespace}:robot`],
    );
  },
);

behaviour(`${SA} should update a ServiceAccount [Conformance]`, { on: "api" }, async (t) => {
  const { client, namespace } = t;
  const made = await client.create(serviceaccounts, { metadata: { namespace, name: "robot" } });
  const updated = await client.update(serviceaccounts, { ...made, automountServiceAccountToken: false });
  assert.equal(updated.automountServiceAccountToken, false);
  assert.equal((await client.get(serviceaccounts, { namespace, name: "robot" })).automountServiceAccountToken, false);
});

behaviour(`${SA} should guarantee kube-root-ca.crt exist in any namespace [Conformance]`, { on: "api" }, async (t) => {
  const { client, namespace } = t;
  const key = { namespace, name: "kube-root-ca.crt" };
  const { data, metadata } = await t.until(configmaps, key.name, "the authority", (it) => it?.data?.["ca.crt"]);
  await client.delete(configmaps, key);
  const again = await t.until(
    configmaps,
    key.name,
    "it to be made again",
    (it) => it && it.metadata.uid !== metadata.uid,
  );
  assert.deepEqual(again.data, data);
  await client.patch(configmaps, key, { type: "merge", body: { data: { "ca.crt": "wrong" } } });
  await t.until(configmaps, key.name, "it to be mended", (it) => it?.data?.["ca.crt"] === data?.["ca.crt"]);
});

behaviour(`${SA} should allow opting out of API token automount [Conformance]`, { on: "api" }, async (t) => {
  const { client, namespace } = t;
  const choices = [undefined, true, false] as const;
  for (const ofAccount of choices) {
    const account = `account-${ofAccount}`;
    await client.create(serviceaccounts, {
      metadata: { namespace, name: account },
      ...(ofAccount !== undefined && { automountServiceAccountToken: ofAccount }),
    });
    for (const ofPod of choices) {
      const made = await client.create(pods, {
        metadata: { namespace, name: `pod-${ofAccount}-${ofPod}` },
        spec: podSpec(undefined, {
          serviceAccountName: account,
          ...(ofPod !== undefined && { automountServiceAccountToken: ofPod }),
        }),
      });
      const isMounted = made.spec.containers[0]?.volumeMounts?.some(({ mountPath }) => mountPath === MOUNT) ?? false;
      assert.equal(isMounted, ofPod ?? ofAccount ?? true, made.metadata.name);
    }
  }
});

behaviour(`${SA} should mount an API token into pods [Conformance]`, { on: "containers" }, async (t) => {
  await t.client.create(serviceaccounts, { metadata: { namespace: t.namespace, name: "robot" } });
  const named = (name: string, file: string) => ({ ...container(`cat ${MOUNT}/${file}`), name });
  const spec = podSpec(undefined, {
    restartPolicy: "Never",
    serviceAccountName: "robot",
    containers: [named("token", "token"), named("authority", "ca.crt"), named("namespace", "namespace")],
  });
  const token = await runToEnd(t, "reads", spec);
  const { client } = t.withToken(token.trim());
  const review = await client.raw("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {
    kind: "SelfSubjectReview",
    apiVersion: "authentication.k8s.io/v1",
  });
  const { status } = JSON.parse(new TextDecoder().decode(review.body)) as {
    status: { userInfo: { username: string } };
  };
  assert.equal(status.userInfo.username, `system:serviceaccount:${t.namespace}:robot`);
  const authority = await t.client.get(configmaps, { namespace: t.namespace, name: "kube-root-ca.crt" });
  assert.equal((await t.logs("reads", { container: "authority" })).trim(), authority.data?.["ca.crt"]?.trim());
  assert.equal(await t.logs("reads", { container: "namespace" }), t.namespace);
});

behaviour(`${SA} should mount projected service account token [Conformance]`, { on: "containers" }, async (t) => {
  const log = await runToEnd(
    t,
    "reads",
    podSpec(undefined, {
      restartPolicy: "Never",
      volumes: [
        {
          name: "token",
          projected: {
            sources: [{ serviceAccountToken: { path: "own", audience: "somebody", expirationSeconds: 3600 } }],
          },
        },
      ],
      containers: [container("cat /projected/own", { volumeMounts: [{ name: "token", mountPath: "/projected" }] })],
    }),
  );
  const claims = JSON.parse(Buffer.from(log.trim().split(".")[1] ?? "", "base64url").toString()) as {
    aud: string[];
    sub: string;
  };
  assert.deepEqual([claims.aud, claims.sub], [["somebody"], `system:serviceaccount:${t.namespace}:default`]);
});

behaviour(
  `${SA} ServiceAccountIssuerDiscovery should support OIDC discovery of service account issuer [Conformance]`,
  { on: "api" },
  async (t) => {
    // As a pod would: with its own token, by what the issuer publishes of itself.
    const token = await tokenOf(t, "default", { audiences: ["oidc-discovery-test"] });
    const [head, body, signature] = token.split(".") as [string, string, string];
    const decode = (text: string) => JSON.parse(Buffer.from(text, "base64url").toString()) as Record<string, unknown>;
    const api = t.withToken(await tokenOf(t, "default"));
    const get = async (path: string) => {
      const answer = await api.client.raw("GET", path);
      assert.equal(answer.status, 200, path);
      return JSON.parse(new TextDecoder().decode(answer.body)) as Record<string, unknown>;
    };
    const discovery = await get("/.well-known/openid-configuration");
    assert.equal(discovery.issuer, decode(body).iss);
    assert.deepEqual(decode(body).aud, ["oidc-discovery-test"]);
    const { keys } = (await get(new URL(discovery.jwks_uri as string).pathname)) as {
      keys: (webcrypto.JsonWebKey & { kid: string })[];
    };
    const { kid, alg } = decode(head);
    const jwk = keys.find((key) => key.kid === kid);
    assert.ok(jwk, `a key ${String(kid)} is published`);
    const algorithm =
      alg === "ES256"
        ? { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
        : { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["verify"]);
    assert.ok(
      await crypto.subtle.verify(algorithm, key, Buffer.from(signature, "base64url"), Buffer.from(`${head}.${body}`)),
    );
  },
);

behaviour(
  "[sig-auth] SubjectReview should support SubjectReview API operations [Conformance]",
  { on: "api" },
  async (t) => {
    const { namespace } = t;
    await t.client.create(serviceaccounts, { metadata: { namespace, name: "robot" } });
    const user = `system:serviceaccount:${namespace}:robot`;
    const groups = ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"];
    const robot = t.as(user, groups);
    const resourceAttributes = { namespace, verb: "list", resource: "configmaps", version: "v1" };
    const allowed = async (path: string, kind: string, more: object = {}) => {
      const body = { apiVersion: "authorization.k8s.io/v1", kind, ...more, spec: { user, groups, resourceAttributes } };
      const answer = await t.request("POST", `/apis/authorization.k8s.io/v1/${path}`, body);
      assert.equal(answer.status, 201, answer.text);
      return (answer.json.status as { allowed: boolean }).allowed;
    };
    const agrees = async (want: boolean) => {
      await t.eventually(`listing to be ${want ? "allowed" : "refused"}`, async () => {
        const { status } = await robot.client.raw("GET", `/api/v1/namespaces/${namespace}/configmaps`);
        return (status === 200) === want;
      });
      assert.equal(await allowed("subjectaccessreviews", "SubjectAccessReview"), want);
      assert.equal(
        await allowed(`namespaces/${namespace}/localsubjectaccessreviews`, "LocalSubjectAccessReview", {
          metadata: { namespace },
        }),
        want,
      );
    };
    await agrees(false);
    await t.kubectl(["create", "rolebinding", "robot", "--clusterrole=view", `--serviceaccount=${namespace}:robot`]);
    await agrees(true);
  },
);
