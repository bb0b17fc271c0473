/**
 * A transport that says who it is: adds the credentials of a connection, and whom it impersonates, to each request. When the server
 * answers 401 and the credentials can be had anew (a token file, a program), the request is sent once more.
 */
import type { ApiRequest, ApiResponse, Transport } from "../transport.ts";
import type { Connection } from "./connection.ts";

export function authenticated(
  transport: Transport,
  { headers, credentials }: Pick<Connection, "headers" | "credentials">,
): Transport {
  const send = async (request: ApiRequest): Promise<ApiResponse> => {
    const authorization = await credentials.authorization();
    const own = authorization ? { authorization, ...headers } : headers;
    return transport.request({ ...request, headers: { ...own, ...request.headers } });
  };
  return {
    async request(request) {
      const response = await send(request);
      if (response.status !== 401 || !credentials.refused()) return response;
      await response.bytes();
      return send(request);
    },
    close: () => transport.close(),
  };
}
