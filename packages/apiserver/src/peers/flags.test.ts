import assert from "node:assert/strict";
import { test } from "node:test";
import { peerSettings } from "./flags.ts";

const NONE = {
  "peer-ca-file": "",
  "peer-advertise-ip": "",
  "peer-advertise-port": "",
  "proxy-client-cert-file": "",
  "proxy-client-key-file": "",
};
const PROXY = { "proxy-client-cert-file": "a.crt", "proxy-client-key-file": "a.key" };

test("peers are those of the flags, and what cannot be is refused", () => {
  const of = (flags: Partial<typeof NONE>, isOn = true) => peerSettings({ ...NONE, ...flags }, () => isOn);
  assert.deepEqual(of({}), {});
  assert.deepEqual(of({}, false), {});
  const all = { "peer-ca-file": "ca.crt", "peer-advertise-ip": "192.0.2.7", "peer-advertise-port": "7443" };
  assert.deepEqual(of({ ...PROXY, ...all }), { caFile: "ca.crt", host: "192.0.2.7", port: 7443 });
  for (const [name, value] of Object.entries(all))
    assert.throws(() => of({ ...PROXY, [name]: value }, false), {
      message: `--${name} requires UnknownVersionInteroperabilityProxy feature to be turned on`,
    });
  assert.throws(() => of({ "peer-ca-file": "ca.crt" }), /--peer-ca-file requires --proxy-client-cert-file/);
  for (const port of ["0", "65536", "https", "-1", "1e3"])
    assert.throws(() => of({ "peer-advertise-port": port }), /is no port: a number from 1 to 65535 is due/);
});
