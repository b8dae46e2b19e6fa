/** How a client reaches an API server: with a client certificate, with a token, or anonymously. All of it is PEM or text, no files. */
export type Credentials = {
  readonly server: string
  readonly ca: string
  readonly cert?: string
  readonly key?: string
  readonly token?: string
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** The kubeconfig of these credentials, in JSON, which is YAML as well. */
export function kubeconfigOf({ server, ca, cert, key, token }: Credentials): string {
  const certificate =
    cert === undefined || key === undefined
      ? {}
      : { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) }
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: 'u', user: { ...certificate, ...(token === undefined ? {} : { token }) } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  })
}
