import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { kubeconfigOf, type Credentials } from './credentials.ts'

export type Ran = { readonly status: number | null; readonly stdout: string; readonly stderr: string }

/** Runs kubectl with these credentials; does not block the event loop, since operators under test live on it. `input` is its standard input. */
export async function kubectl(file: string, as: Credentials, args: readonly string[], input = ''): Promise<Ran> {
  const home = await mkdtemp(join(tmpdir(), 'bartizan-kubectl-'))
  try {
    await writeFile(join(home, 'config'), kubeconfigOf(as), { mode: 0o600 })
    const env = { PATH: process.env['PATH'], HOME: home, KUBECONFIG: join(home, 'config') }
    const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
    child.stdin.on('error', () => {}) // it may end without having read everything
    child.stdin.end(input)
    const [stdout, stderr, [status]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number | null]>,
    ])
    return { status, stdout, stderr }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}
