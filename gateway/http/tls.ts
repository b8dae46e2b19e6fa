import { createSecureContext } from 'node:tls'

/** The certificate of the client port and its key, in PEM. */
export type Tls = { readonly cert: Buffer; readonly key: Buffer }

/** @throws Error with the reason when no listener can use them */
export const checkTls = (tls: Tls): void => void createSecureContext({ ...tls })
