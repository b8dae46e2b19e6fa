import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Authority } from './certificates.ts'
import { kubeconfigOf, type Credentials } from './credentials.ts'
import { onFreePorts, type Choose } from './ports.ts'
import { launch, until, type Program } from './program.ts'
import { rest } from './rest.ts'

/** Where the programs are, where they keep their data, and who signs their certificates. */
export type Place = { readonly bin: string; readonly folder: string; readonly authority: Authority }

/** What a running control plane consists of. The API server can be started again on its own port and data. */
export type Servers = {
  readonly etcd: string
  readonly server: string
  readonly admin: Credentials
  apiserver(): Program
  startApiserver(): Promise<void>
  startControllers(endpoints?: boolean): Promise<void>
  stop(): Promise<void>
}

/** Those that make pods of workloads, fill Secrets with tokens, collect garbage, end namespaces, aggregate roles and look at admission policies. */
const controllers = [
  'deployment-controller',
  'replicaset-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'serviceaccount-controller',
  'serviceaccount-token-controller',
  'root-ca-certificate-publisher-controller',
  'endpointslice-controller',
  'disruption-controller',
  'clusterrole-aggregation-controller',
  'validatingadmissionpolicy-status-controller',
]

const flags = (values: Readonly<Record<string, string>>): string[] =>
  Object.entries(values).map(([name, value]) => `--${name}=${value}`)

type Etcd = { readonly url: string; readonly program: Program }

async function startEtcd({ bin, folder }: Place, [client, peer]: readonly number[]): Promise<Etcd> {
  const url = `http://127.0.0.1:${client}`
  const peers = `http://127.0.0.1:${peer}`
  const name = basename(folder)
  const settings = {
    name,
    'data-dir': join(folder, 'etcd'),
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': peers,
    'initial-advertise-peer-urls': peers,
    'initial-cluster': `${name}=${peers}`,
    'unsafe-no-fsync': 'true', // only this process has to survive, not a power cut
  }
  const program = launch([join(bin, 'etcd'), ...flags(settings)], join(folder, 'etcd.log'))
  // By its name: where another was faster, it is the other that answers at this port.
  const isOurs = async (): Promise<boolean> => {
    const asked = await fetch(`${url}/v3/cluster/member/list`, { method: 'POST', body: '{}' })
    const { members } = (await asked.json()) as { members: readonly { name?: string }[] }
    return members[0]?.name === name
  }
  await until('etcd', program, isOurs)
  return { url, program }
}

async function keyFiles({ folder, authority }: Place): Promise<Readonly<Record<string, string>>> {
  const serving = await authority.issue('/CN=kube-apiserver', 'IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc')
  const accounts = await authority.issue('/CN=service-accounts')
  const files = { 'tls.crt': serving.cert, 'tls.key': serving.key, 'sa.crt': accounts.cert, 'sa.key': accounts.key }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 })
  return {
    'tls-cert-file': join(folder, 'tls.crt'),
    'tls-private-key-file': join(folder, 'tls.key'),
    'client-ca-file': join(folder, 'ca.crt'),
    'service-account-key-file': join(folder, 'sa.crt'),
    'service-account-signing-key-file': join(folder, 'sa.key'),
    'service-account-issuer': 'https://kubernetes.default.svc',
  }
}

/** What an API server needs that does not depend on its port. */
type Base = {
  readonly place: Place
  readonly etcd: Etcd
  readonly keys: Readonly<Record<string, string>>
  readonly user: { readonly cert: string; readonly key: string }
  readonly extra: readonly string[]
}

async function serversOn({ place, etcd, keys, user, extra }: Base, port: number): Promise<Servers> {
  const { bin, folder, authority } = place
  const server = `https://127.0.0.1:${port}`
  const admin: Credentials = { server, ca: authority.ca, ...user }
  const settings = {
    'etcd-servers': etcd.url,
    'bind-address': '127.0.0.1',
    'secure-port': String(port),
    'cert-dir': folder,
    'service-cluster-ip-range': '10.96.0.0/16',
    'authorization-mode': 'RBAC',
    'allow-privileged': 'true',
    'endpoint-reconciler-type': 'none', // a loopback address is no endpoint
    'shutdown-delay-duration': '0s',
    ...keys,
  }
  const command = [join(bin, 'kube-apiserver'), ...flags(settings), ...extra]
  const programs: Program[] = [etcd.program]
  let apiserver: Program | undefined

  const servers: Servers = {
    etcd: etcd.url,
    server,
    admin,
    apiserver() {
      if (apiserver === undefined) throw new Error('the API server was not started')
      return apiserver
    },
    async startApiserver() {
      const started = launch(command, join(folder, 'apiserver.log'))
      apiserver = started
      programs.push(started)
      const client = rest(admin)
      try {
        await until('kube-apiserver', started, async () => (await client.request('GET', '/readyz')).status === 200)
      } catch (error) {
        await started.kill()
        throw error
      } finally {
        client.close()
      }
    },
    async startControllers(endpoints = true) {
      const config = join(folder, 'controllers.kubeconfig')
      const master = await authority.issue('/O=system:masters/CN=controllers')
      await writeFile(config, kubeconfigOf({ server, ca: authority.ca, ...master }), { mode: 0o600 })
      const settings = {
        kubeconfig: config,
        controllers: controllers.filter(name => endpoints || name !== 'endpointslice-controller').join(','),
        // Each is a user of its own, as in most clusters: what a policy forbids everyone but the operator must not stop one of them.
        'use-service-account-credentials': 'true',
        'leader-elect': 'false',
        'secure-port': '0',
        'root-ca-file': join(folder, 'ca.crt'),
        'service-account-private-key-file': join(folder, 'sa.key'),
      }
      programs.push(launch([join(bin, 'kube-controller-manager'), ...flags(settings)], join(folder, 'controllers.log')))
    },
    async stop() {
      await Promise.all(programs.map(program => program.kill()))
    },
  }
  await servers.startApiserver()
  return servers
}

/**
 * Starts etcd and kube-apiserver on free ports of 127.0.0.1 and waits until it is ready.
 * @param extra further flags of kube-apiserver
 */
export async function startServers(place: Place, extra: readonly string[], choose?: Choose): Promise<Servers> {
  await mkdir(place.folder, { recursive: true })
  const [etcd, keys, user] = await Promise.all([
    onFreePorts(2, ports => startEtcd(place, ports), choose),
    keyFiles(place),
    place.authority.issue('/O=system:masters/CN=admin'),
  ])
  try {
    return await onFreePorts(1, ([port = 0]) => serversOn({ place, etcd, keys, user, extra }, port), choose)
  } catch (error) {
    await etcd.program.kill()
    throw error
  }
}
