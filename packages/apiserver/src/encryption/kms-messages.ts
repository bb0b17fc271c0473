/** The messages of key management plugins (kms/apis/v2), and what is stored of what they sealed. */
import { defineMessages, method } from "@kubets/wire/proto";

const type = defineMessages({
  StatusRequest: "",
  StatusResponse: "version=1:string healthz=2:string keyId=3:string",
  DecryptRequest: "ciphertext=1:bytes uid=2:string keyId=3:string annotations=4:map<string,bytes>",
  DecryptResponse: "plaintext=1:bytes",
  EncryptRequest: "plaintext=1:bytes uid=2:string",
  EncryptResponse: "ciphertext=1:bytes keyId=2:string annotations=3:map<string,bytes>",
  EncryptedObject:
    "encryptedData=1:bytes keyId=2:string encryptedDekSource=3:bytes annotations=4:map<string,bytes> encryptedDekSourceType=5:enum",
});

type Annotations = Readonly<Record<string, Uint8Array>>;

interface StatusResponse {
  readonly version: string;
  readonly healthz: string;
  readonly keyId: string;
}

interface DecryptRequest {
  readonly ciphertext: Uint8Array;
  readonly uid: string;
  readonly keyId: string;
  readonly annotations: Annotations;
}

interface EncryptRequest {
  readonly plaintext: Uint8Array;
  readonly uid: string;
}

export interface EncryptResponse {
  readonly ciphertext: Uint8Array;
  readonly keyId: string;
  readonly annotations: Annotations;
}

export interface EncryptedObject {
  readonly encryptedData: Uint8Array;
  readonly keyId: string;
  readonly encryptedDekSource: Uint8Array;
  readonly annotations: Annotations;
  /** 0: a key of AES-GCM as it is; 1: a seed from which a key is made for each value. */
  readonly encryptedDekSourceType: number;
}

export const encryptedObject = type<EncryptedObject>("EncryptedObject");

const path = (name: string) => `/v2.KeyManagementService/${name}`;

export const KeyManagementService = {
  status: method(
    "unary",
    path("Status"),
    type<Record<string, never>>("StatusRequest"),
    type<StatusResponse>("StatusResponse"),
  ),
  decrypt: method(
    "unary",
    path("Decrypt"),
    type<DecryptRequest>("DecryptRequest"),
    type<{ readonly plaintext: Uint8Array }>("DecryptResponse"),
  ),
  encrypt: method(
    "unary",
    path("Encrypt"),
    type<EncryptRequest>("EncryptRequest"),
    type<EncryptResponse>("EncryptResponse"),
  ),
};
