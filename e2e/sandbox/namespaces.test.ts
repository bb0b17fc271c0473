/** Both drivers of namespaces against their suite. */
import { createFfiDriver } from "@kubets/sandbox/namespaces/ffi-driver";
import { namespacesSuite } from "@kubets/sandbox/namespaces/namespaces.suite";
import { createNsenterDriver } from "@kubets/sandbox/namespaces/nsenter-driver";

namespacesSuite("ffi", createFfiDriver);
namespacesSuite("nsenter", createNsenterDriver);
