import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export type Certificate = { readonly cert: string; readonly key: string }

/** A certificate authority in a folder. It issues by `openssl`, since Node cannot make certificates. */
export type Authority = {
  readonly ca: string
  /** @param subject such as `/O=system:masters/CN=admin`: RBAC reads O as group and CN as user */
  readonly issue: (subject: string, alternatives?: string) => Promise<Certificate>
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

async function make(folder: string, name: string, options: readonly string[]): Promise<Certificate> {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)]
  await run('openssl', ['req', '-x509', '-days', '30', ...newKey, '-keyout', key, '-out', cert, ...options])
  return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') }
}

/** Makes an authority. Its files are `ca.crt` and `ca.key`; those that it issues are numbered. */
export async function authority(folder: string): Promise<Authority> {
  const { cert: ca } = await make(folder, 'ca', ['-subj', '/CN=bartizan-test-ca'])
  const signer = ['-CA', join(folder, 'ca.crt'), '-CAkey', join(folder, 'ca.key')]
  let issued = 0
  return {
    ca,
    issue(subject, alternatives = 'DNS:client') {
      const extensions = [`subjectAltName=${alternatives}`, 'extendedKeyUsage=serverAuth,clientAuth']
      const options = [...signer, '-subj', subject, ...extensions.flatMap(extension => ['-addext', extension])]
      return make(folder, `issued-${++issued}`, options)
    },
  }
}
