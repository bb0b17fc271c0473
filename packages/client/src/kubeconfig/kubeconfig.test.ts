import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualClock } from "@kubets/machinery";
import type { ApiRequest, Transport } from "../transport.ts";
import { authenticated } from "./authenticated-transport.ts";
import { type Connection, connectionFrom, inClusterConnection } from "./connection.ts";
import { formatKubeconfig, kubeconfigPaths, loadKubeconfig, parseKubeconfig } from "./kubeconfig.ts";
import { machineReading, type ProgramResult, type Reading } from "./reading.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** A machine of these files, on which a program prints what it is given. */
function machine(
  files: Record<string, string>,
  env: Record<string, string> = {},
  program?: () => ProgramResult | Error,
) {
  const clock = new VirtualClock();
  const ran: [command: string, args: readonly string[], env: Reading["env"]][] = [];
  const reading: Reading = {
    env,
    home: "/home/me",
    clock,
    async readText(path) {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT" });
      return text;
    },
    async run(command, args, itsEnv) {
      ran.push([command, args, itsEnv]);
      const result = program?.() ?? Object.assign(new Error("ENOENT"), { code: "ENOENT" });
      if (result instanceof Error) throw result;
      return result;
    },
  };
  return { reading, clock, ran, files };
}

const config = (user: string, cluster = "") => `
apiVersion: v1
kind: Config
current-context: main
contexts:
- name: main
  context: { cluster: here, user: me, namespace: dev }
- name: broken
  context: { cluster: nowhere, user: me }
clusters:
- name: here
  cluster:
    server: https://10.0.0.1:6443/
    ${cluster}
users:
- name: me
  user:
    ${user}
`;
const at = "/home/me/.kube/config";
const connecting = (user: string, cluster?: string) => {
  const m = machine({
    [at]: config(user, cluster),
    "/home/me/.kube/ca.pem": "CA",
    "/home/me/.kube/token": "from-file\n",
  });
  return { ...m, connection: connectionFrom({}, m.reading) };
};
const certificates = `client-certificate-data: ${base64("CERT")}\n    client-key-data: ${base64("KEY")}`;

