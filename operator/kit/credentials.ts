import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

/** Where the API server is and how to be believed there. Texts are PEM; files are read again while the process runs. */
export type ApiCredentials = {
  readonly server: string
  readonly ca?: string
  readonly caFile?: string
  readonly cert?: string
  readonly key?: string
  readonly token?: string
  readonly tokenFile?: string
  readonly namespace?: string
}

const mounted = '/var/run/secrets/kubernetes.io/serviceaccount'

/** The ServiceAccount of the pod. Throws where there is none. */
export function inCluster(environment: NodeJS.ProcessEnv = process.env, folder = mounted): ApiCredentials {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment
  if (host === undefined || port === undefined) throw new Error('this is no pod: KUBERNETES_SERVICE_HOST is not set')
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    caFile: `${folder}/ca.crt`,
    tokenFile: `${folder}/token`,
    namespace: readFileSync(`${folder}/namespace`, 'utf8').trim(),
  }
}

type Fields = Record<string, string>
type Kubeconfig = { readonly 'current-context'?: string } & {
  readonly [list in 'contexts' | 'clusters' | 'users']?: readonly ({ readonly name: string } & Record<string, Fields>)[]
}

/**
 * The current context of a kubeconfig. `parse` reads its text: JSON is understood here, a caller that has a YAML parser passes it. Programs that give
 * out credentials (`exec`) are not run, and an unverified server (`insecure-skip-tls-verify`) is refused.
 */
export function fromKubeconfig(text: string, parse: (text: string) => unknown = JSON.parse): ApiCredentials {
  const config = parse(text) as Kubeconfig
  const find = (list: 'contexts' | 'clusters' | 'users', field: string, wanted: string | undefined): Fields =>
    config[list]?.find(({ name }) => name === wanted)?.[field] ?? {}
  const context = find('contexts', 'context', config['current-context'])
  const cluster = find('clusters', 'cluster', context['cluster'])
  const user = find('users', 'user', context['user'])
  for (const refused of ['insecure-skip-tls-verify', 'exec', 'auth-provider', 'username'])
    if (refused in cluster || refused in user) throw new Error(`the kubeconfig says ${refused}, which is refused`)
  if (cluster['server'] === undefined) throw new Error('the kubeconfig has no current context')
  const known = {
    ca: pem(cluster, 'certificate-authority'),
    cert: pem(user, 'client-certificate'),
    key: pem(user, 'client-key'),
    token: user['token'],
    tokenFile: user['tokenFile'],
    namespace: context['namespace'],
  }
  const set = Object.entries(known).filter(([, value]) => value !== undefined)
  return { server: cluster['server'], ...Object.fromEntries(set) }
}

function pem(from: Record<string, string>, name: string): string | undefined {
  const data = from[`${name}-data`]
  if (data !== undefined) return Buffer.from(data, 'base64').toString()
  return from[name] === undefined ? undefined : readFileSync(from[name], 'utf8')
}

export type CurrentCredentials = { readonly token?: string | undefined; readonly ca?: string | undefined }

/** What the files say now. */
export async function readCurrent({ ca, caFile, token, tokenFile }: ApiCredentials): Promise<CurrentCredentials> {
  return {
    token: tokenFile === undefined ? token : (await readFile(tokenFile, 'utf8')).trim(),
    ca: caFile === undefined ? ca : await readFile(caFile, 'utf8'),
  }
}
