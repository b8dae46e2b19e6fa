import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ControlPlane } from '../controlplane/index.ts'
import type { Json } from '../controlplane/rest.ts'
import type { Plan, Pod } from '../controlplane/kubelet.ts'
import { gatewayFlags } from '../../gateway/config/flags.ts'
import { keep } from '../minted.ts'

/** A real gateway that answers for a pod whose containers do not run. */
export type PodGateway = {
  readonly pod: Pod
  readonly address: string
  /** Times at which its mounts were brought up to date because of an annotation. */
  readonly touches: number[]
  /** Its kubelet does not bring anything up to date, and makes up for it when it is told the next time. */
  ignoresTouches: boolean
  freeze(): void
  thaw(): void
  kill(): Promise<void>
}

type Volume = { name: string; configMap?: { name: string }; secret?: { secretName: string } }

const main = join(import.meta.dirname, '../../gateway/main.ts')
let addresses = 0

/**
 * Runs a real gateway for each pod of a namespace, with the mounts that the pod names, on an address of its own. Like a kubelet it brings mounts up to date at
 * once when an annotation of the pod changes, and otherwise not for as long as a test takes.
 */
export class PodGateways {
  readonly running = new Map<string, PodGateway>()
  readonly #plane: ControlPlane
  readonly #root = mkdtempSync(join(tmpdir(), 'bartizan-pods-'))
  readonly #stopped = new AbortController()
  readonly #children = new Set<ChildProcess>()

  constructor(plane: ControlPlane) {
    this.#plane = plane
  }

  /** For the fake kubelet. */
  readonly plan = async (pod: Pod): Promise<Plan> => {
    const { uid } = pod.metadata
    const ip = `127.0.77.${++addresses}`
    const folder = join(this.#root, uid)
    const refresh = (): Promise<void> => this.#mount(pod, folder)
    await refresh()
    const args = ['--pod', '--config', join(folder, 'config'), '--state', join(folder, 'state')]
    const ports = ['--listen', `${ip}:18080`, '--admin', `${ip}:18081`, '--metrics', `${ip}:9090`]
    const drain = ['--guard', join(folder, 'guard', 'guard'), '--drain-settle', '1ms']
    const child = spawn(process.execPath, [...gatewayFlags(), main, ...args, ...ports, ...drain], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], POD_UID: uid },
    })
    this.#children.add(child)
    let said = ''
    const listening = Promise.withResolvers<void>()
    const hear = (chunk: Buffer): void => {
      said += chunk.toString()
      if (said.includes('"listening"')) listening.resolve()
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    const gone = once(child, 'exit').then(() => {
      keep('log', 'gateway of a pod', said)
      listening.reject(new Error(`the gateway ended: ${said}`))
    })
    await listening.promise
    const gateway: PodGateway = {
      pod,
      address: ip,
      touches: [],
      ignoresTouches: false,
      freeze: () => void child.kill('SIGSTOP'),
      thaw: () => void child.kill('SIGCONT'),
      async kill() {
        child.kill('SIGKILL')
        await gone
      },
    }
    this.running.set(uid, gateway)
    this.#follow(gateway, refresh)
    return {
      ip,
      ended: async () => {
        this.running.delete(uid)
        child.kill('SIGCONT')
        await gateway.kill()
      },
    }
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    for (const child of this.#children) child.kill('SIGKILL')
    const alive = [...this.#children].filter(child => child.exitCode === null && child.signalCode === null)
    await Promise.all(alive.map(child => once(child, 'exit')))
    rmSync(this.#root, { recursive: true, force: true })
  }

  #follow(gateway: PodGateway, refresh: () => Promise<void>): void {
    const { namespace, name, annotations } = gateway.pod.metadata
    let last = JSON.stringify(annotations ?? {})
    const seen = ({ object }: { readonly object: Json }): void => {
      const now = JSON.stringify((object['metadata'] as { annotations?: object } | undefined)?.annotations ?? {})
      if (now === last) return
      last = now
      if (gateway.ignoresTouches) return
      gateway.touches.push(Date.now())
      void refresh().catch(() => {})
    }
    const path = `/api/v1/namespaces/${namespace}/pods?watch=1&fieldSelector=metadata.name=${name}`
    void this.#plane
      .rest()
      .watch(path, seen, this.#stopped.signal)
      .catch(() => {})
  }

  /** Each volume as a folder whose content is swapped by one rename, as the kubelet does it. */
  async #mount(pod: Pod, folder: string): Promise<void> {
    const { namespace } = pod.metadata
    for (const volume of (pod.spec as { volumes?: Volume[] }).volumes ?? []) {
      const files = await this.#files(namespace, volume)
      if (files) swap(join(folder, volume.name), files)
    }
  }

  async #files(namespace: string, { configMap, secret }: Volume): Promise<Record<string, Buffer> | undefined> {
    const path = configMap ? `configmaps/${configMap.name}` : secret ? `secrets/${secret.secretName}` : undefined
    if (path === undefined) return undefined
    const { status, body } = await this.#plane.rest().request('GET', `/api/v1/namespaces/${namespace}/${path}`)
    if (status !== 200) throw new Error(`${path}: ${status}`)
    const data = Object.entries((body['data'] ?? {}) as Record<string, string>)
    return Object.fromEntries(data.map(([key, value]) => [key, Buffer.from(value, secret ? 'base64' : 'utf8')]))
  }
}

let versions = 0

function swap(folder: string, files: Readonly<Record<string, Buffer>>): void {
  const version = `..version-${++versions}`
  mkdirSync(join(folder, version), { recursive: true })
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, version, name), content)
    try {
      readFileSync(join(folder, name))
    } catch {
      symlinkSync(join('..data', name), join(folder, name))
    }
  }
  symlinkSync(version, join(folder, '..data_tmp'))
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
}
