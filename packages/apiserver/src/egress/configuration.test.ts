import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { loadEgressConfiguration } from "./configuration.ts";

describe("the egress selectors of a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-egress-"));
  after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "egress.yaml");
  const load = (egressSelections: readonly object[], version = "v1beta1") => {
    const head = { apiVersion: `apiserver.k8s.io/${version}`, kind: "EgressSelectorConfiguration" };
    writeFileSync(path, JSON.stringify({ ...head, egressSelections }));
    return loadEgressConfiguration(path);
  };
  const connect = (transport?: object) => ({ proxyProtocol: "HTTPConnect", ...(transport && { transport }) });
  const uds = { udsName: "/run/proxy" };

  it("name a connection for each purpose", () => {
    const read = load([
      { name: "cluster", connection: connect({ tcp: { url: "http://proxy:8131" } }) },
      { name: "ControlPlane", connection: { proxyProtocol: "Direct" } },
      { name: "etcd", connection: { proxyProtocol: "GRPC", transport: { uds } } },
    ]);
    assert.deepEqual([...read.keys()], ["cluster", "controlplane", "etcd"]);
    const etcd = read.get("etcd");
    assert.ok(etcd?.protocol === "GRPC" && etcd.proxy.uds.udsName === "/run/proxy");
    assert.equal(load([], "v1alpha1").size, 0);
  });

  const AT = "service.connection";
  const tcp = (tls: object | undefined, url = "https://proxy") =>
    connect({ tcp: { url, ...(tls && { tlsConfig: tls }) } });
  const table: readonly [connection: object, problem: string][] = [
    [
      { proxyProtocol: "SOCKS" },
      `${AT}.protocol: Unsupported value: "SOCKS": supported values: "Direct", "HTTPConnect", "GRPC"`,
    ],
    [
      { proxyProtocol: "Direct", transport: {} },
      `${AT}.transport: Invalid value: "direct": Transport config should be absent for direct connect`,
    ],
    [connect(), `${AT}.transport: Required value: transport must be set for HTTPConnect`],
    [connect({}), `${AT}.tcp: Required value: One of TCP or UDS must be set`],
    [connect({ uds: {} }), `${AT}.udsName: Invalid value: "nil": UDSName should be present for UDS connections`],
    [{ proxyProtocol: "GRPC" }, `${AT}.transport: Required value: transport must be set for GRPC`],
    [
      { proxyProtocol: "GRPC", transport: { tcp: { url: "http://a" } } },
      `${AT}.uds: Required value: UDS must be set with GRPC`,
    ],
    [
      tcp(undefined, "ftp://a"),
      `${AT}.url: Invalid value: "ftp://a": supported connection protocols are http:// and https://`,
    ],
    [
      tcp({}, "http://a"),
      `${AT}.tlsConfig: Invalid value: "nil": TLSConfig config should not be present when using HTTP`,
    ],
    [tcp(undefined), `${AT}.tlsConfig: Required value: TLSConfig must be present when using HTTPS`],
    [
      tcp({ caBundle: "/nowhere", clientCert: path }),
      `[${AT}.tlsConfig.caBundle: Invalid value: "/nowhere": TLS config ca bundle does not exist, ${AT}.tlsConfig.clientKey: Invalid value: "nil": Using TLS requires requires clientKey]`,
    ],
  ];
  for (const [connection, problem] of table)
    it(`are refused: ${problem}`, () => {
      assert.throws(
        () => load([{ name: "cluster", connection }]),
        new RegExp(`failed to validate egress selector configuration: ${RegExp.escape(problem)}$`),
      );
    });

  it("are refused where both transports are given, or a name is unknown, or given twice", () => {
    const both = connect({ uds, tcp: { url: "http://a" } });
    assert.throws(() => load([{ name: "etcd", connection: both }]), /TCP and UDS cannot both be set$/);
    const connection = connect({ uds });
    assert.throws(
      () => load(["etcd", "Etcd", "master"].map((name) => ({ name, connection }))),
      /\[service\.connection\[1\]: Duplicate value: "etcd", service\.connection: Unsupported value: "master": supported values: "cluster", "controlplane", "etcd"\]$/,
    );
    assert.throws(() => load([{ name: "etcd", connection, more: 1 }]), /unknown field "egressSelections\[0\]\.more"/);
  });
});
