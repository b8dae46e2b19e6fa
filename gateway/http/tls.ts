/** The certificate of the client port, in PEM. */
export type Tls = { readonly cert: Buffer; readonly key: Buffer }
