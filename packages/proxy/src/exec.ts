/** Programs of the machine; the proxy takes them as an argument. */
export * from "@kubets/machinery/exec";
