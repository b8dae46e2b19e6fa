import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { locate } from '../cluster/binaries.ts'
import { authority } from './certificates.ts'
import { kubeconfigOf, type Credentials } from './credentials.ts'
import { playPods, type Kubelet, type KubeletOptions } from './kubelet.ts'
import { kubectl, type Ran } from './kubectl.ts'
import { rest, type Rest } from './rest.ts'
import { startServers, type Servers } from './servers.ts'

export type Options = {
  /** Start kube-controller-manager: Deployments get pods, what has no owner left is collected, namespaces end. */
  readonly controllers?: boolean
  /** false: no EndpointSlices, which would refuse the loopback addresses of played pods again and again. */
  readonly endpoints?: boolean
  /** Nodes of the fake kubelet that plays the pods; 0, which is the default, for none. */
  readonly nodes?: number
  /** Apply `config/crd` first. Controllers that start later know these kinds at once, those that were there before only after half a minute. */
  readonly crds?: boolean
  /** Further flags of kube-apiserver. */
  readonly flags?: readonly string[]
}

/** A real API server, and who may talk to it. */
export type ControlPlane = {
  readonly url: string
  readonly ca: string
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string
  readonly admin: Credentials
  /** A person with a certificate. Without a binding they may do nothing but look at the API itself. */
  user(name: string, groups?: readonly string[]): Promise<Credentials>
  /** A token of a ServiceAccount that exists; valid for an hour, or for as many seconds as are given (at least 600). */
  token(namespace: string, serviceAccount: string, seconds?: number): Promise<string>
  /** {@link token} as credentials. */
  account(namespace: string, serviceAccount: string): Promise<Credentials>
  /** Runs kubectl, as the administrator unless others are given. */
  kubectl(args: readonly string[], input?: string, as?: Credentials): Promise<Ran>
  /** A plain client with these credentials, as the administrator unless others are given; closed at the end. */
  rest(as?: Credentials): Rest
  /** Plays the kubelet for pods. */
  kubelet(options?: KubeletOptions): Promise<Kubelet>
}

/** A control plane of one's own, which may therefore be maltreated. */
export type OwnControlPlane = ControlPlane & {
  /** Ends the API server with SIGKILL. */
  kill(): Promise<void>
  /** Starts it again after {@link kill}: same port, same data. */
  restart(): Promise<void>
  /** SIGSTOP: connections stay open and nothing answers. */
  freeze(): void
  thaw(): void
  /**
   * Forgets the history of all objects up to now. The API server keeps a history in memory as well: only after a {@link restart} does a watch
   * from an old version get 410.
   */
  compact(): Promise<void>
  /** Ends everything and removes its files. */
  stop(): Promise<void>
}

type Live = { readonly bin: string; readonly folder: string; readonly servers: Servers; close: (() => void)[] }
type Authority = Awaited<ReturnType<typeof authority>>

async function applyCrds(plane: ControlPlane): Promise<void> {
  const folder = join(import.meta.dirname, '..', '..', 'config', 'crd')
  const files = (await readdir(folder)).filter(name => name.startsWith('mcp.gateway.io_'))
  const args = ['apply', '--server-side', '--validate=strict', ...files.flatMap(name => ['-f', join(folder, name)])]
  const applied = await plane.kubectl(args)
  if (applied.status !== 0) throw new Error(`config/crd was refused:\n${applied.stderr}`)
  const seen = await plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s'])
  if (seen.status !== 0) throw new Error(seen.stderr)
}

function handleOf({ bin, folder, servers, close }: Live, signer: Authority): ControlPlane {
  const { server, admin } = servers
  const { ca } = signer
  const plane: ControlPlane = {
    url: server,
    ca,
    kubeconfig: join(folder, 'admin.kubeconfig'),
    admin,
    async user(name, groups = []) {
      const subject = [...groups.map(group => `/O=${group}`), `/CN=${name}`].join('')
      return { server, ca, ...(await signer.issue(subject)) }
    },
    async token(namespace, serviceAccount, seconds = 3600) {
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`
      const { status, body } = await plane.rest().request('POST', path, {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: seconds },
      })
      if (status !== 201) throw new Error(`no token for ${namespace}/${serviceAccount}: ${JSON.stringify(body)}`)
      return (body['status'] as { token: string }).token
    },
    account: async (namespace, name) => ({ server, ca, token: await plane.token(namespace, name) }),
    kubectl: (args, input, as = admin) => kubectl(join(bin, 'kubectl'), as, args, input),
    rest(as = admin) {
      const client = rest(as)
      close.push(() => client.close())
      return client
    },
    async kubelet(options) {
      const kubelet = await playPods(plane.rest(), options)
      close.push(() => kubelet.stop())
      return kubelet
    },
  }
  return plane
}

/**
 * Starts a control plane of one's own; a few seconds. Throws with the reason where there are no binaries, and when a part does not come up.
 *
 * @slow API server and etcd have to start, and what is tried on them takes as long as they take
 */
export async function controlPlane(options: Options = {}): Promise<OwnControlPlane> {
  const found = locate()
  if ('reason' in found) throw new Error(found.reason)
  const folder = await mkdtemp(join(tmpdir(), 'bartizan-controlplane-'))
  const signer = await authority(folder)
  const servers = await startServers({ bin: found.folder, folder, authority: signer }, options.flags ?? [])
  const live: Live = { bin: found.folder, folder, servers, close: [] }
  const own: OwnControlPlane = {
    ...handleOf(live, signer),
    kill: () => servers.apiserver().kill(),
    restart: () => servers.startApiserver(),
    freeze: () => servers.apiserver().signal('SIGSTOP'),
    thaw: () => servers.apiserver().signal('SIGCONT'),
    async compact() {
      const post = (path: string, body: object) =>
        fetch(`${servers.etcd}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })
      const range = (await (await post('kv/range', { key: 'AA==' })).json()) as { header: { revision: string } }
      await post('kv/compaction', { revision: range.header.revision, physical: true })
    },
    async stop() {
      for (const close of live.close) close()
      await servers.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
  try {
    await writeFile(own.kubeconfig, kubeconfigOf(own.admin), { mode: 0o600 })
    if (options.crds === true) await applyCrds(own)
    if (options.controllers === true) await servers.startControllers(options.endpoints)
    if ((options.nodes ?? 0) > 0) await own.kubelet({ nodes: options.nodes ?? 1 })
    return own
  } catch (error) {
    await own.stop()
    throw error
  }
}
