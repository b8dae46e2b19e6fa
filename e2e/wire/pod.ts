import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { operatorToken, statusKey, type Guards } from '../../gateway/config/guard.ts'
import { readReport, type Report } from '../../gateway/config/report.ts'
import { testServer } from './gateway.ts'
import { startProcess, type GatewayProcess } from './process.ts'

type Files = Readonly<Record<string, string | Buffer>>

/**
 * Writes a folder as the kubelet mounts a ConfigMap or a Secret: the files in a folder of their own, a link `..data` to it that is replaced by a
 * rename, and a link through it for each file.
 */
export function mounted(folder: string, files: Files): void {
  mkdirSync(folder, { recursive: true })
  const stamp = `..${randomBytes(4).toString('hex')}`
  mkdirSync(join(folder, stamp))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, stamp, name), content)
  const before = linked(folder)
  symlinkSync(stamp, join(folder, '..data_tmp'))
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  for (const name of Object.keys(files)) {
    rmSync(join(folder, name), { force: true })
    symlinkSync(join('..data', name), join(folder, name))
  }
  if (before !== undefined) rmSync(join(folder, before), { recursive: true })
}

function linked(folder: string): string | undefined {
  try {
    return readlinkSync(join(folder, '..data'))
  } catch {
    return undefined
  }
}

/** The server of the same pod. */
export const podServer = (url: string, more: Parameters<typeof testServer>[2] = {}): ReturnType<typeof testServer> =>
  testServer('one', url, { upstream: { http: { url, pod: true } }, ...more })

export type Pod = GatewayProcess & {
  readonly folder: string
  /** Swaps what is mounted, as the kubelet does. */
  mount(what: 'config' | 'guard' | 'tls', files: Files): void
  /** A page of the admin port. */
  admin(path: string, headers?: Record<string, string>): Promise<{ readonly status: number; readonly text: string }>
  /** What the gateway reports to its operator, or why that is not believed. */
  report(guard?: Buffer): Promise<{ readonly report: Report } | { readonly error: string }>
}

export type PodOptions = {
  readonly name: string
  /** Files of the configuration; some name others below the folder of this pod. */
  readonly config: Files | ((folder: string) => Files)
  readonly guards: Guards
  readonly tls?: Files
  readonly args?: readonly string[]
  /** The program; the sources unless it says otherwise. */
  readonly program?: string
}

/** The files of a guard Secret. */
export const guardFiles = ([current, previous]: Guards): Files => ({
  guard: current,
  ...(previous === undefined ? {} : { previous }),
})

/** Starts the gateway process as in a pod, on ports that the system picks. */
export async function startPod({ name, config, guards, tls, args = [], program }: PodOptions): Promise<Pod> {
  const folder = mkdtempSync(join(tmpdir(), 'bartizan-pod-'))
  const mount: Pod['mount'] = (what, files) => mounted(join(folder, what), files)
  mount('config', typeof config === 'function' ? config(folder) : config)
  mount('guard', guardFiles(guards))
  if (tls) mount('tls', tls)
  const ports = ['--listen', ':0', '--admin', ':0', '--metrics', ':0']
  const mounts = ['--config', join(folder, 'config'), '--guard', join(folder, 'guard/guard')]
  const running = await startProcess({
    args: ['--pod', ...ports, ...mounts, ...args],
    state: join(folder, 'state'),
    name,
    env: { POD_UID: 'pod-uid' },
    ...(program === undefined ? {} : { program }),
  })
  const admin: Pod['admin'] = async (path, headers = {}) => {
    const res = await fetch(`${running.adminUrl.replace('0.0.0.0', '127.0.0.1')}${path}`, { headers })
    return { status: res.status, text: await res.text() }
  }
  return {
    ...running,
    url: running.url.replace('0.0.0.0', '127.0.0.1'),
    folder,
    mount,
    admin,
    async report(guard = guards[0]) {
      const nonce = randomBytes(16).toString('base64url')
      const headers = { authorization: `Bearer ${operatorToken(guard)}`, 'x-bartizan-nonce': nonce }
      return readReport((await admin('/-/status', headers)).text, statusKey(guard), nonce)
    },
  }
}
