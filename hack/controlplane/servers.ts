import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../bench/process.ts'
import type { Authority } from './certificates.ts'
import { kubeconfigOf, type Credentials } from './credentials.ts'
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

/** Those that make pods of workloads, collect garbage, end namespaces, aggregate roles and look at admission policies. */
const controllers = [
  'deployment-controller',
  'replicaset-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'serviceaccount-controller',
  'root-ca-certificate-publisher-controller',
  'endpointslice-controller',
  'disruption-controller',
  'clusterrole-aggregation-controller',
  'validatingadmissionpolicy-status-controller',
]

const flags = (values: Readonly<Record<string, string>>): string[] =>
  Object.entries(values).map(([name, value]) => `--${name}=${value}`)

async function startEtcd({ bin, folder }: Place): Promise<{ url: string; program: Program }> {
  const [client, peer] = [await freePort(), await freePort()]
  const url = `http://127.0.0.1:${client}`
  const settings = {
    'data-dir': join(folder, 'etcd'),
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': `http://127.0.0.1:${peer}`,
    'unsafe-no-fsync': 'true', // only this process has to survive, not a power cut
  }
  const program = launch([join(bin, 'etcd'), ...flags(settings)], join(folder, 'etcd.log'))
  await until('etcd', program, async () => (await fetch(`${url}/health`)).ok)
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

/**
 * Starts etcd and kube-apiserver on free ports of 127.0.0.1 and waits until it is ready.
 * @param extra further flags of kube-apiserver
 */
export async function startServers(place: Place, extra: readonly string[]): Promise<Servers> {
  const { bin, folder, authority } = place
  await mkdir(folder, { recursive: true })
  const [etcd, keys, port, user] = await Promise.all([
    startEtcd(place),
    keyFiles(place),
    freePort(),
    authority.issue('/O=system:masters/CN=admin'),
  ])
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
      await until('kube-apiserver', started, async () => (await client.request('GET', '/readyz')).status === 200)
      client.close()
    },
    async startControllers(endpoints = true) {
      const config = join(folder, 'controllers.kubeconfig')
      const master = await authority.issue('/O=system:masters/CN=controllers')
      await writeFile(config, kubeconfigOf({ server, ca: authority.ca, ...master }), { mode: 0o600 })
      const settings = {
        kubeconfig: config,
        controllers: controllers.filter(name => endpoints || name !== 'endpointslice-controller').join(','),
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
  try {
    await servers.startApiserver()
  } catch (error) {
    await servers.stop()
    throw error
  }
  return servers
}
