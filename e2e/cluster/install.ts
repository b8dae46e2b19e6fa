import type { Kubectl } from './kubectl.ts'
import { demand, eventually } from './stage.ts'

export const system = 'bartizan-system'

/** Installs as the README says; resolves when the operator is available. */
export async function install(kubectl: Kubectl): Promise<string> {
  const before = await kubectl.run(['get', 'deployment', '-n', system, 'bartizan-operator'])
  const began = performance.now()
  await kubectl.ok(['apply', '-k', 'config/default'])
  // An operator that was there before may run an older image of the same name.
  if (before.status === 0) await kubectl.ok(['rollout', 'restart', '-n', system, 'deployment/bartizan-operator'])
  await kubectl.ok(['rollout', 'status', '-n', system, 'deployment/bartizan-operator', '--timeout=120s'])
  return `available ${((performance.now() - began) / 1000).toFixed(1)} s after apply`
}

/** Runs something while no operator does anything, neither the one at work nor the one that waits. */
export async function withoutOperator<T>(kubectl: Kubectl, run: () => Promise<T>): Promise<T> {
  const scale = (replicas: number): Promise<string> =>
    kubectl.ok(['scale', '-n', system, 'deployment/bartizan-operator', `--replicas=${replicas}`])
  await scale(0)
  try {
    await kubectl.run(['wait', '-n', system, 'pod', '--all', '--for=delete', '--timeout=60s'])
    return await run()
  } finally {
    await scale(2)
    await kubectl.ok(['rollout', 'status', '-n', system, 'deployment/bartizan-operator', '--timeout=120s'])
  }
}

/** Removes everything again; throws with what still hangs when something does. */
export async function uninstall(kubectl: Kubectl): Promise<string> {
  const began = performance.now()
  const gone = await kubectl.run(['delete', '-k', 'config/default', '--ignore-not-found', '--timeout=120s'])
  demand(gone.status === 0, gone.stderr)
  await eventually(async () => {
    const found = await kubectl.ok(['get', 'crd,namespaces,clusterroles,clusterrolebindings', '-o', 'name'])
    const left = found
      .split('\n')
      .filter(name => /mcp\.gateway\.io|bartizan/.test(name) && !/\/e2e-|bartizan-test/.test(name))
    demand(left.length === 0, `still there: ${left.join(' ')}`)
  }, 60_000)
  return `nothing left after ${((performance.now() - began) / 1000).toFixed(1)} s`
}
