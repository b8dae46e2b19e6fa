import { join } from 'node:path'
import type { ControlPlane } from '../controlplane/index.ts'
import { operatorRoles, without } from './grants.ts'
import { root } from './files.ts'

async function run(plane: ControlPlane, args: readonly string[], input?: string): Promise<void> {
  const { status, stderr } = await plane.kubectl(args, input)
  if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`)
}

/** Takes one verb away from the operator, if the environment names one: how hack/rbac/necessity.ts finds out that each is needed. */
async function takeAway(plane: ControlPlane): Promise<void> {
  const grant = process.env['BARTIZAN_WITHOUT']
  if (grant === undefined) return
  const roles = operatorRoles().map(role => without(role, grant))
  await run(plane, ['replace', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: roles }))
}

/** Installs what `kubectl apply -k config/default` installs, and makes a namespace for a team. */
export async function install(plane: ControlPlane, namespace: string): Promise<void> {
  await run(plane, ['apply', '-k', join(root, 'config/default')])
  await run(plane, ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s'])
  await takeAway(plane)
  await run(plane, ['create', 'namespace', namespace])
}

/** Makes an object, or throws what the API server says. */
export async function create(plane: ControlPlane, path: string, body: object): Promise<void> {
  const answer = await plane.rest().request('POST', path, body)
  if (answer.status !== 201) throw new Error(`POST ${path}: ${JSON.stringify(answer.body)}`)
}
