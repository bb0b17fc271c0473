/** The server answered a request for another protocol with something else than the switch. */
export class UpgradeRefusedError extends Error {
  readonly status: number;
  readonly body: Buffer;

  constructor(status: number, body: Buffer) {
    super(`the server refused the upgrade with status ${status}`);
    this.name = "UpgradeRefusedError";
    this.status = status;
    this.body = body;
  }
}
