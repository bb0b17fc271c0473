/** The embeddable API: what a program imports from "kubets". */
export { createApiServer } from "@kubets/apiserver/api-server";
