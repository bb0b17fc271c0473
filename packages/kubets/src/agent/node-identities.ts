/**
 * Keeps the certificates of a node young: those by which its parts are known to the API server, and the one that its kubelet serves with. All are asked for as the
 * node; each is written where it was read, and put to use at once.
 */
import { readFileSync } from "node:fs";
import type { Cache } from "@kubets/client";
import { type KeptCertificate, keepRenewed } from "@kubets/client/certificates/keep-renewed";
import { NODE_USER_PREFIX, servingWish } from "@kubets/client/certificates/node-wishes";
import { type CertificateWish, requestCertificate } from "@kubets/client/certificates/request-certificate";
import type { Client } from "@kubets/client/client";
import type { ClientCertificate } from "@kubets/client/kubeconfig/credentials";
import type { OpenedTransport } from "@kubets/client/kubeconfig/open-client";
import { readCertificate } from "@kubets/wire/x509";
import { wishOfCertificate } from "../join/certificate-wishes.ts";
import { readIdentity, writeIdentity, writeSafely } from "../join/node-files.ts";
import { followOrders } from "../join/renewal-orders.ts";
import type { AgentParts } from "./run-agent.ts";

interface NodeIdentitiesOptions extends AgentParts {
  /** As the node. */
  readonly client: Client;
}

export class NodeIdentities {
  readonly #options: NodeIdentitiesOptions;
  readonly #kept: KeptCertificate[] = [];

  constructor(options: NodeIdentitiesOptions) {
    this.#options = options;
  }

  /** A kubeconfig without a certificate in it (with a token, or files of others) is left alone. */
  keep(kubeconfig: string, transport: OpenedTransport): void {
    const identity = readIdentity(kubeconfig);
    if (!identity) return;
    const wish = wishOfCertificate(identity.certificate.cert);
    this.#keep(identity.user, identity.certificate.cert, wish, async (certificate) => {
      writeIdentity(kubeconfig, { ...identity, certificate });
      await transport.useCertificate(certificate);
    });
  }

  keepServing(certFile: string, keyFile: string, reload: () => void): void {
    if (!certFile || !keyFile) return;
    const cert = readFileSync(certFile, "utf8");
    const { commonName, ipAddresses } = readCertificate(cert);
    // One that people brought from elsewhere is theirs to renew.
    if (!commonName.startsWith(NODE_USER_PREFIX)) return;
    const wish = servingWish(commonName.slice(NODE_USER_PREFIX.length), ipAddresses);
    this.#keep("kubelet-serving", cert, wish, (renewed) => {
      writeSafely(keyFile, renewed.key);
      writeSafely(certFile, renewed.cert);
      reload();
    });
  }

  /** `kubets certs renew`. */
  followOrders(cache: Pick<Cache, "informer">): void {
    followOrders(cache, (time) => {
      for (const kept of this.#kept) kept.renewOlderThan(time);
    });
  }

  #keep(what: string, cert: string, wish: CertificateWish, use: (renewed: ClientCertificate) => Promise<void> | void) {
    const { client, clock, random, log, signal } = this.#options;
    const request = () => requestCertificate(wish, { client, clock, signal });
    this.#kept.push(keepRenewed(cert, { what, clock, random, log, signal, request, use }));
  }
}
