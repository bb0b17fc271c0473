/** The container cannot be made from what the pod asks for; the reason and message go into its status. */
export class ContainerConfigError extends Error {
  override readonly name = "ContainerConfigError";
  readonly reason: string;

  constructor(message: string, reason = "CreateContainerConfigError") {
    super(message);
    this.reason = reason;
  }
}
