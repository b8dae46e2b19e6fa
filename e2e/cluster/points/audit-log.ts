import { spawnSync } from 'node:child_process'
import { root } from '../program.ts'
import { podsOf } from '../server-fixture.ts'
import { demand, type Stage } from '../stage.ts'

/** What `bartizan audit` says of a log that comes by standard input. */
function audit(log: string, ...args: readonly string[]): string {
  const command = ['cli/bartizan.ts', 'audit', ...args, '--file', '-']
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: root, input: log, encoding: 'utf8' })
  demand(status === 0, `audit ${args.join(' ')}: ${stdout}${stderr}`)
  return stdout + stderr
}

async function read(stage: Stage, namespace: string, name: string): Promise<string> {
  const [pod = ''] = await podsOf(stage, namespace, name)
  const log = await stage.kubectl.ok(['logs', '-n', namespace, pod, '-c', 'gateway', '--timestamps'])
  const said =
    audit(log, 'verify')
      .split('\n')
      .find(line => line.includes('consistent')) ?? 'nothing'
  const refused = /"decision":"(d-[^"]+)"[^\n]*"code":"Unauthenticated"/.exec(log)?.[1]
  demand(refused !== undefined, `the caller without a key is not in it; ${said}`)
  demand(audit(log, 'show', refused).includes('refused: Unauthenticated'), `${refused} is not shown`)
  return said.replace(/:.*/, '')
}

/** The audit log of a gateway as `kubectl logs` shows it, after a call that was let through and one without a key. */
export async function auditLog(stage: Stage, namespace: string, name: string): Promise<void> {
  const what = 'kubectl logs has its audit lines, consistent, and a refusal can be looked up in them'
  await stage.row(what, () => read(stage, namespace, name))
}