describe("kubeconfig", () => {
  it("is looked for where kubectl looks", () => {
    const { reading } = machine({}, { KUBECONFIG: "/a::/b" });
    assert.deepEqual(kubeconfigPaths(undefined, reading), ["/a", "/b"]);
    assert.deepEqual(kubeconfigPaths("/c", reading), ["/c"]);
    assert.deepEqual(kubeconfigPaths(undefined, machine({}).reading), [at]);
  });

  it("of several files takes what the first says", async () => {
    const first = "clusters: [{name: x, cluster: {server: one}}]\ncurrent-context: a";
    const second =
      "clusters: [{name: x, cluster: {server: two}}, {name: z, cluster: {server: three}}]\ncurrent-context: b";
    const { reading } = machine({ "/1": first, "/2": second }, { KUBECONFIG: "/missing:/1:/2" });
    const { clusters, currentContext } = await loadKubeconfig(undefined, reading);
    assert.deepEqual(
      [...clusters].map(([name, { server }]) => [name, server]),
      [
        ["x", "one"],
        ["z", "three"],
      ],
    );
    assert.equal(currentContext, "a");
  });

  it("is read as it was written", () => {
    const parsed = parseKubeconfig(config(certificates, "insecure-skip-tls-verify: true"), at);
    assert.equal(parsed.users.get("me")?.["client-key-data"], base64("KEY"));
    assert.deepEqual(parseKubeconfig(formatKubeconfig(parsed), at), parsed);
  });

  it("gives server, namespace, CA and client certificate", async () => {
    const { server, namespace, ca, credentials } = await connecting(certificates, "certificate-authority: ca.pem")
      .connection;
    assert.deepEqual([server, namespace, ca], ["https://10.0.0.1:6443", "dev", "CA"]);
    assert.deepEqual(await credentials.certificate(), { cert: "CERT", key: "KEY" });
    assert.equal(await credentials.authorization(), undefined);
  });

  it("prefers data to files, and reads the TLS options", async () => {
    const more = `certificate-authority: missing.pem\n    certificate-authority-data: ${base64("INLINE")}\n    tls-server-name: api`;
    const { ca, tlsServerName } = await connecting("token: t", more).connection;
    assert.deepEqual([ca, tlsServerName], ["INLINE", "api"]);
    assert.equal(
      (await connecting("token: t", "insecure-skip-tls-verify: true").connection).insecureSkipTlsVerify,
      true,
    );
  });

  it("authorizes by token, by password, by a file's token", async () => {
    const header = async (connection: Promise<Connection>) => (await connection).credentials.authorization();
    assert.equal(await header(connecting("token: abc").connection), "Bearer abc");
    assert.equal(await header(connecting("{ username: u, password: p }").connection), `Basic ${base64("u:p")}`);
    assert.equal(await header(connecting("tokenFile: token").connection), "Bearer from-file");
  });

  it("reads a token file again each minute, and keeps the last when it is gone", async () => {
    const { connection, files, clock } = connecting("tokenFile: token");
    const { credentials } = await connection;
    await credentials.authorization();
    files["/home/me/.kube/token"] = "new";
    assert.equal(await credentials.authorization(), "Bearer from-file");
    await clock.advance(60_000);
    assert.equal(await credentials.authorization(), "Bearer new");
    delete files["/home/me/.kube/token"];
    await clock.advance(60_000);
    assert.equal(await credentials.authorization(), "Bearer new");
  });

  it("impersonates", async () => {
    const { headers } = await connecting("{ token: t, as: jane, as-groups: [a, b], as-user-extra: { 'x/y': [z] } }")
      .connection;
    assert.deepEqual(headers, {
      "Impersonate-User": "jane",
      "Impersonate-Group": ["a", "b"],
      "Impersonate-Extra-x%2Fy": ["z"],
    });
  });

  it("names a proxy", async () => {
    const { proxy } = await connecting("token: t", "proxy-url: socks5://proxy:1080").connection;
    assert.equal(proxy, "socks5://proxy:1080");
  });

  const wrong: readonly [what: string, user: string, cluster: string, message: RegExp][] = [
    ["a proxy of no known kind", "token: t", "proxy-url: ftp://proxy", /proxy-url must be such as http:.*"ftp:/],
    ["a certificate without its key", `client-certificate-data: ${base64("CERT")}`, "", /without client-key/],
    [
      "a CA with verification off",
      "token: t",
      "certificate-authority: ca.pem\n    insecure-skip-tls-verify: true",
      /exclude each other/,
    ],
    [
      "a missing file",
      "token: t",
      "certificate-authority: missing.pem",
      /unable to read certificate-authority \/home\/me\/.kube\/missing.pem/,
    ],
    ["groups without a user", "as-groups: [a]", "", /without impersonating a user/],
    ["an auth provider", "auth-provider: { name: gcp }", "", /no Auth Provider found for name "gcp"/],
  ];
  for (const [what, user, cluster, message] of wrong)
    it(`refuses ${what}`, () => assert.rejects(connecting(user, cluster).connection, message));

  it("says which contexts there are", async () => {
    const { reading } = machine({ [at]: config("token: t") });
    await assert.rejects(
      connectionFrom({ context: "other" }, reading),
      /context "other" does not exist.* main, broken/,
    );
    await assert.rejects(
      connectionFrom({ context: "broken" }, reading),
      /cluster "nowhere" of context "broken" does not exist/,
    );
    await assert.rejects(connectionFrom({ kubeconfig: "/missing" }, reading), /cannot read the kubeconfig \/missing/);
    await assert.rejects(connectionFrom({}, machine({}).reading), /no current-context/);
    await assert.rejects(connectionFrom({}, machine({ [at]: "a: [" }).reading), /error loading config file/);
  });
});

describe("exec plugins", () => {
  const printing =
    (status: object, apiVersion = "client.authentication.k8s.io/v1") =>
    () => ({
      exitCode: 0,
      stdout: JSON.stringify({ kind: "ExecCredential", apiVersion, status }),
      stderr: "",
    });
  const exec =
    "exec: { apiVersion: client.authentication.k8s.io/v1, command: ./get-token, args: [a], env: [{ name: X, value: extra }], provideClusterInfo: true }";
  const asking = async (program?: () => ProgramResult | Error) => {
    const m = machine({ [at]: config(exec) }, { HOME: "/home/me" }, program);
    return { ...m, credentials: (await connectionFrom({}, m.reading)).credentials };
  };

  it("are told what is asked, and run once until what they gave expires", async () => {
    const { credentials, ran, clock } = await asking(
      printing({ token: "t", expirationTimestamp: "2026-01-01T00:10:00Z" }),
    );
    await Promise.all([credentials.authorization(), credentials.certificate()]);
    assert.equal(await credentials.authorization(), "Bearer t");
    assert.equal(ran.length, 1);
    const [command, args, env] = ran[0] as (typeof ran)[number];
    assert.deepEqual([command, args, env.X, env.HOME], ["/home/me/.kube/get-token", ["a"], "extra", "/home/me"]);
    assert.deepEqual(JSON.parse(env.KUBERNETES_EXEC_INFO ?? ""), {
      kind: "ExecCredential",
      apiVersion: "client.authentication.k8s.io/v1",
      spec: { interactive: false, cluster: { server: "https://10.0.0.1:6443/" } },
    });
    await clock.advance(600_000);
    await credentials.authorization();
    assert.equal(ran.length, 2);
    assert.ok(credentials.refused());
    await credentials.authorization();
    assert.equal(ran.length, 3);
  });

  it("may give a certificate", async () => {
    const { credentials } = await asking(printing({ clientCertificateData: "CERT", clientKeyData: "KEY" }));
    assert.deepEqual(await credentials.certificate(), { cert: "CERT", key: "KEY" });
    assert.equal(await credentials.authorization(), undefined);
  });

  const wrong: readonly [what: string, program: (() => ProgramResult | Error) | undefined, message: RegExp][] = [
    ["is not there", undefined, /executable .*get-token not found: install it/],
    ["fails", () => ({ exitCode: 3, stdout: "", stderr: "no login\n" }), /failed with exit code 3: no login/],
    ["prints no JSON", () => ({ exitCode: 0, stdout: "hello", stderr: "" }), /decoding stdout/],
    [
      "speaks another version",
      printing({ token: "t" }, "client.authentication.k8s.io/v1beta1"),
      /plugin returned version/,
    ],
    ["gives nothing", printing({}), /didn't return a token or cert\/key pair/],
    ["gives half a pair", printing({ clientKeyData: "KEY" }), /only certificate or key/],
  ];
  for (const [what, program, message] of wrong)
    it(`are told of when one ${what}`, async () => {
      const { credentials } = await asking(program);
      await assert.rejects(credentials.authorization(), message);
    });

  it("are run by the machine", async () => {
    const { run } = machineReading();
    const there = await run(process.execPath, ["-e", "console.log(process.env.X); process.exit(4)"], { X: "y" });
    assert.deepEqual(there, { exitCode: 4, stdout: "y\n", stderr: "" });
    await assert.rejects(run("/no/such/program", [], {}), { code: "ENOENT" });
  });
});

describe("in-cluster connection", () => {
  const mount = "/var/run/secrets/kubernetes.io/serviceaccount";
  const files = () => ({ [`${mount}/token`]: "t1\n", [`${mount}/ca.crt`]: "CA", [`${mount}/namespace`]: "team" });
  const env = { KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443" };

  it("comes from the mount, and follows the token", async () => {
    const { reading, clock, files: mounted } = machine(files(), env);
    const { server, ca, namespace, credentials } = await connectionFrom({}, reading);
    assert.deepEqual([server, ca, namespace], ["https://10.96.0.1:443", "CA", "team"]);
    assert.equal(await credentials.authorization(), "Bearer t1");
    mounted[`${mount}/token`] = "t2";
    assert.ok(credentials.refused());
    assert.equal(await credentials.authorization(), "Bearer t2");
    mounted[`${mount}/token`] = "t3";
    await clock.advance(60_000);
    assert.equal(await credentials.authorization(), "Bearer t3");
  });

  it("knows IPv6, and says what it misses", async () => {
    const six = machine(files(), { ...env, KUBERNETES_SERVICE_HOST: "fd00::1" });
    assert.equal((await inClusterConnection(six.reading)).server, "https://[fd00::1]:443");
    await assert.rejects(inClusterConnection(machine(files()).reading), /must be defined/);
    await assert.rejects(inClusterConnection(machine({}, env).reading), /failed to read token file/);
  });
});

describe("authenticated transport", () => {
  /** Answers with these statuses, one after the other. */
  function answering(...statuses: number[]) {
    const asked: ApiRequest["headers"][] = [];
    const transport: Transport = {
      async request({ headers }) {
        asked.push(headers);
        const bytes = async () => new Uint8Array();
        return { status: statuses.shift() ?? 200, headers: {}, bytes, stream: async function* () {} };
      },
      close() {},
    };
    return { transport, asked };
  }

  it("adds credentials and impersonation, and leaves what a request says itself", async () => {
    const { transport, asked } = answering();
    const connection = await connecting("{ token: t, as: jane, as-groups: [a, b] }").connection;
    await authenticated(transport, connection).request({ method: "GET", path: "/", headers: { accept: "x" } });
    const impersonating = { "Impersonate-User": "jane", "Impersonate-Group": ["a", "b"] };
    assert.deepEqual(asked, [{ authorization: "Bearer t", ...impersonating, accept: "x" }]);
  });

  it("tries once more with a token that was read anew", async () => {
    const { transport, asked } = answering(401, 401);
    const { connection, files } = connecting("tokenFile: token");
    const authenticatedTransport = authenticated(transport, await connection);
    await (await connection).credentials.authorization();
    files["/home/me/.kube/token"] = "new";
    const response = await authenticatedTransport.request({ method: "GET", path: "/" });
    assert.equal(response.status, 401);
    assert.deepEqual(
      asked.map((headers) => headers?.authorization),
      ["Bearer from-file", "Bearer new"],
    );
  });

  it("does not try again with what stands fixed", async () => {
    const { transport, asked } = answering(401);
    await authenticated(transport, await connecting("token: t").connection).request({ method: "GET", path: "/" });
    assert.equal(asked.length, 1);
  });
});
